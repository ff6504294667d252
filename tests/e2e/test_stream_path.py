"""From a CSV file to every store, and nothing lost or doubled on the way."""

from __future__ import annotations

import csv
import json
import signal
import sqlite3
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.stack import Stack, wait_until

STORES = ("dynamodb", "lake", "warehouse")


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_file_reaches_every_store_once(stack: Stack, csv_file: Any, reconcile: Any) -> None:
    path = csv_file(rows=3_000)
    stack.run("send", path)
    hops = reconcile(path)["hops"]
    assert hops["api"]["accepted"] == 3_000
    for store in STORES:
        assert hops[store]["written"] == 3_000, store
        assert hops[store]["missing_ids"] == [], store
        assert hops[store]["duplicates"] == 0, store


def test_the_stores_hold_what_the_file_says(stack: Stack, csv_file: Any, reconcile: Any) -> None:
    path = csv_file(rows=600)
    stack.run("send", path)
    reconcile(path)
    expected = {r["trans_num"]: r for r in rows_of(path)}

    items = {i["transaction_id"]["S"]: i for i in stack.items() if i["transaction_id"]["S"] in expected}
    facts = {
        row[0]: row
        for row in stack.sql(
            "SELECT t.transaction_id, t.amount, t.card_last4, t.is_fraud, c.zip, m.merchant, t.occurred_at "
            "FROM core.transaction t JOIN core.customer c USING (customer_id) JOIN core.merchant m USING (merchant_id)"
        )
    }
    lake = {}
    for _, body in stack.objects("LakeBucket", "transactions/"):
        lake |= {line["transaction_id"]: line for line in map(json.loads, body.splitlines())}

    for number, row in expected.items():
        merchant = row["merchant"].removeprefix("fraud_")
        item, fact, line = items[number], facts[number], lake[number]
        assert float(item["amount"]["N"]) == float(row["amt"]) == float(fact[1]) == float(line["amount"])
        assert item["card_last4"]["S"] == row["cc_num"][-4:] == fact[2] == line["card_last4"]
        assert item["is_fraud"]["BOOL"] == (row["is_fraud"] == "1") == fact[3] == line["is_fraud"]
        assert item["zip"]["S"] == row["zip"].zfill(5) == fact[4] == line["zip"]
        assert item["merchant"]["S"] == merchant == fact[5] == line["merchant"]
        assert item["occurred_at"]["S"][:19] == row["trans_date_trans_time"].replace(" ", "T")
        assert str(fact[6])[:19] == row["trans_date_trans_time"]


def test_the_marts_follow_and_an_analyst_reads_them_and_nothing_else(
    stack: Stack, csv_file: Any, reconcile: Any
) -> None:
    path = csv_file(rows=700)
    stack.run("send", path)
    reconcile(path)
    sent = rows_of(path)
    ids = ", ".join(f"'{row['trans_num']}'" for row in sent)
    mine = f"SELECT COUNT(*), SUM(amount) FROM mart.purchase WHERE transaction_id IN ({ids})"
    analyst = stack.outputs["AnalystRoleArn"]
    wait_until(lambda: stack.sql(mine, analyst)[0][0] == len(sent), 60, "all of the file in the marts")
    assert Decimal(stack.sql(mine, analyst)[0][1]) == sum(Decimal(row["amt"]) for row in sent)
    with pytest.raises(AssertionError, match="permission denied for schema core"):
        stack.sql("SELECT first_name FROM core.customer", analyst)


def test_the_table_is_keyed_by_card_and_time_and_by_merchant_and_time(
    stack: Stack, csv_file: Any, reconcile: Any
) -> None:
    path = csv_file(rows=500)
    stack.run("send", path)
    reconcile(path)
    table, client = stack.outputs["TableName"], stack.client("dynamodb")
    item = next(stack.items())
    by_card = client.query(
        TableName=table,
        KeyConditionExpression="card_id = :c AND begins_with(time_id, :t)",
        ExpressionAttributeValues={":c": item["card_id"], ":t": item["occurred_at"]},
    )
    assert item in by_card["Items"]
    by_merchant = client.query(
        TableName=table,
        IndexName="merchant-time",
        KeyConditionExpression="merchant_bucket = :m AND begins_with(time_id, :t)",
        ExpressionAttributeValues={":m": item["merchant_bucket"], ":t": item["occurred_at"]},
    )
    assert item in by_merchant["Items"]


def test_sending_a_file_twice_leaves_every_count_as_it_was(stack: Stack, csv_file: Any, reconcile: Any) -> None:
    path = csv_file(rows=1_200)
    stack.run("send", path)
    first = reconcile(path)["hops"]
    stack.run("send", path)
    stack.run("send", "--batch-size", "77", path)
    second = reconcile(path)["hops"]
    for hop in ("api", *STORES):
        counts = {k: first[hop][k] for k in ("accepted", "rejected", "written", "duplicates", "quarantined")}
        assert {k: second[hop][k] for k in counts} == counts, hop


def acknowledged(home: Path) -> int:
    """Batches that the client's journals say were acknowledged."""
    total = 0
    for journal in home.glob("sends/**/*.sqlite*"):
        if journal.suffix in (".sqlite", ".db"):
            with sqlite3.connect(f"file:{journal}?mode=ro", uri=True) as db:
                if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'batch'").fetchone():  # just made: not yet
                    total += db.execute("SELECT count(*) FROM batch").fetchone()[0]
    return total


def test_a_client_killed_halfway_resumes_without_sending_all_again(stack: Stack, csv_file: Any, reconcile: Any) -> None:
    path = csv_file(rows=6_000)
    before = acknowledged(stack.home)
    client = stack.start("send", "--batch-size", "50", "--rate", "3000", path)
    wait_until(lambda: acknowledged(stack.home) >= before + 5, 60, "a few batches acknowledged")
    client.send_signal(signal.SIGKILL)
    client.wait(10)
    done = acknowledged(stack.home) - before
    assert 0 < done < 120, "killed too late to prove anything"

    summary = json.loads(stack.run("send", "--resume", "--batch-size", "50", "--json", path).stdout)
    assert summary["skipped"] >= done * 50
    hops = reconcile(path)["hops"]
    assert [hops[s]["written"] for s in STORES] == [6_000] * 3
    assert all(hops[s]["duplicates"] == 0 for s in STORES)


MANGLED = """\
trans_date_trans_time,cc_num,merchant,category,amt,first,last,gender,street,city,state,zip,lat,long,city_pop,job,dob,\
trans_num,merch_lat,merch_long,is_fraud
6/21/20 12:14,2.29E+15,fraud_A,personal_care,2.86,Jeff,Poe,M,1 Elm St,Columbia,SC,29209,33.966,-80.936,333497,Cook,\
3/19/68,2da90c7d74bd46a0caf3777415b3ebd3,33.986,-81.201,0
6/21/20 12:15,3.57E+15,fraud_B,personal_care,29.84,Joan,Roe,F,2 Elm St,Altonah,UT,84002,40.321,-110.436,302,Nurse,\
1/17/90,324cc204407e99f51b0d6ca0055005e7,39.450,-109.960,0
"""


def test_a_file_mangled_by_a_spreadsheet_is_refused_whole_with_the_proof_and_nothing_is_stored(
    stack: Stack, tmp_path: Path
) -> None:
    path = tmp_path / "mangled.csv"
    path.write_text(MANGLED)
    done = stack.run("send", path, "--rejected", tmp_path / "rejected.csv", check=False)
    assert done.returncode == 1
    assert "2 card numbers are in scientific notation, e.g. 2.29E+15 (lines 2, 3)" in done.stderr
    assert "Nothing was sent" in done.stderr
    assert not (tmp_path / "rejected.csv").exists()
    stored = {i["transaction_id"]["S"] for i in stack.items()}
    assert "2da90c7d74bd46a0caf3777415b3ebd3" not in stored


@pytest.mark.parametrize("hop", ["api", *STORES])
def test_reconcile_names_every_count(stack: Stack, csv_file: Any, reconcile: Callable[..., Any], hop: str) -> None:
    path = csv_file(rows=100, seed=5)
    stack.run("send", path)
    counts = reconcile(path)["hops"][hop]
    assert {"received", "accepted", "rejected", "written", "duplicates", "quarantined", "missing_ids"} <= set(counts)


def test_reconcile_fails_and_names_what_a_store_lost(stack: Stack, csv_file: Any, reconcile: Any) -> None:
    path = csv_file(rows=100)
    stack.run("send", path)
    reconcile(path)
    lost = next(i for i in stack.items() if i["transaction_id"]["S"] == rows_of(path)[7]["trans_num"])
    key = {k: lost[k] for k in ("card_id", "time_id")}
    stack.client("dynamodb").delete_item(TableName=stack.outputs["TableName"], Key=key)

    done = stack.run("reconcile", "--file", path, "--json", check=False)
    assert done.returncode != 0
    assert json.loads(done.stdout)["hops"]["dynamodb"]["missing_ids"] == [lost["transaction_id"]["S"]]
    stack.client("dynamodb").put_item(TableName=stack.outputs["TableName"], Item=lost)
