"""Alerts through the API equal a scan of the alerts: by window, card and status, across pages and verdicts."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from functions.query_transactions.api import Api
from tests.unit.fakes.api_events import REVIEWER, read_event
from tests.unit.fakes.events import Context
from tests.unit.fakes.query_api import NOW, make_api
from tests.unit.fakes.query_table import FakeTables

FIRST = NOW - timedelta(days=80)
CARDS = ("a" * 32, "b" * 32)
# Several in one moment, on both sides of midnight and of a month's end.
OFFSETS = st.sampled_from([0, 1, 43_200_000 - 1, 43_200_000, 20 * 86_400_000]) | st.integers(0, 79 * 86_400_000)


def moment(offset: int) -> str:
    return (FIRST + timedelta(milliseconds=offset)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def item(number: int, offset: int, card: int) -> dict[str, Any]:
    at = moment(offset)
    texts = {
        "transaction_id": f"t{number}", "day": at[:10], "time_id": f"{at}#t{number}", "alerted_at": at,
        "status": "open", "occurred_at": at, "card_id": CARDS[card], "card_last4": "1234",
        "merchant_id": "0" * 16, "merchant": "Oak", "category": "home", "model": "made",
    }  # fmt: skip
    numbers = {"amount": "9.1", "score": "0.9", "threshold": "0.5"}
    return {n: {"S": v} for n, v in texts.items()} | {n: {"N": v} for n, v in numbers.items()} | {"reasons": {"L": []}}


def pages(api: Api, query: dict[str, str], limit: int) -> list[str]:
    found: list[str] = []
    more: dict[str, str] = {}
    for _ in range(200):
        response, counts = api.respond(read_event("/alerts", **query, limit=str(limit), **more), "r", Context())
        assert response["statusCode"] == 200, response["body"]
        page = json.loads(response["body"])
        assert len(page["alerts"]) <= limit
        assert counts.given == len(page["alerts"])
        if not ("card_id" in query and "status" in query):  # the one filter that reads what it does not give
            assert counts.read == counts.given
        found += [alert["alert_id"] for alert in page["alerts"]]
        if page["next_cursor"] is None:
            return found
        more = {"cursor": page["next_cursor"]}
    raise AssertionError("the pages do not end")


@settings(max_examples=120, deadline=None)
@given(
    st.lists(st.tuples(OFFSETS, st.integers(0, 1)), max_size=25), st.data(), st.integers(1, 6), st.integers(1, 8),
    st.lists(st.tuples(st.integers(0, 24), st.sampled_from(["fraud", "genuine"])), max_size=8),
)  # fmt: skip
def test_a_list_of_alerts_is_what_a_scan_gives(
    made: list[tuple[int, int]], data: st.DataObject, limit: int, answer: int, said: list[tuple[int, str]]
) -> None:
    items = [item(number, offset, card) for number, (offset, card) in enumerate(made)]
    api = make_api(FakeTables(answer).fill_alerts(items))
    status = {one["transaction_id"]["S"]: "open" for one in items}
    for number, finding in said:
        event = read_event(
            f"/alerts/t{number}/verdict", "POST", key=REVIEWER, body={"verdict": finding, "by": f"reviewer {number}"}
        )
        response, _ = api.respond(event, "r", Context())
        assert response["statusCode"] == (200 if number < len(items) else 404)
        if number < len(items):
            status[f"t{number}"] = finding

    edges = OFFSETS.map(moment) | st.sampled_from([moment(offset) for offset, _ in made] or [moment(0)])
    begin, end = (data.draw(st.none() | edges, label=label) for label in ("from", "to"))
    card = data.draw(st.none() | st.sampled_from(CARDS), label="card")
    wanted = data.draw(st.none() | st.sampled_from(["open", "fraud", "genuine"]), label="status")
    given_query = {"from_": begin, "to": end, "card_id": card, "status": wanted}
    query = {name: value for name, value in given_query.items() if value is not None}
    since = begin or ""
    if not begin and not card and not wanted:  # the last month, where nobody says since when
        last = datetime.fromisoformat(end) if end else NOW + timedelta(days=1)
        since = (last - timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    expected = [
        one["transaction_id"]["S"]
        for one in sorted(items, key=lambda one: one["time_id"]["S"], reverse=True)
        if since <= one["alerted_at"]["S"]
        and (end is None or one["alerted_at"]["S"] < end)
        and (card is None or one["card_id"]["S"] == card)
        and (wanted is None or status[one["transaction_id"]["S"]] == wanted)
    ]
    assert pages(api, query, limit) == expected
