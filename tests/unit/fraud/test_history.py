"""Reading labelled history: both formats, order, and that training sees what the stream sees."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from client.simulator import Settings, batches, write
from fraud.event import event_of
from fraud.history import HistoryError, read
from shared.card_keys.ring import CardKeys
from shared.transaction.model import parse_many
from shared.transaction.schema import Transaction


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    directory = tmp_path_factory.mktemp("history")
    settings = Settings.of(rows=600, seed=5, customers=20, days=12, fraud_rate=0.02)
    for kind in ("csv", "parquet"):
        write(batches(settings), str(directory / f"sim.{kind}"), kind)
    return {kind: directory / f"sim.{kind}" for kind in ("csv", "parquet")}


def test_csv_and_parquet_give_the_same_events(files: dict[str, Path]) -> None:
    from_csv, from_parquet = (read(files[kind])[0] for kind in ("csv", "parquet"))
    assert list(from_csv.replay()) == list(from_parquet.replay())
    assert from_csv.fraud.sum() == from_parquet.fraud.sum() == 12
    assert from_csv.sha256 != from_parquet.sha256


def test_an_event_of_history_is_the_event_of_the_transaction_on_the_stream(files: dict[str, Path]) -> None:
    table = pa_csv.read_csv(
        files["csv"],
        convert_options=pa_csv.ConvertOptions(column_types=dict.fromkeys(_names(files["csv"]), pa.string())),
    )
    parsed = parse_many(table.to_pylist(), CardKeys.of(b"k" * 32), datetime(2030, 1, 1, tzinfo=UTC))
    transactions = [t for t in parsed if isinstance(t, Transaction)]
    assert len(transactions) == 600
    on_stream = sorted((t.occurred_at, t.transaction_id, event_of(t)) for t in transactions)
    (history,) = read(files["csv"])
    assert [event for *_, event in history.replay()] == [event for *_order, event in on_stream]


def test_rows_come_in_order_of_time_whatever_their_order_in_the_file(files: dict[str, Path], tmp_path: Path) -> None:
    table = pq.read_table(files["parquet"])
    shuffled = tmp_path / "shuffled.parquet"
    pq.write_table(table.take(list(range(table.num_rows))[::-1]), shuffled)
    assert list(read(shuffled)[0].replay()) == list(read(files["parquet"])[0].replay())


def test_a_card_has_the_same_number_in_files_read_together(files: dict[str, Path]) -> None:
    first, second = read(files["csv"], files["parquet"])
    assert first.card.tolist() == second.card.tolist()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.drop_columns(["is_fraud", "amt"]), "lacks the columns amt, is_fraud"),
        (lambda t: t.slice(0, 0), "no rows"),
        (lambda t: _with(t, "is_fraud", [2] * t.num_rows), "0 or 1"),
        (lambda t: _with(t, "is_fraud", [None] * t.num_rows), "without a value in is_fraud"),
        (lambda t: _with(t, "dob", ["yesterday"] * t.num_rows), "sim.parquet"),
    ],
)
def test_a_file_that_cannot_be_learned_from_is_refused(
    files: dict[str, Path], tmp_path: Path, change: object, said: str
) -> None:
    target = tmp_path / "sim.parquet"
    pq.write_table(change(pq.read_table(files["parquet"])), target)  # type: ignore[operator]
    with pytest.raises(HistoryError, match=said):
        read(target)


def _with(table: pa.Table, name: str, values: list[object]) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, pa.array(values))


def _names(path: Path) -> list[str]:
    with path.open() as file:
        return file.readline().strip().replace('"', "").split(",")
