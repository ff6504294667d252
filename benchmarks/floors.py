"""What a handler cannot leave out, alone: the CPU of steps whose price is a library's or a decision's."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable
from time import process_time
from typing import Any

import boto3
from botocore.config import Config

from benchmarks.answers import Answers
from functions.write_to_kinesis.idempotency import Requests
from shared.card_keys.ring import CardKeys
from shared.prepared import with_prepared_writes
from shared.retry import Budget
from shared.sinks.bulk_write import ITEMS_PER_CALL
from shared.sinks.item import to_item
from shared.sinks.lake import Body, compressed
from shared.stream.records import build_records
from shared.stream.writer import Stream
from shared.transaction.codec import decode_record, encode_line, encode_record
from shared.transaction.engine import ROW
from shared.transaction.model import parse_many
from shared.transaction.schema import Transaction
from tests.unit.fakes.lake import object_body
from tests.unit.fakes.rows import CARD_KEY

REQUEST_ROWS = 1000


def floors(rows: list[dict[str, Any]], stored: list[Transaction], rounds: int) -> list[tuple[str, str, float]]:
    """Handler, step, and CPU seconds per transaction, the smallest of the rounds; of rows and what they become."""
    answers = Answers(CARD_KEY.decode())
    answers.install()
    config = Config(parameter_validation=False, retries={"total_max_attempts": 1})
    plain, prepared = (boto3.client("dynamodb", config=config) for _ in range(2))
    with_prepared_writes(prepared)
    items = [{"PutRequest": {"Item": to_item(one)}} for one in stored]
    calls = [{"t": items[start : start + ITEMS_PER_CALL]} for start in range(0, len(items), ITEMS_PER_CALL)]
    on_stream = [encode_line(one)[:-1] for one in stored]
    record, body = encode_record(stored), json.dumps(rows).encode()
    lines = gzip.decompress(object_body(stored))
    keys = CardKeys.of(CARD_KEY)

    def write(client: Any) -> Callable[[], Any]:
        return lambda: [client.batch_write_item(RequestItems=call) for call in calls]

    requests, stream = Requests(plain, "requests"), Stream(boto3.client("kinesis", config=config), "stream")
    puts = [
        build_records(list(enumerate(stored[at : at + REQUEST_ROWS]))) for at in range(0, len(stored), REQUEST_ROWS)
    ]

    def ask() -> None:
        for put in puts:
            requests.find("sender", "key")
            stream.put(put, Budget(8.0))
            requests.keep("sender", "key", "0" * 64)

    steps: list[tuple[str, str, Callable[[], Any]]] = [
        ("write-to-kinesis", "json.loads of the request", lambda: json.loads(body)),
        ("write-to-kinesis", "the rows' values by pydantic", lambda: _each(ROW.validate_python, rows)),
        ("write-to-kinesis", "the rows as a whole: form, meaning, ids", lambda: parse_many(rows, keys)),
        ("write-to-kinesis", "encoding the stream's lines", lambda: encode_record(stored)),
        ("write-to-kinesis", "a request's calls: GetItem, PutRecords, PutItem", ask),
        ("other consumers", "decoding and checking the stream's lines", lambda: decode_record(record)),
        ("write-to-s3", "the lake's lines from the stream's", lambda: _each(Body().add, on_stream)),
        ("write-to-s3", "gzip of the lines", lambda: compressed(lines)),
        ("write-to-s3", "gzip of the lines by zlib, level 6", lambda: gzip.compress(lines, 6)),
        ("write-to-s3", "gzip of the lines by zlib, level 1", lambda: gzip.compress(lines, 1)),
        ("write-to-dynamodb", "items", lambda: _each(to_item, stored)),
        ("write-to-dynamodb", "BatchWriteItem by boto3 as it comes", write(plain)),
        ("write-to-dynamodb", "BatchWriteItem as it is called", write(prepared)),
    ]
    best = dict.fromkeys((step for _, step, _ in steps), 1e9)
    for _ in range(rounds):
        for _, step, run in steps:
            answers.seconds = 0.0
            began = process_time()
            run()
            best[step] = min(best[step], process_time() - began - answers.seconds)
    return [(handler, step, best[step] / len(stored)) for handler, step, _ in steps]


def _each(function: Callable[[Any], Any], values: Iterable[Any]) -> None:
    for value in values:
        function(value)
