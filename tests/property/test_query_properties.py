"""Reading back equals a scan of the source rows: random cards, merchants, windows and their edges, orders, pages."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from functions.query_transactions.api import Api
from shared.card_keys.ring import CardKeys
from shared.transaction.ids import merchant_id
from shared.transaction.model import parse_transaction
from shared.transaction.schema import Transaction
from tests.unit.fakes.api_events import read_event
from tests.unit.fakes.events import Context
from tests.unit.fakes.query_api import make_api
from tests.unit.fakes.query_table import FakeTables
from tests.unit.fakes.rows import CARD_KEYS, CARD_NUMBER, raw_row, transaction

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


@st.composite
def rotated_histories(draw: st.DrawFn) -> tuple[CardKeys, list[Transaction]]:
    """One card's transactions, each under some key: the one of its time, another's, or (a resend) under two."""
    begins = sorted(draw(st.lists(OFFSETS.map(moment), unique=True, max_size=3)))
    ring = CARD_KEYS
    for number, since in enumerate(begins):
        ring = ring.followed_by(f"{number}".encode() * 64, since)
    stored: list[Transaction] = []
    for number, offset in enumerate(draw(st.lists(OFFSETS, min_size=1, max_size=30))):
        row = raw_row(number, trans_date_trans_time=moment(offset), cc_num=CARD_NUMBER)
        stored.append(parse_transaction(row, ring))
        if draw(st.booleans()):
            key = draw(st.sampled_from(ring.keys))
            stored.append(parse_transaction(row, CardKeys.of(key.secret))._replace(card_key_id=key.id))
    return ring, stored


@settings(max_examples=150, deadline=None)
@given(rotated_histories(), st.sampled_from(["newest", "oldest"]), st.integers(1, 9), st.integers(1, 12))
def test_a_card_number_finds_what_was_stored_under_all_its_keys_each_once_and_in_order(
    stored: tuple[CardKeys, list[Transaction]], order: str, limit: int, answer_size: int
) -> None:
    ring, history = stored
    api = make_api(FakeTables(answer_size).fill(history), keys=ring)
    rows: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        body = {"card_number": CARD_NUMBER, "order": order, "limit": limit} | ({"cursor": cursor} if cursor else {})
        response, counts = api.respond(read_event("/transactions/search", "POST", body=body), "request-1", Context())
        assert response["statusCode"] == 200, response["body"]
        page = json.loads(response["body"])
        cursor = page["next_cursor"]
        assert len(page["transactions"]) == limit or cursor is None
        assert counts.read <= len(ring.keys) * limit
        rows += page["transactions"]
        if cursor is None:
            break
    ids = [row["transaction_id"] for row in rows]
    assert sorted(ids) == sorted({one.transaction_id for one in history})
    times = [row["occurred_at"] for row in rows]
    assert times == sorted(times, reverse=order == "newest")


def test_a_cursor_outlives_a_rotation() -> None:
    history = [transaction(n, trans_date_trans_time=moment(n), cc_num=CARD_NUMBER) for n in range(6)]
    tables = FakeTables().fill(history)
    body = {"card_number": CARD_NUMBER, "limit": 3}
    first, _ = make_api(tables).respond(read_event("/transactions/search", "POST", body=body), "request-1", Context())
    body["cursor"] = json.loads(first["body"])["next_cursor"]
    ring = CARD_KEYS.followed_by(b"n" * 64, moment(4))
    second, _ = make_api(tables, keys=ring).respond(
        read_event("/transactions/search", "POST", body=body), "request-2", Context()
    )
    pages_read = [json.loads(response["body"])["transactions"] for response in (first, second)]
    assert [row["transaction_id"] for page in pages_read for row in page] == [f"{n:032x}" for n in range(5, -1, -1)]
