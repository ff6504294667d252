"""What `swipeline find` concludes from the stores: "stored" only if every store has it."""

from __future__ import annotations

import pytest

from client.find.stores import ALERT, DYNAMODB, LAKE, NO, PENDING, UNKNOWN, WAREHOUSE, YES, Line, conclusion


def outcome(table: str, lake: str, warehouse: str) -> str:
    stores = zip((DYNAMODB, LAKE, WAREHOUSE), (table, lake, warehouse), strict=True)
    return conclusion([*(Line(store, has) for store, has in stores), Line(ALERT, NO)])[0]


@pytest.mark.parametrize(
    ("table", "lake", "warehouse", "expected"),
    [
        (YES, YES, YES, "stored"),
        (NO, YES, YES, "incomplete"),
        (YES, NO, PENDING, "incomplete"),
        (PENDING, YES, YES, "arriving"),
        (YES, YES, PENDING, "arriving"),
        (YES, YES, UNKNOWN, "unconfirmed"),
        (NO, NO, YES, "stored"),
        (NO, NO, NO, ""),
        (PENDING, NO, NO, ""),
    ],
)
def test_the_outcome_follows_from_what_each_store_has(table: str, lake: str, warehouse: str, expected: str) -> None:
    assert outcome(table, lake, warehouse) == expected


def test_the_store_that_lacks_it_is_named_with_the_command_that_fills_it() -> None:
    lines = [Line(DYNAMODB, NO), Line(LAKE, YES), Line(WAREHOUSE, YES)]
    assert conclusion(lines)[1].startswith("DynamoDB lacks it")
    assert "swipeline repair" in conclusion(lines)[1]
