"""One content of each transaction in every store: conflicts, late labels, corrections, and repair."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from shared.sinks.item import content_of, to_item
from shared.transaction.kinds import DAY, MOMENT
from shared.transaction.schema import FIELDS, Field, Transaction
from tests.e2e.stack import Stack, deployed, wait_until


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of its own: all of its stores balance, which those that other tests write samples into do not."""
    with deployed(tmp_path_factory.mktemp("home")) as stack:
        yield stack


@pytest.fixture
def rows(stack: Stack, csv_file: Any) -> list[dict[str, str]]:
    with csv_file(rows=40).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def sent(stack: Stack, *rows: dict[str, str]) -> None:
    answer = stack.post({"transactions": list(rows)})
    assert answer.status_code < 300, answer.text


def item(stack: Stack, identity: str) -> dict[str, Any]:
    """The one item of a transaction; marks have no place in the index."""
    dynamodb, table = stack.client("dynamodb"), stack.outputs["TableName"]
    (found,) = dynamodb.query(
        TableName=table,
        IndexName="transaction-id",
        KeyConditionExpression="transaction_id = :id",
        ExpressionAttributeValues={":id": {"S": identity}},
    )["Items"]
    key = {name: found[name] for name in ("card_id", "time_id")}
    return dict(dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True)["Item"])


def balanced(stack: Stack) -> dict[str, Any]:
    done = stack.run("reconcile", "--stores-only", "--wait", 120, "--json", check=False)
    assert done.returncode == 0, done.stdout[-3000:] + stack.log_of("merge-warehouse")
    return dict(json.loads(done.stdout))


def conflicts(stack: Stack) -> list[str]:
    shown = json.loads(stack.run("quarantine", "list", "--kind", "conflicts", "--limit", 500, "--json").stdout)
    return [entry["key"] for entry in shown["entries"]]


def other_value(field: Field, value: Any) -> Any:
    """Another value that the field's column takes, in every store."""
    if field.type is bool:
        return not value
    if field.kind is MOMENT:
        return "2019-02-03T04:05:06.000Z"
    if field.kind is DAY:
        return "1950-01-02"
    if field.type in (Decimal, int):
        return field.type(value) + 1
    if field.type is float:
        return round(value / 2, 6)
    return "by hand" if value is None else ("2" if value[0] == "1" else "1") + value[1:]


def change_item(stack: Stack, one: Transaction, field: Field, value: Any) -> None:
    dynamodb, table = stack.client("dynamodb"), stack.outputs["TableName"]
    there = item(stack, one.transaction_id)
    if field.name == "card_id":
        dynamodb.delete_item(TableName=table, Key={name: there[name] for name in ("card_id", "time_id")})
    dynamodb.put_item(
        TableName=table, Item=there | {field.name: to_item(one._replace(**{field.name: value}))[field.name]}
    )


def change_lines(stack: Stack, changes: dict[str, tuple[str, Any]]) -> None:
    for key, body in stack.objects("LakeBucket", "transactions/"):
        lines = [json.loads(line) for line in body.splitlines()]
        if mine := [line for line in lines if line["transaction_id"] in changes]:
            for line in mine:
                name, value = changes[line["transaction_id"]]
                line[name] = str(value) if isinstance(value, Decimal) else value
            text = gzip.compress("".join(json.dumps(line) + "\n" for line in lines).encode())
            stack.client("s3").put_object(Bucket=stack.outputs["LakeBucket"], Key=key, Body=text)


def change_row(stack: Stack, identity: str, field: Field, value: Any) -> None:
    text = str(value).replace("T", " ").removesuffix("Z") if field.kind is MOMENT else str(value)
    stack.sql(f"UPDATE core.transaction SET {field.name} = '{text}' WHERE transaction_id = '{identity}'")


def core(stack: Stack, identity: str, columns: str = "amount, card_last4, is_fraud") -> list[list[Any]]:
    return stack.sql(f"SELECT {columns} FROM core.transaction WHERE transaction_id = '{identity}'")


def test_conflicts_labels_and_corrections_end_the_same_in_every_store(stack: Stack, rows: list[dict[str, str]]) -> None:
    same_key, other_key, labelled, fixed, *rest = rows
    labelled["is_fraud"] = ""
    sent(stack, *rows)
    balanced(stack)

    sent(stack, same_key | {"amt": "0.01"}, other_key | {"amt": "0.02", "cc_num": rest[0]["cc_num"]})
    sent(stack, labelled | {"is_fraud": "1"})
    ids = [one["trans_num"] for one in (same_key, other_key)]
    wait_until(
        lambda: len([key for key in conflicts(stack) if key.split("/")[1].startswith(tuple(ids))]) == 2, 60, "conflicts"
    )
    balanced(stack)
    assert [row[0] for row in core(stack, same_key["trans_num"])] == ["0.01"]
    assert item(stack, same_key["trans_num"])["amount"]["N"] == "0.01"
    (amount, last4, _), *none = core(stack, other_key["trans_num"])
    assert not none
    found = item(stack, other_key["trans_num"])
    assert (float(found["amount"]["N"]), found["card_last4"]["S"]) == (float(amount), last4)
    assert item(stack, labelled["trans_num"])["is_fraud"]["BOOL"] is True
    assert core(stack, labelled["trans_num"], "is_fraud") == [[True]]
    mart = f"SELECT is_fraud FROM mart.purchase WHERE transaction_id = '{labelled['trans_num']}'"
    wait_until(lambda: stack.sql(mart) == [[True]], 60, "the marts have the label")

    stack.run("correct", fixed["trans_num"], "--set", "amt=99999.99", "--by", "operations", "--yes")
    wait_until(lambda: core(stack, fixed["trans_num"], "amount") == [["99999.99"]], 60, "the correction")
    sent(stack, fixed)
    balanced(stack)
    assert core(stack, fixed["trans_num"], "amount, corrected_by") == [["99999.99", "operations"]]

    (key,) = [one for one in conflicts(stack) if one.split("/")[1].startswith(same_key["trans_num"])]
    stack.run("quarantine", "settle", key, "--keep", "other", "--yes")
    wait_until(lambda: [float(row[0]) for row in core(stack, ids[0])] == [float(same_key["amt"])], 60, "settled")
    balanced(stack)
    assert key not in conflicts(stack)


def test_a_label_that_comes_later_counts_in_the_precision_and_for_training(stack: Stack, csv_file: Any) -> None:
    path = csv_file(rows=2000)
    with path.open(encoding="utf-8", newline="") as file:
        unlabelled = {row["trans_num"]: row | {"is_fraud": ""} for row in csv.DictReader(file)}
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, next(iter(unlabelled.values())))
        writer.writeheader()
        writer.writerows(unlabelled.values())
    stack.run("send", path)

    def alerted() -> list[str]:
        listed = map(json.loads, stack.run("alerts", "--limit", 1000, "--json").stdout.splitlines())
        return [one["transaction_id"] for one in listed if one["transaction_id"] in unlabelled]

    (identity, *_) = wait_until(alerted, 90, "a transaction without a label raises an alert", every=2)

    def frauds() -> int:
        periods = json.loads(stack.run("alerts", "precision", "--days", 2, "--json").stdout)
        return sum(int(period["fraud"]) for period in periods)

    balanced(stack)
    before = frauds()
    sent(stack, unlabelled[identity] | {"is_fraud": "1"})
    wait_until(lambda: frauds() == before + 1, 90, "the label counts in the precision", every=2)
    late = stack.run("alerts", "verdicts", "--late-labels").stdout
    assert f"{identity},fraud" in late.splitlines()
    assert item(stack, identity)["is_fraud"]["BOOL"] is True


@pytest.mark.parametrize("part", [0, 1], ids=["one half of the columns", "the other half"])
def test_each_column_that_is_changed_in_a_store_is_named_and_repaired(
    stack: Stack, rows: list[dict[str, str]], part: int
) -> None:
    fields = [field for field in FIELDS if field.name != "transaction_id"][part::2]
    assert 3 * len(fields) <= len(rows)
    sent(stack, *rows)
    balanced(stack)
    ids = [row["trans_num"] for row in rows]
    stored = {one: content_of(item(stack, one)) for one in ids}
    plan = {
        store: {ids[3 * at + number]: field for at, field in enumerate(fields)}
        for number, store in enumerate(("dynamodb", "lake", "warehouse"))
    }
    values = {
        identity: other_value(field, getattr(stored[identity], field.name))
        for of_store in plan.values()
        for identity, field in of_store.items()
    }
    for identity, field in plan["dynamodb"].items():
        change_item(stack, stored[identity], field, values[identity])
    change_lines(stack, {identity: (field.name, values[identity]) for identity, field in plan["lake"].items()})
    for identity, field in plan["warehouse"].items():
        change_row(stack, identity, field, values[identity])

    done = stack.run("reconcile", "--stores-only", "--wait", 0, "--json", check=False)
    hops = json.loads(done.stdout)["hops"]
    for store, changed in plan.items():
        named = {one["id"]: one["fields"] for one in hops[store]["differences"]}
        assert {one: field.name for one, field in changed.items() if field.name not in named.get(one, ())} == {}, store
        assert named.keys() == changed.keys(), store
    done = stack.run("repair", "--yes", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    balanced(stack)
    assert {one: content_of(item(stack, one)) for one in values} == {one: stored[one] for one in values}


def test_what_was_changed_or_removed_by_hand_is_named_and_repaired(stack: Stack, rows: list[dict[str, str]]) -> None:
    sent(stack, *rows[:3], *rows[4:])
    balanced(stack)
    sent(stack, rows[3])  # in an object of its own: of what table and warehouse disagree on, the lake must know
    balanced(stack)
    table, warehouse, gone, damaged = (row["trans_num"] for row in rows[:4])
    dynamodb, s3 = stack.client("dynamodb"), stack.client("s3")
    found = item(stack, table)
    name, bucket = stack.outputs["TableName"], stack.outputs["LakeBucket"]
    dynamodb.put_item(TableName=name, Item=found | {"amount": {"N": "99999.99"}, "city": {"S": "Elsewhere"}})
    key = {part: item(stack, gone)[part] for part in ("card_id", "time_id")}
    dynamodb.delete_item(TableName=name, Key=key)
    stack.sql(f"UPDATE core.transaction SET is_fraud = NULL, job = 'x' WHERE transaction_id = '{warehouse}'")
    latest = "(SELECT MAX(last_transaction_id) FROM core.customer)"
    stack.sql(f"UPDATE core.customer SET city = 'Nowhere' WHERE last_transaction_id = {latest}")
    objects = {key: body for key, body in stack.objects("LakeBucket", "transactions/") if damaged.encode() in body}
    for key in objects:
        s3.put_object(Bucket=bucket, Key=key, Body=b"no gzip")

    done = stack.run("reconcile", "--stores-only", "--wait", 0, "--json", check=False)
    assert done.returncode == 1
    hops = json.loads(done.stdout)["hops"]
    assert {"id": table, "fields": ["amount", "city"]} in hops["dynamodb"]["differences"]
    assert gone in hops["dynamodb"]["missing_ids"]
    assert {"id": warehouse, "fields": ["job", "is_fraud"]} in hops["warehouse"]["differences"]
    assert ["customer.city"] in [one["fields"] for one in hops["warehouse"]["differences"]]
    assert set(hops["lake"]["damaged"]) == set(objects)

    assert stack.run("repair", check=False).returncode == 1
    assert item(stack, table)["amount"]["N"] == "99999.99"
    done = stack.run("repair", "--yes", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert item(stack, table) == found
    balanced(stack)
    assert json.loads(stack.run("repair", "--json").stdout)["stores"] == {"dynamodb": 0, "lake": 0, "warehouse": 0}


def test_a_wrong_line_of_the_lake_is_rewritten(stack: Stack, rows: list[dict[str, str]]) -> None:
    sent(stack, *rows)
    balanced(stack)
    identity = rows[5]["trans_num"]
    ((key, body),) = [one for one in stack.objects("LakeBucket", "transactions/") if identity.encode() in one[1]]
    lines = [json.loads(line) for line in body.splitlines()]
    for line in lines:
        line["merchant"] += "!" if line["transaction_id"] == identity else ""
    text = gzip.compress("".join(json.dumps(line) + "\n" for line in lines).encode())
    stack.client("s3").put_object(Bucket=stack.outputs["LakeBucket"], Key=key, Body=text)
    done = stack.run("reconcile", "--stores-only", "--wait", 0, "--json", check=False)
    assert json.loads(done.stdout)["hops"]["lake"]["differences"] == [{"id": identity, "fields": ["merchant"]}]
    stack.run("repair", "--yes")
    assert dict(stack.objects("LakeBucket", key))[key] == body
