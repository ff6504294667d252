"""Training end to end on a small simulated history: deterministic, honest, served exactly."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from client.simulator import Settings, batches, write
from fraud.card import markdown
from fraud.drift import SCORE, STEADY, Drift
from fraud.evaluate import score
from fraud.features import COLUMNS, FEATURES
from fraud.history import History, read
from fraud.learn import FOLDS, fit, make_tables, out_of_fold, replay, tree_lists
from fraud.model import load, parse
from fraud.train import Options, Trained, main, train
from fraud.trees import compile_trees

QUICK = Options(threads=1, ablate=False)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("train") / "sim.parquet"
    write(batches(Settings.of(rows=12_000, seed=3, customers=80, days=60, fraud_rate=0.03)), str(path), "parquet")
    return path


@pytest.fixture(scope="module")
def history(data: Path) -> History:
    return read(data)[0]


@pytest.fixture(scope="module")
def trained(data: Path) -> Trained:
    return train(data, data, QUICK)


def test_the_same_data_and_seed_give_the_same_bytes(data: Path, trained: Trained) -> None:
    assert train(data, options=QUICK).data == trained.data


def test_another_seed_or_other_data_give_another_version(data: Path, trained: Trained) -> None:
    assert parse(train(data, options=replace(QUICK, seed=2)).data).version != parse(trained.data).version


def test_the_model_finds_frauds_it_was_not_shown(trained: Trained) -> None:
    held_out = trained.card["held_out"]
    assert held_out["auc"] > 0.95
    assert held_out["at_threshold"]["precision"] >= 0.98


def test_the_card_says_what_was_learned_from_and_measured(trained: Trained, data: Path) -> None:
    page = markdown(trained.card)
    assert trained.card["data_sha256"] in page
    for title in ("Limits", "Held-out time", "Test", "Threshold", "Calibration", "Segments"):
        assert f"# {title}" in page
    assert sum(part["frauds"] for part in trained.card["test"]["segments"]["gender"].values()) == trained.card["frauds"]


def test_the_served_scores_are_those_of_lightgbm_to_the_last_bit(history: History) -> None:
    tables, choice = out_of_fold(history, np.ones(len(history), dtype=bool))
    rows = replay(history, tables, choice)
    booster = fit(rows, history.fraud, list(range(len(FEATURES))), seed=1, threads=1, trees=40)
    served = compile_trees(tree_lists(booster, list(range(len(FEATURES)))), len(FEATURES), len(COLUMNS))(rows.tolist())
    assert served == np.asarray(booster.predict(rows[:, : len(FEATURES)], raw_score=True)).tolist()


def test_no_row_takes_a_table_that_its_own_card_is_in(history: History) -> None:
    tables, choice = out_of_fold(history, np.ones(len(history), dtype=bool))
    for fold in range(FOLDS):
        cards = set(history.card[choice == fold].tolist())
        others = ~np.isin(history.card, list(cards))
        assert tables[fold] == make_tables(history, others)


def test_rows_of_the_held_out_time_take_the_table_of_the_time_before(history: History) -> None:
    known = np.arange(len(history)) < 9_000
    tables, choice = out_of_fold(history, known)
    assert set(choice[~known].tolist()) == {FOLDS}
    assert tables[FOLDS] == make_tables(history, known)


def test_training_replay_and_serving_give_the_same_rows_and_scores(history: History, trained: Trained) -> None:
    model = parse(trained.data)
    replayed = replay(history, [model.tables], np.zeros(len(history), dtype=int))
    scores, served = score(model, history)
    assert np.array_equal(replayed, served, equal_nan=True)
    assert scores.tolist() == model.score(replayed.tolist())


def test_a_history_before_leaves_the_states_that_the_next_one_meets(history: History, trained: Trained) -> None:
    model = parse(trained.data)
    early = np.arange(len(history)) < 9_000
    whole, _rows = score(model, history)
    later, _rows = score(model, history.where(~early), before=history.where(early))
    assert later.tolist() == whole[~early].tolist()


def test_the_command_writes_a_model_that_loads_and_its_card(data: Path, tmp_path: Path, capsys: object) -> None:
    assert main(["--data", str(data), "--out", str(tmp_path / "new"), "--name", "m", "--threads", "1"]) == 0
    model = load(tmp_path / "new" / "m.json")
    card = json.loads((tmp_path / "new" / "m.card.json").read_text())
    assert card["version"] == model.version
    assert set(card["held_out"]["ablation"]) == set(card["learned_from"])
    assert (tmp_path / "new" / "m.card.md").read_text().startswith(f"# Fraud model {model.version}")


def test_the_command_says_what_is_wrong_with_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("a,b\n1,2\n")
    assert main(["--data", str(bad), "--out", str(tmp_path)]) == 1
    assert "bad.csv has no header" in capsys.readouterr().err
    bad.write_text("trans_date_trans_time,amt\n2020-06-21 12:14:25,1.00\n")
    assert main(["--data", str(bad), "--out", str(tmp_path)]) == 1
    assert "category" in capsys.readouterr().err
    assert main(["--data", str(tmp_path / "none.csv"), "--out", str(tmp_path)]) == 1


def test_the_file_holds_the_distributions_of_training(trained: Trained, history: History) -> None:
    model = parse(trained.data)
    scores, rows = score(model, history)
    drift = Drift(model.reference)
    drift.add(rows.tolist(), scores.tolist())
    indices = drift.indices()
    assert set(indices) == {*FEATURES, SCORE}
    assert all(index < STEADY for name, index in indices.items() if not name.startswith("evidence"))


def test_a_model_for_half_the_fraud_rate_is_less_sure_and_needs_more_to_be_as_precise(
    data: Path, trained: Trained
) -> None:
    fewer = replace(QUICK, fraud_rate=trained.card["frauds"] / trained.card["rows"] / 2)
    half = train(data, data, fewer)
    expected, got = (
        sum(one["mean_score"] * one["rows"] for one in card["test"]["calibration"])
        for card in (trained.card, half.card)
    )
    assert 0.4 * expected < got < 0.9 * expected
    assert half.card["fraud_rate"] == pytest.approx(0.015)
    assert half.card["held_out"]["at_threshold"]["precision"] >= 0.98
