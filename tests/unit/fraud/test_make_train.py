"""`make train`, as the runbook gives it: labels, verdicts over them, a model that loads, a card that reports both."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from client.simulator import Settings, batches, write
from fraud.history import read
from fraud.labels import HistoryError, read_verdicts
from fraud.model import load

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("make") / "history.csv"
    write(batches(Settings.of(rows=6_000, seed=3, customers=40, days=60, fraud_rate=0.05)), str(path), "csv")
    return path


def verdict_file(path: Path, *rows: tuple[str, str]) -> Path:
    path.write_text("".join(f"{number},{said}\n" for number, said in (("transaction_id", "verdict"), *rows)))
    return path


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_make_train_makes_a_model_and_its_card(data: Path, tmp_path: Path) -> None:
    verdicts = verdict_file(tmp_path / "v.csv", (rows_of(data)[0]["trans_num"], "fraud"), ("another", "genuine"))
    asked = [f"DATA={data}", f"OUT={tmp_path}", "NAME=small", "PRECISION=.9", f"VERDICTS={verdicts}"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    # What make would run, without the set-up before it, which must not change the environment of running tests.
    recipe = subprocess.run(["make", "-n", "train", *asked], cwd=ROOT, env=kept, capture_output=True, text=True)
    (command,) = (line for line in recipe.stdout.splitlines() if line.startswith("swipeline train"))
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, env=kept | {"PATH": path}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    model, card = load(tmp_path / "small.json"), json.loads((tmp_path / "small.card.json").read_text())
    assert (card["version"], card["rows"], card["precision"]) == (model.version, 6_000, 0.9)
    assert {name: card["verdicts"][name] for name in ("given", "applied", "changed")} == {
        "given": 2,
        "applied": 1,
        "changed": 1,
    }
    page = (tmp_path / "small.card.md").read_text()
    for part in ("Verdicts", "Importance", "Calibration", "Threshold", "Segments", "Limits"):
        assert part in page


def test_verdicts_count_before_labels_and_rows_with_neither_are_genuine(data: Path, tmp_path: Path) -> None:
    rows = rows_of(data)[:1000]
    said = [(row["trans_num"], "genuine") for row in rows if row["is_fraud"] == "1"][:5]
    said.append((rows[0]["trans_num"], "fraud"))
    unlabelled = tmp_path / "unlabelled.csv"
    for row in rows[::2]:
        row["is_fraud"] = ""
    with unlabelled.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    with pytest.raises(HistoryError, match="unlabelled"):
        read(unlabelled)
    verdicts = read_verdicts(verdict_file(tmp_path / "v.csv", *said))
    (history,) = read(unlabelled, verdicts=verdicts)
    left = {row["trans_num"] for row in rows if row["is_fraud"] == "1"}
    left = left - {number for number, _ in said[:5]} | {rows[0]["trans_num"]}
    assert history.fraud.sum() == len(left)
    assert verdicts.applied == 6


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a,b\n1,2\n", "lacks the columns"),
        ("transaction_id,verdict\nx,maybe\n", "line 2: a verdict is fraud or genuine"),
    ],
)
def test_a_file_of_verdicts_that_is_none_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "v.csv"
    path.write_text(text)
    with pytest.raises(HistoryError, match=reason):
        read_verdicts(path)
