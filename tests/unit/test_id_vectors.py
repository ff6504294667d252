"""docs/ids.md has test vectors; other implementations may rely on them, so they never change."""

from __future__ import annotations

import json
import re
from pathlib import Path

from shared.transaction.ids import merchant_id
from tests.rows import CARD_KEY, CARD_KEYS, NOW, parse_transaction

PAGE = (Path(__file__).parents[2] / "docs" / "ids.md").read_text(encoding="utf-8")
VECTORS = re.findall(r"^\| `(\w+)` \| (.+) \| `([0-9a-f]+)` \|$", PAGE, re.MULTILINE)
ROW = json.loads(PAGE.split("```json\n")[1].split("```")[0])


def test_the_ids_are_those_of_the_page() -> None:
    made = parse_transaction(ROW, CARD_KEYS, NOW)
    assert f"`{CARD_KEY.decode()}`" in PAGE
    assert [name for name, _, _ in VECTORS] == [
        "card_id",
        "customer_id",
        "merchant_id",
        "merchant_id",
        "transaction_id",
    ]
    for name, of, value in VECTORS:
        if name == "merchant_id":
            assert merchant_id(of.strip("`")) == value
        else:
            assert getattr(made, name) == value


def test_a_label_and_the_form_of_the_values_change_no_id() -> None:
    (value,) = (value for name, _, value in VECTORS if name == "transaction_id")
    for changes in ({"is_fraud": "1"}, {"zip": "2138"}, {"merchant": "Quill, Marsh and Daughters"}, {"state": "ma"}):
        assert parse_transaction(ROW | changes, CARD_KEYS, NOW).transaction_id == value


def test_they_are_what_the_releases_before_made() -> None:
    """Written down from the release before the description: not to be changed with the page."""
    assert {value for _, _, value in VECTORS} == set(FROM_BEFORE)


FROM_BEFORE = (
    "ec561efd5887085ab1f4e12dcc8e42a5",
    "e9d3a5656c0bc229",
    "7d7d2258dcc548b3",
    "e509a5eacd2c1b1b",
    "b41d1a21caac2f5a7c4b331fa1a5a004",
)
