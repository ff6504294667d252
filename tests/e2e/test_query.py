"""Reading back on the embedded AWS: the file is found, keys are kept apart, and Schemathesis finds nothing."""

from __future__ import annotations

import csv
import io
import json
import random
import subprocess
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import requests

from shared.transaction.ids import merchant_id, merchant_name
from tests.e2e.stack import REPO, SWIPELINE, Stack
from tests.e2e.test_stream_path import rows_of
from tests.fuzz.run import Target, fuzz

Row = dict[str, str]
ROWS = 1_500


@pytest.fixture(scope="module")
def sent(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    """Rows of a file that is in the table as a whole."""
    path = tmp_path_factory.mktemp("query") / "sent.csv"
    stack.run("generate", "--rows", ROWS, "--seed", 606, "--out", path)
    stack.run("send", path)
    stack.run("reconcile", "--file", path, "--wait", "90", "--json")
    return rows_of(path)


@pytest.fixture(scope="module")
def read(stack: Stack) -> Callable[..., requests.Response]:
    """``read(method, path, ...)`` with the readers' key."""
    return partial(call, stack, reader_key(stack))


def reader_key(stack: Stack, output: str = "ReaderApiKeyId") -> str:
    key = stack.client("apigateway").get_api_key(apiKey=stack.outputs[output], includeValue=True)
    return str(key["value"])


def call(stack: Stack, key: str | None, method: str, path: str, **more: Any) -> requests.Response:
    url = stack.url.removesuffix("/transactions") + path
    return requests.request(method, url, headers={"x-api-key": key} if key else {}, timeout=30, **more)


def everything(read: Callable[..., requests.Response], question: dict[str, Any]) -> list[dict[str, Any]]:
    """All pages of a question; with a card number it goes in the body."""
    rows: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        if "card_number" in question:
            answer = read("POST", "/transactions/search", json=question | cursor)
        else:
            answer = read("GET", "/transactions", params=question | cursor)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        rows += page["transactions"]
        if page["next_cursor"] is None:
            return rows
        cursor = {"cursor": page["next_cursor"]}


def canonical(text: str) -> str:
    return text.replace(" ", "T") + ".000Z"


def test_lookups_give_exactly_what_a_scan_of_the_file_gives(
    sent: list[Row], read: Callable[..., requests.Response]
) -> None:
    choose = random.Random(606)
    for _ in range(40):
        row, edge = choose.choice(sent), choose.choice(sent)
        begin, end = sorted((canonical(row["trans_date_trans_time"]), canonical(edge["trans_date_trans_time"])))
        window = choose.choice([{}, {"from": begin}, {"to": end}, {"from": begin, "to": end}])
        paging = {"limit": choose.choice([3, 50, 1000]), "order": choose.choice(["newest", "oldest"])}
        by_card = choose.random() < 0.5
        question = {"card_number": row["cc_num"]} if by_card else {"merchant": row["merchant"]}
        wanted = merchant_id(merchant_name(row["merchant"]))
        expected = [
            one
            for one in sent
            if (one["cc_num"] == row["cc_num"] if by_card else merchant_id(merchant_name(one["merchant"])) == wanted)
            and window.get("from", "") <= canonical(one["trans_date_trans_time"]) < window.get("to", "~")
        ]
        # Other tests send transactions, too: of simulated cards and merchants of their own, or of these.
        ids = {one["trans_num"] for one in sent}
        found = [one for one in everything(read, question | window | paging) if one["transaction_id"] in ids]
        assert sorted(one["transaction_id"] for one in found) == sorted(one["trans_num"] for one in expected), question
        times = [one["occurred_at"] for one in found]
        assert times == sorted(times, reverse=paging["order"] == "newest")


def test_a_transaction_is_found_by_its_id_and_a_merchant_by_the_start_of_its_name(
    sent: list[Row], read: Callable[..., requests.Response]
) -> None:
    row = sent[7]
    found = read("GET", f"/transactions/{row['trans_num']}").json()
    assert (found["amount"], found["occurred_at"]) == (
        f"{float(row['amt']):.2f}",
        canonical(row["trans_date_trans_time"]),
    )
    name = merchant_name(row["merchant"])
    page = read("GET", "/merchants", params={"prefix": name[:4].upper(), "limit": 1000}).json()
    assert name in {merchant["merchant"] for merchant in page["merchants"]}
    assert read("GET", "/transactions/nothing").status_code == 404
    assert read("GET", "/health").json() == {"status": "ok"}


def test_a_senders_key_cannot_read_and_a_readers_key_cannot_send(
    stack: Stack, sent: list[Row], read: Callable[..., requests.Response]
) -> None:
    send = partial(call, stack, stack.api_key)
    assert send("GET", "/transactions", params={"merchant": sent[0]["merchant"]}).status_code == 403
    assert send("POST", "/transactions/search", json={"card_number": sent[0]["cc_num"]}).status_code == 403
    assert send("GET", f"/transactions/{sent[0]['trans_num']}").status_code == 403
    assert read("POST", "/transactions", json=sent[:1]).status_code == 403
    assert send("POST", "/transactions", json=sent[:1]).status_code == 202
    assert call(stack, None, "GET", "/health").status_code == 403


def test_the_command_reads_a_card_number_from_standard_input(stack: Stack, sent: list[Row]) -> None:
    done = subprocess.run(
        [*SWIPELINE, "transactions", "--card-number", "-", "--oldest", "--limit", "5000", "--csv"],
        cwd=REPO, env=stack.env, input=sent[0]["cc_num"] + "\n", capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = {row["transaction_id"] for row in csv.DictReader(io.StringIO(done.stdout))}
    assert {one["trans_num"] for one in sent if one["cc_num"] == sent[0]["cc_num"]} <= found
    assert sent[0]["cc_num"] not in done.stdout + done.stderr


def test_the_command_gives_json_and_a_table_of_a_merchant(stack: Stack, sent: list[Row]) -> None:
    done = stack.run("transactions", "--merchant", sent[0]["merchant"], "--limit", "2", "--json")
    assert 1 <= len(json.loads(done.stdout)["transactions"]) <= 2
    shown = stack.run("transactions", "--merchant", sent[0]["merchant"], "--limit", "1").stdout
    assert "dollars" in shown
    nothing = stack.run("transactions", "--merchant", "nobody at all", check=False)
    assert (nothing.returncode, nothing.stdout.strip()) == (1, "no transactions")


def test_schemathesis_finds_nothing(stack: Stack, sent: list[Row]) -> None:
    """A short run: `make fuzz-api` makes the long one."""
    keys = (reader_key(stack), stack.api_key, reader_key(stack, "ReviewerApiKeyId"))
    target = Target(stack.url.removesuffix("/transactions"), *keys)
    report = fuzz(target, examples=5, seed=606)
    assert report.passed, report.output
    assert report.cases >= 400
