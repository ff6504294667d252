"""`swipeline score`: a file's scores are those of training on the same rows; the lake's those of the file."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws
from typer.testing import CliRunner

from client.aws import Stage
from client.cli import app
from client.errors import ClientError
from client.score.run import load_model
from client.simulator import Settings, batches, write
from fraud.evaluate import score as training_scores
from fraud.history import read
from fraud.labelled import Knowledge
from fraud.model import SHIPPED, load, serialize
from shared.transaction.model import parse_transaction
from tests.unit.fakes.lake import object_body
from tests.unit.fakes.rows import CARD_KEYS

ROWS = 2_000


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("score") / "rows.csv"
    write(batches(Settings.of(rows=ROWS, seed=5, customers=20, fraud_rate=0.02)), str(path), "csv")
    return path


def scores(text: str) -> dict[str, tuple[float, bool]]:
    return {r["transaction_id"]: (float(r["score"]), r["is_alert"] == "1") for r in csv.DictReader(io.StringIO(text))}


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as source:
        return [{n: v for n, v in row.items() if n not in ("", "unix_time")} for row in csv.DictReader(source)]


def test_a_files_scores_are_those_of_training(file: Path) -> None:
    done = CliRunner().invoke(app, ["score", str(file)])
    assert done.exit_code == 0, done.stderr
    got = scores(done.stdout)
    model, (history,) = load(), read(file)
    expected, _ = training_scores(model, history, Knowledge(blind=1.0))
    ordered = sorted(rows_of(file), key=lambda row: (row["trans_date_trans_time"], row["trans_num"]))
    assert len(got) == ROWS
    for row, score in zip(ordered, expected.tolist(), strict=True):
        assert got[row["trans_num"]] == (score, score >= model.threshold)


def test_history_from_before_warms_the_cards(file: Path, tmp_path: Path) -> None:
    lines = file.read_text().splitlines(keepends=True)
    early, late = tmp_path / "early.csv", tmp_path / "late.csv"
    early.write_text("".join(lines[: ROWS // 2]))
    late.write_text("".join([lines[0], *lines[ROWS // 2 :]]))
    whole = scores(CliRunner().invoke(app, ["score", str(file)]).stdout)
    parts = scores(CliRunner().invoke(app, ["score", str(late), "--before", str(early)]).stdout)
    assert parts == {key: whole[key] for key in parts}
    assert scores(CliRunner().invoke(app, ["score", str(late)]).stdout) != parts


def test_a_bad_row_is_named_and_the_rest_is_scored(file: Path, tmp_path: Path) -> None:
    lines = file.read_text().splitlines(keepends=True)[:4]
    bad = tmp_path / "bad.csv"
    bad.write_text("".join([*lines, lines[-1].replace("2025", "soon", 1)]))
    done = CliRunner().invoke(app, ["score", str(bad)])
    assert done.exit_code == 2
    assert len(scores(done.stdout)) == 3
    assert "line 5: trans_date_trans_time" in done.stderr


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="lake")
        monkeypatch.setattr(Stage, "client", lambda _self, _service: s3)
        monkeypatch.setattr(Stage, "output", lambda _self, _key: "lake")
        yield Stage("local")


def test_the_lakes_scores_are_the_files_however_its_objects_overlap(file: Path, stage: Stage, tmp_path: Path) -> None:
    transactions = [parse_transaction(row, CARD_KEYS) for row in rows_of(file)]
    s3 = stage.client("s3")
    for day, part in (("2026-11-22", transactions[1200:]), ("2026-11-23", transactions[:1300]), ("2026-11-25", [])):
        key = f"transactions/ingest_date={day}/shard-1.ndjson.gz"
        s3.put_object(Bucket="lake", Key=key, Body=object_body(part))
    out = tmp_path / "scores.csv"
    done = CliRunner().invoke(app, ["score", "--from", "2026-11-22", "--to", "2026-11-24", "--out", str(out)])
    assert done.exit_code == 0, done.stderr
    assert scores(out.read_text()) == scores(CliRunner().invoke(app, ["score", str(file)]).stdout)


def test_a_file_or_days_and_a_model_that_is_one(file: Path) -> None:
    assert CliRunner().invoke(app, ["score"]).exit_code == 1
    assert CliRunner().invoke(app, ["score", str(file), "--model", str(file)]).exit_code == 1


@pytest.mark.parametrize("body", [b"no gzip", b"", object_body([])[:-6], gzip.compress(b"{}\n", mtime=0)])
def test_an_object_of_the_lake_that_cannot_be_read_is_named(stage: Stage, body: bytes) -> None:
    stage.client("s3").put_object(Bucket="lake", Key="transactions/ingest_date=2026-11-22/x.ndjson.gz", Body=body)
    done = CliRunner().invoke(app, ["score", "--from", "2026-11-22", "--to", "2026-11-24"])
    if body:
        assert isinstance(done.exception, ClientError)
        assert "s3://lake/transactions/ingest_date=2026-11-22/x.ndjson.gz" in str(done.exception)


@pytest.mark.parametrize("threshold", [int("9" * 4000), -1, 2, True, "0.5", None, [], {}])
def test_a_model_with_a_threshold_that_is_none_is_refused(threshold: object, tmp_path: Path) -> None:
    document = json.loads(SHIPPED.read_bytes())
    del document["sha256"]
    path = tmp_path / "model.json"
    path.write_bytes(serialize(document | {"threshold": threshold}))
    with pytest.raises(ClientError, match="is not a model"):
        load_model(path)


def test_a_folder_and_an_archive_are_scored_like_the_file(file: Path, tmp_path: Path) -> None:
    header, *lines = file.read_text().splitlines()
    folder = tmp_path / "parts"
    folder.mkdir()
    parts = {"a.csv": lines[:700], "b.csv": lines[700:]}
    with zipfile.ZipFile(tmp_path / "parts.zip", "w") as archive:
        for name, part in parts.items():
            (folder / name).write_text("\n".join([header, *part]) + "\n")
            archive.write(folder / name, name)
    expected = CliRunner().invoke(app, ["score", str(file)])
    for given in (folder, tmp_path / "parts.zip"):
        done = CliRunner().invoke(app, ["score", str(given)])
        assert (done.exit_code, scores(done.stdout)) == (0, scores(expected.stdout)), done.stderr


def test_a_warning_is_no_rejected_row(file: Path, tmp_path: Path) -> None:
    lines = file.read_text().splitlines()
    at = lines[0].split(",").index("cc_num")
    cells = next(csv.reader([lines[9]]))
    cells[at] = "4140028452961520"  # a spreadsheet keeps 15 digits
    lines[9] = ",".join(f'"{cell}"' for cell in cells)
    target = tmp_path / "rows.csv"
    target.write_text("\n".join(lines) + "\n")
    done = CliRunner().invoke(app, ["score", str(target)])
    assert "rounded to 15 digits" in done.stderr
    assert "0 rows rejected" in done.stderr
    assert done.exit_code == 0
