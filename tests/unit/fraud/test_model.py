"""A model's file: what is served, and which files are refused."""

from __future__ import annotations

import json
import subprocess
import sys
from math import exp
from pathlib import Path

import pytest

from fraud.features import FEATURE_VERSION, FEATURES, features
from fraud.model import SHIPPED, ModelError, load, parse, serialize
from fraud.profile import Profile
from tests.unit.fraud.made import TABLES, document, event, model, split


def test_a_score_is_the_logistic_of_the_trees_sum() -> None:
    rows = [features(Profile(), event(amount=amount), TABLES) for amount in ("10.00", "900.00")]
    assert model().raw(rows) == [-5.0, 0.0]
    assert model().score(rows) == [1 / (1 + exp(5)), 0.5]


def test_a_file_begins_with_its_hash_and_is_json() -> None:
    data = serialize(document())
    assert data.startswith(b'{"sha256":"')
    assert json.loads(data)["version"] == "made"
    assert parse(data).version == "made"


def test_any_changed_byte_is_noticed() -> None:
    data = bytearray(serialize(document()))
    data[len(data) // 2] ^= 1
    with pytest.raises(ModelError, match="damaged"):
        parse(bytes(data))


@pytest.mark.parametrize("data", [b"", b"{}", b'{"sha256":"00"}', serialize({})[:40]])
def test_bytes_that_are_no_model_are_refused(data: bytes) -> None:
    with pytest.raises(ModelError, match="begins with"):
        parse(data)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"format": 1}, "format is 1"),
        ({"feature_version": FEATURE_VERSION + 1}, "feature version"),
        ({"features": list(FEATURES[:-1])}, "features"),
        ({"tables": {"evidence": [0.0], "usual": [0.0]}}, "tables of 1"),
        ({"trees": ["exit()"]}, "finite number"),
    ],
)
def test_a_model_this_code_cannot_serve_is_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        model(**changes)


def test_a_model_whose_trees_were_changed_does_not_give_its_fixtures_scores() -> None:
    with pytest.raises(ModelError, match="fixture"):
        model(trees=[split(0, 500.0, -4.0, 1.0), split(6, 3.0, -1.0, 4.1)])


def test_a_model_with_a_part_missing_is_refused() -> None:
    for part in ("threshold", "tables", "trees", "fixture", "reference"):
        whole = document()
        del whole[part]
        with pytest.raises(ModelError, match=part):
            parse(serialize(whole))


def test_a_model_without_a_fixture_is_refused() -> None:
    with pytest.raises(ModelError, match="fixture"):
        model(fixture={"transactions": [], "scores": []})


def test_the_shipped_model_loads_and_is_small() -> None:
    shipped = load()
    assert 0 < shipped.threshold < 1
    assert SHIPPED.stat().st_size < 1_000_000


def test_the_shipped_model_has_a_card_of_the_same_version() -> None:
    card = json.loads(SHIPPED.with_suffix(".card.json").read_text())
    assert card["version"] == load().version
    assert card["bytes"] == SHIPPED.stat().st_size


def test_serving_imports_nothing_but_the_standard_library_and_shared() -> None:
    code = (
        "import sys; before = set(sys.modules)\n"
        "import fraud.scoring, fraud.reasons, fraud.model; fraud.model.load()\n"
        "new = {name.split('.')[0] for name in set(sys.modules) - before}\n"
        "print(' '.join(sorted(new - set(sys.stdlib_module_names))))"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["fraud", "shared"]
