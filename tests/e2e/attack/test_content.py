"""What comes in within a good row: it stays text in every store, log and export, and hides no card number."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

import pytest

from client.csv_cells import harmless_cell
from dashboard.filters import Filters
from dashboard.lookup import read
from tests.e2e.attack.api import call, key_of, post, row
from tests.e2e.stack import Stack, wait_until
from tests.e2e.test_security import everything_stored

TEXTS = ("merchant", "category", "first", "last", "street", "city", "job")
STORED = ("merchant", "category", "first_name", "last_name", "street", "city", "job")
PAYLOADS = [
    "'; DROP TABLE core.t; --",
    "' OR '1'='1",
    "\\'; SELECT 1; --",
    "{{7*7}}${7*7}",
    "$$; COMMIT; $$",
    '"},{"a":"',
    "=1+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd",
    "+1-1",
    "-2+3",
    "<script>alert(1)</script>",
    "[red]x[/red]",
    "a,b\"c'd;e|f\\N",
    "%s%n%x{0}",
    "../../etc/passwd",
    "NULL",
    "👩‍🚀 Ωmega שלום",
]
# A card number that is good by its check digit; nothing else in these tests has it.
NUMBER = "5425233430109903"


@pytest.fixture(scope="module")
def sent(stack: Stack) -> list[dict[str, Any]]:
    """A row per payload, with it in every text field, stored and merged."""
    rows = [row(**dict.fromkeys(TEXTS, payload)) for payload in PAYLOADS]
    answer = post(stack, json.dumps(rows).encode())
    assert answer.status_code == 202, answer.text
    ids = ", ".join(f"'{one['trans_num']}'" for one in rows)
    count = f"SELECT COUNT(*) FROM core.transaction WHERE transaction_id IN ({ids})"
    wait_until(lambda: stack.sql(count) == [[len(rows)]], 60, "the warehouse has all of them")
    return rows


def test_every_text_is_in_the_warehouse_as_it_was_sent(stack: Stack, sent: list[dict[str, Any]]) -> None:
    columns = ", ".join(f"c.{name}" for name in STORED[2:])
    facts = stack.sql(
        f"SELECT t.transaction_id, m.merchant, t.category, {columns} FROM core.transaction t "
        "JOIN core.customer c ON c.customer_id = t.customer_id JOIN core.merchant m ON m.merchant_id = t.merchant_id"
    )
    found = {fact[0]: fact[1:] for fact in facts}
    for one in sent:
        assert found[one["trans_num"]] == [one["merchant"]] * len(STORED)
    tables = {name for (name,) in stack.sql("SELECT table_name FROM svv_tables WHERE table_schema = 'core'")}
    assert {"transaction", "customer", "merchant", "alert"} <= tables


def test_every_text_comes_back_by_the_api_as_it_was_sent(stack: Stack, sent: list[dict[str, Any]]) -> None:
    reader = key_of(stack, "ReaderApiKeyId")
    for one in sent:
        answer = call(stack, "GET", f"/transactions/{one['trans_num']}", reader)
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"].startswith("application/json")
        assert [answer.json()[name] for name in STORED] == [one["merchant"]] * len(STORED)


def test_an_export_has_no_cell_that_a_spreadsheet_would_run(stack: Stack, sent: list[dict[str, Any]]) -> None:
    for one in sent:
        exported = stack.run("transactions", f"--merchant={one['merchant']}", "--csv", "--limit", "10").stdout
        rows = list(csv.DictReader(io.StringIO(exported)))
        assert one["trans_num"] in {found["transaction_id"] for found in rows}
        for found in rows:
            assert found["merchant"] == harmless_cell(one["merchant"])
            for name in STORED:
                assert not found[name].startswith(("=", "+", "-", "@", "\t", "\r"))
    # Numbers stay numbers.
    assert float(rows[0]["longitude"]) < 0


@pytest.mark.parametrize("payload", PAYLOADS)
def test_the_dashboards_sql_never_holds_what_was_chosen(payload: str) -> None:
    chosen = Filters(states=(payload,), categories=(payload,), ages=(payload,))
    assert payload not in chosen.where
    assert re.fullmatch(r"[\w .:,()=<>]*", chosen.where)
    assert set(chosen.parameters.values()) == {payload}


@pytest.mark.parametrize("payload", ["' OR 1=1 --", "0" * 31 + "'", NUMBER, "%", "1111; DROP TABLE x"])
def test_the_dashboards_lookup_takes_card_ids_and_last_digits_alone(payload: str) -> None:
    with pytest.raises(ValueError, match=r".+") as refused:
        read(payload)
    assert NUMBER not in str(refused.value)


@pytest.mark.parametrize(
    "payload",
    [
        'x\n{"level":"CRITICAL","message":"forged"}',
        "x\r\nforged",
        "\x1b[2J\x1b[31mred",
        "x\x00y",
        "x\u2028forged",
        "x\u202egnp.exe",
        "\ud800",
        "x\x7f\x9b31m",
    ],
)
def test_what_would_forge_a_log_line_or_turn_a_text_around_is_refused(stack: Stack, payload: str) -> None:
    answer = post(stack, json.dumps(row(first=payload)).encode())
    assert answer.status_code == 400
    assert answer.text.isascii()
    assert answer.text.isprintable()


def spellings() -> list[str]:
    """The number in forms in which a person would still read it."""
    fours = [NUMBER[at : at + 4] for at in range(0, 16, 4)]
    return [
        NUMBER,
        " ".join(fours),
        "-".join(fours),
        ".".join(fours),
        "/".join(fours),
        "\u00a0".join(fours),
        "\u200b".join(NUMBER),
        "\u2013".join(fours),
        " - ".join(fours),
        NUMBER.translate({ord(str(n)): 0xFF10 + n for n in range(10)}),
        NUMBER.translate({ord(str(n)): 0x0660 + n for n in range(10)}),
        f"card {NUMBER}!",
    ]


def test_a_card_number_gets_past_the_edge_in_no_field_header_address_or_answer(stack: Stack) -> None:
    own = [row(cc_num=NUMBER, **{field: text}) for text in spellings() for field in TEXTS]
    others = [row(**{field: text}) for text in spellings() for field in TEXTS]
    odd = [
        row(cc_num=NUMBER, trans_num=NUMBER),
        row(**{NUMBER: "1"}),
        row(**{spellings()[9]: "1"}),
        row(amt=NUMBER),
        row(zip=NUMBER),
        row(dob=NUMBER),
        row(is_fraud=NUMBER),
    ]
    for rows in (own, others, odd):
        answer = post(stack, json.dumps(rows).encode())
        assert answer.json()["transaction_ids"] == [None] * len(rows)
        assert NUMBER not in answer.text
    # Six decimals are kept of a coordinate, too few to hold one.
    assert post(stack, json.dumps(row(lat=f"52.{NUMBER}")).encode()).status_code == 202
    reader = key_of(stack, "ReaderApiKeyId")
    good = json.dumps(row(cc_num=NUMBER)).encode()
    assert post(stack, good, **{"Idempotency-Key": NUMBER, "User-Agent": NUMBER, "X-Card": NUMBER}).status_code == 202
    for path in (f"/transactions/{NUMBER}", f"/transactions?card_id={NUMBER}", f"/transactions?merchant={NUMBER}",
                 f"/merchants?prefix={NUMBER}", f"/transactions?cursor={NUMBER}", f"/{NUMBER}"):  # fmt: skip
        answer = call(stack, "GET", path, reader)
        assert answer.status_code < 500
        assert NUMBER not in answer.text

    def found() -> list[Any]:
        answer = call(stack, "POST", "/transactions/search", reader, json={"card_number": NUMBER})
        assert NUMBER not in answer.text
        return list(answer.json()["transactions"])

    assert len(wait_until(found, 30, "the one good row is found by its number")) == 1

    places = everything_stored(stack)
    requests_table = stack.client("dynamodb").scan(TableName=stack.outputs["RequestsTableName"])["Items"]
    places["requests"] = json.dumps(requests_table).encode()
    looked_for = [text.encode() for text in spellings()] + [json.dumps(text)[1:-1].encode() for text in spellings()]
    assert not {(place, number) for place, data in places.items() for number in looked_for if number in data}
