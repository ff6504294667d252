"""A few thousand transactions through every hop, compared by content: API, table, lake, warehouse, fraud."""

from __future__ import annotations

import gzip
import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

import requests

from client.query.api import Question, ReadApi
from client.verify.line import CheckFailedError
from client.verify.rows import Content, seconds_of
from client.verify.run import Run
from client.verify.warehouse import rows as warehouse_rows

ROWS_PER_REQUEST = 500
REQUEST_SECONDS = 40


def send(run: Run) -> str:
    """Post the rows, each request until it is answered; every one must be accepted."""
    stage = run.stage
    session = requests.Session()
    session.trust_env, session.auth = not stage.local, stage.api_auth
    session.headers["x-api-key"] = stage.api_key
    rows, answer = run.sample.rows, None
    for begin in range(0, len(rows), ROWS_PER_REQUEST):
        part = rows[begin : begin + ROWS_PER_REQUEST]
        headers = {"Idempotency-Key": str(uuid.uuid4()), "Content-Type": "application/json"}

        def post(part: list[dict[str, Any]] = part, headers: dict[str, str] = headers) -> bool:
            nonlocal answer
            answer = session.post(stage.transactions_url, json=part, headers=headers, timeout=REQUEST_SECONDS)
            return answer.status_code < 429

        run.wait(post, 20.0 if stage.local else 60.0)
        assert answer is not None
        if answer.status_code >= 300:
            raise CheckFailedError(
                f"the API answers {answer.status_code}: {answer.text[:200]}{run.why('write-to-kinesis')}",
                "403: the sender's key and its usage plan; 5xx: docs/runbook.md#write-to-kinesis-errors",
            )
        run.acknowledged += len(part)
    return f"{run.acknowledged:,} transactions accepted"


def table(run: Run) -> str:
    """The table holds each row, by the index that finds a merchant's."""
    return _compared(run, "the table", lambda: _of_table(run), "write-to-dynamodb")


def lake(run: Run) -> str:
    """The lake holds each row."""
    return _compared(run, "the lake", lambda: _of_lake(run), "write-to-s3")


def warehouse(run: Run) -> str:
    """core.transaction holds each row, once."""
    return _compared(run, "the warehouse", lambda: _of_warehouse(run), "merge-warehouse")


def fraud(run: Run) -> str:
    """detect-fraud has seen each card: it has a profile."""
    name, cards = run.stage.output("ProfilesTableName"), card_ids(run)
    dynamodb = run.stage.client("dynamodb")
    missing: list[str] = []

    def done() -> bool:
        keys = [{"card_id": {"S": card}} for card in cards]
        found = dynamodb.batch_get_item(RequestItems={name: {"Keys": keys, "ProjectionExpression": "card_id"}})
        known = {item["card_id"]["S"] for item in found["Responses"].get(name, [])}
        missing[:] = sorted(set(cards) - known)
        return not missing

    if not cards or not run.wait(done):
        raise CheckFailedError(
            f"{len(missing) or len(run.sample.cards)} cards have no profile{run.why('detect-fraud')}",
            "docs/runbook.md#detect-fraud-errors",
        )
    return f"{len(cards)} cards scored"


def read_api(run: Run) -> str:
    """The reading API finds the rows by merchant for readers, and by card number, and refuses the sender's key."""
    stage, sample = run.stage, run.sample

    def reader(key: str) -> ReadApi:
        return ReadApi(stage.api_url, key, trust_environment=not stage.local, auth=stage.api_auth)

    found = list(reader(stage.reader_api_key).transactions(Question(merchant=sample.merchant), 2 * sample.count))
    if len(found) != sample.count:
        raise CheckFailedError(
            f"GET /transactions gives {len(found):,} of {sample.count:,}{run.why('query-transactions')}",
            "docs/runbook.md#query-transactions-errors",
        )
    by_card = list(reader(stage.reader_api_key).transactions(Question(card_number=sample.cards[0]), sample.count))
    wanted = sum(1 for row in sample.rows if row["cc_num"] == sample.cards[0])
    if len(by_card) != wanted:
        raise CheckFailedError(
            f"POST /transactions/search gives {len(by_card)} of {wanted}{run.why('query-transactions')}",
            "is a card key missing from the secret? docs/runbook.md#query-transactions-errors",
        )
    refused = requests.get(
        f"{stage.api_url}/transactions",
        params={"merchant": sample.merchant},
        headers={"x-api-key": stage.api_key},
        auth=stage.api_auth,
        timeout=REQUEST_SECONDS,
    )
    if refused.status_code != 403:
        raise CheckFailedError(
            f"the sender's key reads: the API answers {refused.status_code}, expected 403",
            "READER_API_KEY_ID of query-transactions is not the reader's",
        )
    return f"{len(found):,} rows by merchant, {wanted} by card number; the sender's key may not read"


def card_ids(run: Run) -> list[str]:
    """The ids of the run's cards, as the table has them."""
    return sorted({item["card_id"]["S"] for item in items(run)})


def items(run: Run) -> Iterator[dict[str, Any]]:
    """The run's items of the table."""
    pages = run.stage.client("dynamodb").get_paginator("query")
    for bucket in run.sample.buckets:
        for page in pages.paginate(
            TableName=run.stage.output("TableName"),
            IndexName="merchant-time",
            KeyConditionExpression="merchant_bucket = :bucket",
            ExpressionAttributeValues={":bucket": {"S": bucket}},
        ):
            yield from page["Items"]


def lake_objects(run: Run) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The objects of the lake written since the run began, with their lines."""
    s3, bucket = run.stage.client("s3"), run.stage.output("LakeBucket")
    prefix = f"transactions/ingest_date={run.sample.began:%Y-%m-%d}"
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="transactions/", StartAfter=prefix)
    for page in pages:
        for item in page.get("Contents", []):
            if item["LastModified"].timestamp() >= run.sample.began.timestamp() - 1:
                body = s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
                yield item["Key"], [json.loads(line) for line in gzip.decompress(body).splitlines()]


def _of_table(run: Run) -> dict[str, Content]:
    return {
        item["transaction_id"]["S"]: (
            seconds_of(item["occurred_at"]["S"]),
            Decimal(item["amount"]["N"]),
            item["card_last4"]["S"],
        )
        for item in items(run)
    }


def _of_lake(run: Run) -> dict[str, Content]:
    return {
        line["transaction_id"]: (seconds_of(line["occurred_at"]), Decimal(line["amount"]), line["card_last4"])
        for _, lines in lake_objects(run)
        for line in lines
        if line["merchant_id"] == run.sample.merchant_id
    }


def _of_warehouse(run: Run) -> dict[str, Content]:
    found: dict[str, Content] = {}
    columns = "transaction_id, occurred_at, amount, card_last4"
    sql = f"SELECT {columns} FROM core.transaction WHERE merchant_id = '{run.sample.merchant_id}'"  # noqa: S608  hex
    for row in warehouse_rows(run.stage, sql):
        if row["transaction_id"] in found:
            raise CheckFailedError(
                f"core.transaction holds {row['transaction_id']} twice", "docs/runbook.md#merge-warehouse-errors"
            )
        content = (seconds_of(row["occurred_at"]), Decimal(str(row["amount"])), row["card_last4"])
        found[row["transaction_id"]] = content
    return found


def _compared(run: Run, title: str, read: Callable[[], Mapping[str, Content]], function: str) -> str:
    wanted: Mapping[str, Content] = run.sample.content
    found: dict[str, Content] = {}

    def complete() -> bool:
        found.clear()
        found.update(read())
        return len(wanted.keys() - found.keys()) == 0

    if not run.wait(complete):
        missing = len(wanted.keys() - found.keys())
        raise CheckFailedError(
            f"{title} lacks {missing:,} of {len(wanted):,} transactions{run.why(function)}",
            f"docs/runbook.md#{function}-errors; the rows stay on the stream and in the lake: `swipeline replay`",
        )
    others = [name for name in wanted if found[name] != wanted[name]]
    if others:
        raise CheckFailedError(
            f"{title} holds {len(others):,} transactions with other content, e.g. {others[0]}: {found[others[0]]},"
            f" sent was {wanted[others[0]]}",
            "compare the releases of the functions: was one rolled back alone?",
        )
    return f"{len(wanted):,} transactions, equal in content"
