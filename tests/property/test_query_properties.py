"""Reading back equals a scan of the source rows: random cards, merchants, windows and their edges, orders, pages."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.query.api import Api
from shared.transaction.ids import merchant_id
from shared.transaction.schema import Transaction
from tests.unit.fakes.api_events import read_event
from tests.unit.fakes.events import Context
from tests.unit.fakes.query_api import make_api
from tests.unit.fakes.query_table import FakeTables
from tests.unit.fakes.rows import CARD_NUMBER, transaction

START = datetime(2019, 12, 30, tzinfo=UTC)
MERCHANTS = ("fraud_Oak & Sons", "oak & sons", "Oaken Bucket", "Ämter GmbH")
# Two months' ends, a year's end, several in one second, some a millisecond apart.
OFFSETS = st.sampled_from([0, 1, 999, 1000, 86_399_999, 2 * 86_400_000 - 1, 2 * 86_400_000, 33 * 86_400_000,
                           61 * 86_400_000, 62 * 86_400_000]) | st.integers(0, 100 * 86_400_000)  # fmt: skip


def moment(offset: int) -> str:
    return (START + timedelta(milliseconds=offset)).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


@st.composite
def histories(draw: st.DrawFn) -> list[Transaction]:
    made = draw(st.lists(st.tuples(OFFSETS, st.integers(0, 2), st.sampled_from(MERCHANTS)), min_size=1, max_size=40))
    return [
        transaction(
            number, trans_date_trans_time=moment(offset), cc_num=str(int(CARD_NUMBER) - card), merchant=merchant
        )
        for number, (offset, card, merchant) in enumerate(made)
    ]


def pages(api: Api, make: Any) -> list[dict[str, Any]]:
    """Every row of a query, page by page; no page but the last one may be short."""
    rows: list[dict[str, Any]] = []
    cursor: str | None = None
    for _ in range(200):
        response, counts = api.respond(make(cursor), "request-1", Context())
        assert response["statusCode"] == 200, response["body"]
        page = json.loads(response["body"])
        assert counts.read == counts.given == len(page["transactions"])
        rows += page["transactions"]
        cursor = page["next_cursor"]
        if cursor is None:
            return rows
    raise AssertionError("the pages do not end")


@settings(max_examples=150, deadline=None)
@given(
    histories(), st.data(), st.sampled_from(["card", "number", "merchant"]), st.sampled_from(["newest", "oldest"]),
    st.integers(1, 9), st.integers(1, 12),
)  # fmt: skip
def test_a_query_gives_what_a_scan_of_the_source_gives(
    history: list[Transaction], data: st.DataObject, by: str, order: str, limit: int, answer_size: int
) -> None:
    api = make_api(FakeTables(answer_size).fill(history))
    edges = OFFSETS.map(moment) | st.sampled_from([one.occurred_at for one in history])
    begin, end = (data.draw(st.none() | edges, label=label) for label in ("from", "to"))
    window = {name: value for name, value in (("from_", begin), ("to", end)) if value is not None}

    card = data.draw(st.integers(0, 3), label="card")
    merchant = data.draw(st.sampled_from([*MERCHANTS, "nobody"]), label="merchant")
    number = str(int(CARD_NUMBER) - card)
    card_id = transaction(0, cc_num=number).card_id

    def make(cursor: str | None) -> dict[str, Any]:
        paging: dict[str, str] = window | {"order": order} | ({"cursor": cursor} if cursor else {})
        if by == "number":
            body = {name.rstrip("_"): value for name, value in paging.items()} | {"limit": limit, "card_number": number}
            return read_event("/transactions/search", "POST", body=body)
        key = {"card_id": card_id} if by == "card" else {"merchant": merchant}
        return read_event("/transactions", **key, **paging, limit=str(limit))

    expected = [
        one
        for one in history
        if (one.merchant_id == merchant_id(merchant) if by == "merchant" else one.card_id == card_id)
        and (begin is None or begin <= one.occurred_at)
        and (end is None or one.occurred_at < end)
    ]
    rows = pages(api, make)
    assert sorted(row["transaction_id"] for row in rows) == sorted(one.transaction_id for one in expected)
    times = [row["occurred_at"] for row in rows]
    assert times == sorted(times, reverse=order == "newest")
    by_id = {one.transaction_id: one for one in history}
    for row in rows:
        assert row == by_id[row["transaction_id"]]._asdict() | {"amount": "2.86"}


@settings(max_examples=60, deadline=None)
@given(
    histories(),
    st.text(min_size=1, max_size=3) | st.sampled_from(["o", "OAK", "oak ", "ä", "fraud"]),
    st.integers(1, 3),
)
def test_merchants_are_found_by_the_start_of_their_name_in_any_case(
    history: list[Transaction], prefix: str, limit: int
) -> None:
    api = make_api(FakeTables().fill(history))
    found: list[str] = []
    cursor: str | None = None
    while True:
        more = {"cursor": cursor} if cursor else {}
        response, _ = api.respond(read_event("/merchants", prefix=prefix, limit=str(limit), **more), "r", Context())
        if response["statusCode"] == 400:
            assert not prefix.isprintable()
            return
        page = json.loads(response["body"])
        found += [merchant["merchant"] for merchant in page["merchants"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    start = " ".join(prefix.casefold().split())
    names = {one.merchant for one in history}
    assert sorted(found) == sorted(name for name in names if start and name.casefold().startswith(start))
