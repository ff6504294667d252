"""write-to-dynamodb on moto: replays change nothing, poison stops nobody, a failure is the lowest record unstored."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from types import ModuleType

import pytest
from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import ClientError

from shared import retry
from shared.sinks.table import Table
from shared.transaction.codec import encode_record
from tests.unit.fakes.clock import FakeClock
from tests.unit.fakes.dynamodb import FakeTable
from tests.unit.fakes.events import FIRST_SEQUENCE_NUMBER, SHARD, Context, kinesis_event, on_stream
from tests.unit.fakes.faults import Fault, Kind
from tests.unit.fakes.rows import transaction
from tests.unit.handlers.conftest import Stage
from tests.unit.handlers.output import emitted, logged

Load = Callable[[str], ModuleType]
Output = Callable[[], str]
TRANSACTIONS = [transaction(number) for number in range(60)]


def ids_in_the_table(stage: Stage) -> list[str]:
    return sorted(item["transaction_id"]["S"] for item in stage.dynamodb.scan(TableName="transactions")["Items"])


def test_every_transaction_is_an_item_with_its_fields(stage: Stage, function: Load, output: Output) -> None:
    answer = function("write_to_dynamodb").handler(kinesis_event(on_stream(TRANSACTIONS)), Context())
    assert answer == {"batchItemFailures": []}
    assert ids_in_the_table(stage) == [t.transaction_id for t in TRANSACTIONS]
    t = TRANSACTIONS[7]
    key = {"card_id": {"S": t.card_id}, "time_id": {"S": f"{t.occurred_at}#{t.transaction_id}"}}
    stored = stage.dynamodb.get_item(TableName="transactions", Key=key)["Item"]
    values = {name: TypeDeserializer().deserialize(value) for name, value in stored.items()}
    assert values["amount"] == Decimal("2.86")
    assert values["merchant_bucket"] == f"{t.merchant_id}#2020-06"

    written = output()
    assert (emitted(written)["Written"], emitted(written)["Received"]) == ([60], [60])
    line = logged(written, "batch written")
    assert line["shard_id"] == SHARD
    assert line["sequence_range"].startswith(f"{FIRST_SEQUENCE_NUMBER}-")
    assert "Testman" not in written


def test_replays_and_resends_change_nothing(stage: Stage, function: Load) -> None:
    handler = function("write_to_dynamodb").handler
    handler(kinesis_event(on_stream(TRANSACTIONS)), Context())
    before = stage.dynamodb.scan(TableName="transactions")["Items"]
    handler(kinesis_event(on_stream(TRANSACTIONS)), Context())
    handler(kinesis_event(on_stream(TRANSACTIONS[10:30] + TRANSACTIONS[:20]), start=500), Context())
    assert stage.dynamodb.scan(TableName="transactions")["Items"] == before


def test_a_poison_record_is_passed_over_and_the_rest_is_written(stage: Stage, function: Load, output: Output) -> None:
    records = [
        ("00", encode_record(TRANSACTIONS[:2])),
        ("00", b"\xff\xfe\x00 poison"),
        ("00", encode_record(TRANSACTIONS[2:4])),
    ]
    answer = function("write_to_dynamodb").handler(kinesis_event(records), Context())
    assert answer == {"batchItemFailures": []}
    assert len(ids_in_the_table(stage)) == 4
    metrics = emitted(output())
    assert (metrics["Received"], metrics["Rejected"], metrics["Written"]) == ([5], [1], [4])


def test_the_lowest_record_that_is_not_stored_is_reported(
    stage: Stage, function: Load, monkeypatch: pytest.MonkeyPatch, output: Output
) -> None:
    module = function("write_to_dynamodb")
    # Of the first call, the items 3 and 7 are not processed; then the table throttles for as long as there is time.
    fake = FakeTable([Fault(Kind.PART, 0b10001000)], always=Fault(Kind.THROTTLED))
    monkeypatch.setattr(module, "table", lambda: Table(fake, "transactions", threads=1))
    monkeypatch.setattr(module, "Budget", lambda seconds: FakeClock().budget(seconds))
    records = [("00", encode_record([t])) for t in TRANSACTIONS[:10]]
    answer = module.handler(kinesis_event(records), Context())
    assert answer == {"batchItemFailures": [{"itemIdentifier": str(FIRST_SEQUENCE_NUMBER + 3)}]}
    written = output()
    assert emitted(written)["Written"] == [8]
    assert logged(written, "batch written")["failed_records"] == 2


def test_a_missing_permission_fails_loudly_and_claims_nothing(
    stage: Stage, function: Load, monkeypatch: pytest.MonkeyPatch, output: Output
) -> None:
    module = function("write_to_dynamodb")
    monkeypatch.setattr(module, "table", lambda: Table(FakeTable(always=Fault(Kind.DENIED)), "transactions"))
    with pytest.raises(ClientError, match="AccessDenied"):
        module.handler(kinesis_event(on_stream(TRANSACTIONS)), Context())
    line = logged(output(), "failed")
    assert (line["error"], line["shard_id"]) == ("AccessDeniedException", SHARD)


def test_the_time_for_repeats_ends_before_lambda_does(stage: Stage, function: Load) -> None:
    module = function("write_to_dynamodb")
    assert retry.seconds_left(Context(30_000), module.RESERVE_SECONDS, module.BUDGET_SECONDS) == 20
