"""What a person changed by hand stops neither a function nor a command: it is named, or counts as not there."""

from __future__ import annotations

import io
from typing import Any

import pytest

from client.errors import ClientError
from client.quarantine import conflicts
from client.reconcile.records import of_item
from fraud.model import load
from fraud.serving.drift import DriftCounts
from functions.write_to_kinesis.idempotency import Requests
from shared.sinks.item import SUPERSEDED, Item, content_of, to_item
from shared.warehouse.loads import Loads
from tests.unit.fakes.rows import transaction
from tests.unit.fakes.shapes import obeys

ONE = transaction(1)
WRONG: list[Item] = [
    {"amount": {"N": "1E+120"}},
    {"amount": {"S": "much"}},
    {"amount": {"NULL": True}},
    {"latitude": {"M": {}}},
    {"is_fraud": {"N": "1"}},
    {"occurred_at": {"L": []}},
    {"transaction_id": {"B": b"\xff"}},
]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_an_item_with_a_wrong_attribute_is_no_content_and_reconcile_names_the_field(wrong: Item) -> None:
    (name,) = wrong
    with pytest.raises(ValueError, match=name):
        content_of(to_item(ONE) | wrong)
    assert name in of_item(to_item(ONE) | wrong).differs_from(of_item(to_item(ONE)))


@pytest.mark.parametrize("wrong", [{"N": "1"}, {"S": "no line"}, {"M": {}}], ids=str)
def test_a_damaged_mark_is_no_content(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=SUPERSEDED):
        content_of({"card_id": {"S": "c"}, "time_id": {"S": "t"}, SUPERSEDED: wrong})


@pytest.mark.parametrize("body", [b"", b"no json", b"[]", b"null", b'{"entries": 7}', b'{"entries": [{}]}', b"{}"])
def test_a_damaged_manifest_is_waited_for_no_longer(body: bytes) -> None:
    @obeys("s3")
    class Objects:
        def get_object(self, **_: Any) -> dict[str, Any]:
            return {"Body": io.BytesIO(body)}

    class Unasked:
        def run(self, *_: Any) -> Any:
            raise AssertionError("the warehouse is asked for nothing")

    nobody: Any = Unasked()
    objects: Any = Objects()
    assert Loads(nobody, objects, "delivery").missing([("delivery", "manifests/1")], 5.0) == set()


@pytest.mark.parametrize(
    "item",
    [{}, {"expires_at": {"S": "soon"}}, {"expires_at": {"N": "1E+30"}}, {"expires_at": {"N": "99999999999"}}],
    ids=str,
)
def test_a_damaged_record_of_a_request_counts_as_none(item: Item) -> None:
    @obeys("dynamodb")
    class Table:
        def get_item(self, **_: Any) -> dict[str, Any]:
            return {"Item": item}

    table: Any = Table()
    assert Requests(table, "requests").find("sender", "key") is None


def test_a_count_of_the_drift_that_is_no_number_counts_as_none() -> None:
    @obeys("dynamodb")
    class Table:
        def query(self, **_: Any) -> dict[str, Any]:
            return {"Items": [{"score.0": {"S": "many"}, "score.1": {"N": "7"}}]}

    table: Any = Table()
    assert DriftCounts(table, "drift").read(load(), "2026-11-24").counts["score"][:2] == [0, 7]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"transaction_id": "1", "fields": [], "conflict": 7}'])
def test_a_damaged_conflict_is_named(body: bytes) -> None:
    with pytest.raises(ClientError, match="conflicts/x"):
        conflicts.parse(body, "conflicts/x")
