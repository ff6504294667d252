"""`swipeline model`: both models on later history, promotion and back, noted with who."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from client.cli import app
from client.errors import ClientError
from client.model.exchange import NOTES, PARTS, back, promote
from client.simulator import Settings, batches, write
from fraud.model import SHIPPED, load, serialize
from tests.unit.fraud.made import document


def made(folder: Path, name: str, version: str) -> Path:
    path = folder / f"{name}.json"
    path.write_bytes(serialize(document(version=version)))
    for part in PARTS[1:]:
        (folder / f"{name}{part}").write_text(version)
    return path


def test_a_promotion_keeps_the_champion_before_and_going_back_brings_it_back(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    champion = made(tmp_path / "models", "swipeline", "old")
    challenger = made(tmp_path, "candidate", "new")
    assert promote(challenger, "ann", champion) == "new"
    assert (load(champion).version, champion.with_name("swipeline.card.md").read_text()) == ("new", "new")
    assert back("bob", champion) == "old"
    assert (load(champion).version, champion.with_name("swipeline.card.md").read_text()) == ("old", "old")
    assert back("bob", champion) == "new"
    notes = [json.loads(line) for line in champion.with_name(NOTES).read_text().splitlines()]
    assert [(one["by"], one["what"], one["champion"]) for one in notes] == [
        ("ann", "promoted", "new"),
        ("bob", "went back", "old"),
        ("bob", "went back", "new"),
    ]


def test_what_cannot_be_promoted_changes_nothing(tmp_path: Path) -> None:
    champion = made(tmp_path, "swipeline", "old")
    broken = tmp_path / "broken.json"
    broken.write_bytes(b"{}")
    with pytest.raises(ClientError, match="not a model"):
        promote(broken, "ann", champion)
    with pytest.raises(ClientError, match="already"):
        promote(made(tmp_path, "same", "old"), "ann", champion)
    with pytest.raises(ClientError, match="nothing to go back to"):
        back("ann", champion)
    assert load(champion).version == "old"


def test_both_models_are_measured_on_the_same_history(tmp_path: Path) -> None:
    data = tmp_path / "later.parquet"
    write(batches(Settings.of(rows=4_000, seed=3, customers=40, days=40, fraud_rate=0.03)), str(data), "parquet")
    challenger = made(tmp_path, "candidate", "new")
    done = CliRunner().invoke(app, ["model", "promote", str(challenger), "--data", str(data), "--json"])
    assert done.exit_code == 0, done.stderr
    both = json.loads(done.stdout)
    assert both["challenger"]["version"] == "new"
    assert both["champion"]["version"] == load(SHIPPED).version
    assert both["champion"]["average_precision"] > both["challenger"]["average_precision"]
    assert "Dry run" in done.stderr
