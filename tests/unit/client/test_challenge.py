"""A challenger is trained on what a stage stored, when it is due, and measured beside the champion on later time."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from client.cli import app
from client.errors import ClientError
from client.model import challenge as challenging
from client.model import stored
from client.model.exchange import NOTES, PARTS, promote
from client.simulator import Settings, batches, write
from fraud.history import History, read
from fraud.model import SHIPPED, load
from fraud.train import Options

pytest.importorskip("lightgbm")
OPTIONS = Options(precision=0.9, threads=1, ablate=False)


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    path = tmp_path_factory.mktemp("challenge") / "rows.parquet"
    write(batches(Settings.of(rows=8_000, seed=3, customers=150, days=60, fraud_rate=0.08)), str(path), "parquet")
    return read(path)[0]


@pytest.fixture
def models(tmp_path: Path) -> Path:
    for part in PARTS:
        shutil.copyfile(SHIPPED.with_name(SHIPPED.stem + part), tmp_path / f"swipeline{part}")
    return tmp_path


def test_a_challenger_learns_from_the_earlier_part_and_can_be_promoted(history: History, models: Path) -> None:
    champion, challenger = models / "swipeline.json", models / "challenger.json"
    both = challenging.challenge(history, "stage local", OPTIONS, "ann", challenger, champion)
    model = load(challenger)
    assert both["challenger"].version == model.version
    assert both["champion"].version == load(champion).version
    later = json.loads((models / "challenger.card.json").read_text())["test"]["rows"]
    assert 0 < later < len(history) / 2
    assert model.about["rows"] == len(history) - later
    note: dict[str, Any] = json.loads((models / NOTES).read_text().splitlines()[-1])
    assert (note["what"], note["by"], note["challenger"]) == ("trained", "ann", model.version)
    assert promote(challenger, "ann", champion) == model.version


def test_a_history_without_frauds_is_refused_and_nothing_is_written(history: History, models: Path) -> None:
    genuine = history.where(history.fraud == 0)
    with pytest.raises(ClientError, match="0 frauds"):
        challenging.challenge(genuine, "x", OPTIONS, "ann", models / "challenger.json", models / "swipeline.json")
    assert not (models / "challenger.json").exists()


def test_a_challenger_is_due_when_there_is_none_or_it_is_old_enough(models: Path) -> None:
    challenger = models / "challenger.json"
    assert challenging.seconds_until_due(7, challenger=challenger) == 0
    for part in PARTS:
        (models / f"challenger{part}").write_text("x")
    written = (models / "challenger.card.md").stat().st_mtime
    assert challenging.seconds_until_due(7, written + 6 * 86_400, challenger) == 86_400
    assert challenging.seconds_until_due(7, written + 7 * 86_400, challenger) == 0


def test_the_command_trains_when_due_and_compares_on_what_the_challenger_has_not_seen(
    history: History, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    champion, challenger = models / "swipeline.json", models / "challenger.json"
    calls = []

    def read_stage(*given: object) -> History:
        calls.append(given)
        return history

    def challenge(*given: Any) -> Any:
        return challenging.__dict__["_challenge"](*given, challenger, champion)

    monkeypatch.setattr(stored, "read_stage", read_stage)
    monkeypatch.setattr(challenging, "_challenge", challenging.challenge, raising=False)
    monkeypatch.setattr(challenging, "challenge", challenge)
    monkeypatch.setattr(challenging, "seconds_until_due", lambda _: 86_400.0 * challenger.exists())
    first = CliRunner().invoke(app, ["model", "challenge", "--every", "7", "--precision", "0.9", "--json"])
    assert first.exit_code == 0, first.output
    again = CliRunner().invoke(app, ["model", "challenge", "--every", "7"])
    assert (again.exit_code, "nothing to do" in again.stderr, len(calls)) == (0, True, 1)
    compared = CliRunner().invoke(app, ["model", "compare", str(challenger), "--json"])
    assert compared.exit_code == 0, compared.output
    trained, later = json.loads(first.stdout), json.loads(compared.stdout)
    assert later["challenger"]["version"] == trained["challenger"]["version"]
    assert later["challenger"]["average_precision"] == pytest.approx(
        trained["challenger"]["average_precision"], abs=0.01
    )


def test_an_endless_run_needs_a_schedule() -> None:
    assert isinstance(CliRunner().invoke(app, ["model", "challenge", "--keep-running"]).exception, ClientError)
