"""docs/how-to/add-a-field.md, done: at most three files, and both releases take each other's lines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.evolution.next_release import ROOT, make, run
from tests.rows import CSV_ROW

ROW = {column: value for column, value in CSV_ROW.items() if column != "trans_num"}
NEW = {"device_id": "pos-17", "loyalty_points": "120"}
ROWS = [ROW, ROW | {"amt": "1.00"} | NEW, ROW | {"amt": "2.00", "device_id": " ", "loyalty_points": ""}]
HEADER = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"


def through(folder: Path, rows: list[Any], lines: list[str]) -> dict[str, Any]:
    given = json.dumps({"rows": rows, "lines": lines})
    found: dict[str, Any] = json.loads(run(folder, "-m", "tests.evolution.through", given=given))
    return found


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    folder = tmp_path_factory.mktemp("next")
    return folder, make(folder)


@pytest.fixture(scope="module")
def before() -> dict[str, Any]:
    return through(ROOT, [{k: v for k, v in row.items() if k not in NEW} for row in ROWS], [])


@pytest.fixture(scope="module")
def after(release: tuple[Path, list[str]], before: dict[str, Any]) -> dict[str, Any]:
    traced = f'{before["made"][0][:-1]},"{HEADER}"]'.replace("41.07", "3.00").replace(before["ids"][0], "traced")
    return through(release[0], ROWS, [*before["made"], traced])


def test_it_touches_at_most_three_files_and_one_is_the_migration(release: tuple[Path, list[str]]) -> None:
    print("files touched:", *release[1])
    assert len(release[1]) <= 3
    assert [name for name in release[1] if name.startswith("redshift/migrations/")]


def test_derived_ids_are_the_same_before_and_after(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert after["ids"] == before["ids"]


def test_new_rows_are_in_every_store_with_their_values_and_old_ones_with_the_default(after: dict[str, Any]) -> None:
    values = [(None, None), ("pos-17", 120), (None, None)]
    for store in ("table", "lake"):
        assert [(row["device_id"], row["loyalty_points"]) for row in after[store]][:3] == values
        assert {(row["device_id"], row["loyalty_points"]) for row in after[store][3:]} == {(None, None)}
    parquet = [(row["device_id"], row["loyalty_points"]) for row in after["parquet"]]
    assert parquet[:3] == [("None", "None"), ("pos-17", "120"), ("None", "None")]


def test_the_warehouse_has_each_once_and_a_trace_is_no_field(before: dict[str, Any], after: dict[str, Any]) -> None:
    rows = {row["transaction_id"]: row for row in after["warehouse"]}
    assert rows.keys() == {*before["ids"], "traced"}
    assert (rows["traced"]["device_id"], rows["traced"]["loyalty_points"]) == ("None", "None")


def test_the_release_before_takes_the_known_fields_of_new_lines(before: dict[str, Any], after: dict[str, Any]) -> None:
    behind = through(ROOT, [], after["made"])
    assert behind["table"] == before["table"]
    assert behind["lake"] == before["lake"]
    assert [row["transaction_id"] for row in behind["warehouse"]] == sorted(before["ids"])


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"device_id": "x" * 65}, "has 65 characters: expected at most 64"),
        ({"loyalty_points": "1.5"}, "is not written as a whole number: expected a whole number, e.g. 120"),
        ({"device_id": "4111 1111 1111 1111"}, "holds a card number"),
    ],
)
def test_a_wrong_value_of_a_new_field_is_refused_in_words(
    release: tuple[Path, list[str]], changes: dict[str, str], says: str
) -> None:
    program = (
        "import json, sys; from shared.transaction.model import parse_many; from tests.rows import CARD_KEYS, NOW\n"
        "print(parse_many([json.load(sys.stdin)], CARD_KEYS, NOW)[0].errors)"
    )
    assert says in run(release[0], "-c", program, given=json.dumps(ROW | changes))
