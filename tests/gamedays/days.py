"""The game days: what is broken, where it must be seen, and which repair of the runbook cures it."""

from __future__ import annotations

import json
import os
import signal
from typing import Any

import requests

from local.cloudwatch.faults import FAULTS_PATH
from local.control import call
from local.processes import PROCESSES, held_file, is_healthy
from local.settings import Settings
from tests.e2e.outages import pid
from tests.e2e.stack import wait_until
from tests.gamedays.day import Day, Step
from tests.gamedays.world import World

ROLES = "swipeline repair-roles --yes"
UNSTOP = "aws lambda delete-function-concurrency --function-name swipeline-STAGE-FUNCTION"
ENABLE = "aws lambda update-event-source-mapping --uuid UUID --enabled"
CONSUMERS = ("write-to-dynamodb", "write-to-s3", "detect-fraud")
MAPPINGS, BACKLOG, QUARANTINE = "Event source mappings", "Backlog", "Quarantine"


def no_policies(function: str) -> Step:
    """The role of a function loses what it may do."""
    return lambda world: world.take_policies(world.broken.role_of(function))


def role_without(role: str) -> Step:
    return lambda world: world.take_policies(world.prefix + role)


def disabled(function: str) -> Step:
    def breaks(world: World) -> None:
        uuid = world.mapping(function)
        world.broken.functions.update_event_source_mapping(UUID=uuid, Enabled=False)

    return breaks


def stopped_by_hand(function: str) -> Step:
    return lambda world: world.broken.functions.put_function_concurrency(
        FunctionName=world.prefix + function, ReservedConcurrentExecutions=0
    )


def invoked(function: str) -> Step:
    return lambda world: world.broken.invoke(function)


def throttled(service: str, operation: str) -> Step:
    def breaks(world: World) -> None:
        code = "ProvisionedThroughputExceededException"
        fault = {"service": service, "operation": operation, "code": code, "status": 400, "share": 1.0, "seconds": 500}
        assert call(Settings(world.stack.home, world.stack.port), "POST", FAULTS_PATH, fault)[0] == 200

    return breaks


def no_more_faults(world: World) -> None:
    assert call(Settings(world.stack.home, world.stack.port), "POST", FAULTS_PATH, {})[0] == 200


def frozen(process: str) -> Step:
    """A process that lives and does nothing."""

    def breaks(world: World) -> None:
        found = pid(world.stack, process)
        assert found
        os.kill(found, signal.SIGSTOP)

    return breaks


def killed_for_long(process: str) -> Step:
    def breaks(world: World) -> None:
        held_file(Settings(world.stack.home, world.stack.port), process).touch()
        wait_until(lambda: pid(world.stack, process) is None, 30, f"{process} is dead")

    return breaks


def back(process: str) -> Step:
    def ends(world: World) -> None:
        settings = Settings(world.stack.home, world.stack.port)
        (one,) = (one for one in PROCESSES if one.name == process)
        held_file(settings, process).unlink()
        wait_until(lambda: is_healthy(settings, one), 90, f"{process} is up again")

    return ends


def copies_retried_for(world: World, seconds: int) -> None:
    firehose, name = world.stack.client("firehose"), world.stack.outputs["DeliveryStreamName"]
    stream = firehose.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]
    (destination,) = stream["Destinations"]
    world.notes.setdefault(
        "copy retry", destination["RedshiftDestinationDescription"]["RetryOptions"]["DurationInSeconds"]
    )
    firehose.update_destination(
        DeliveryStreamName=name,
        CurrentDeliveryStreamVersionId=stream["VersionId"],
        DestinationId=destination["DestinationId"],
        RedshiftDestinationUpdate={"RetryOptions": {"DurationInSeconds": seconds}},
    )


def warehouse_away_for_too_long(world: World) -> None:
    copies_retried_for(world, 3)
    killed_for_long("redshift")(world)


def warehouse_is_back(world: World) -> None:
    back("redshift")(world)
    copies_retried_for(world, world.notes.pop("copy retry"))


def loader_locked_out(world: World) -> None:
    """Somebody took the loader's grants."""
    (loader,) = {row[0] for row in world.stack.sql("SELECT usename FROM pg_user WHERE usename LIKE '%loader%'")}
    world.stack.sql(f"REVOKE INSERT ON staging.transaction FROM {loader}")


def poisoned(count: int) -> Step:
    def breaks(world: World) -> None:
        kinesis, name = world.stack.client("kinesis"), world.stack.outputs["StreamName"]
        records = [{"Data": b"poison %d\n" % number, "PartitionKey": str(number)} for number in range(count)]
        for start in range(0, count, 500):
            assert kinesis.put_records(StreamName=name, Records=records[start : start + 500])["FailedRecordCount"] == 0

    return breaks


def quarantine_refuses(world: World) -> None:
    """The bucket takes nothing from write-to-s3 while unreadable records arrive."""
    world.stack.client("iam").put_role_policy(
        RoleName=world.broken.role_of("write-to-s3"),
        PolicyName="by-hand",
        PolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Deny",
                        "Action": "s3:PutObject",
                        "Resource": f"arn:aws:s3:::{world.stack.outputs['QuarantineBucket']}/*",
                    }
                ],
            }
        ),
    )
    poisoned(3)(world)


def gives_up_at_once(function: str) -> Step:
    """The mapping gives batches up at the first failure, and the role may not write."""

    def breaks(world: World) -> None:
        functions, uuid = world.broken.functions, world.mapping(function)
        found = functions.get_event_source_mapping(UUID=uuid)
        kept = {key: found[key] for key in ("MaximumRetryAttempts", "BisectBatchOnFunctionError")}
        world.notes[f"rules of {function}"] = kept
        functions.update_event_source_mapping(UUID=uuid, MaximumRetryAttempts=0, BisectBatchOnFunctionError=False)
        document = {"Effect": "Deny", "Action": ["dynamodb:BatchWriteItem", "dynamodb:PutItem"], "Resource": "*"}
        world.stack.client("iam").put_role_policy(
            RoleName=world.broken.role_of(function),
            PolicyName="by-hand",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [document]}),
        )

    return breaks


def patient_again(function: str) -> Step:
    def ends(world: World) -> None:
        rules = world.notes.pop(f"rules of {function}")
        world.broken.functions.update_event_source_mapping(UUID=world.mapping(function), **rules)

    return ends


def event_without_a_run(world: World) -> None:
    """What EventBridge could not start a run for."""
    object_of = {"bucket": {"name": world.stack.outputs["RawBucket"]}, "object": {"key": "transactions/gone.csv"}}
    sqs = world.stack.client("sqs")
    sqs.send_message(QueueUrl=world.stack.queue_url("batch-not-started"), MessageBody=json.dumps({"detail": object_of}))


def two_contents(world: World) -> None:
    """A sender that uses one ID for two purchases."""
    rows: list[dict[str, Any]] = world.notes["rows"]
    first = dict(rows[0])
    for amount in ("11.10", "22.20"):
        assert world.stack.post([first | {"trans_num": "game-day-conflict", "amt": amount}]).status_code == 202


def read(world: World) -> None:
    stack = world.stack
    key = stack.client("apigateway").get_api_key(apiKey=stack.outputs["ReaderApiKeyId"], includeValue=True)["value"]
    url = stack.url.removesuffix("/transactions") + "/merchants?prefix=a"
    requests.get(url, headers={"x-api-key": key}, timeout=30)


def write(world: World) -> None:
    world.stack.post(world.notes["rows"][:5])


def role(function: str, alarm: str, entry: str, poke: Step | None = None, number: int = 1, sends: bool = True) -> Day:
    """A day on which the role of a function, or of a service, loses its policies."""
    name = function.removesuffix(" role")
    breaks = no_policies(function) if name == function else role_without(name)
    return Day(
        f"the role of {name} has lost its policies",
        number,
        breaks,
        "Deploy",
        f"{name}",
        alarm,
        entry,
        (ROLES,),
        poke=poke,
        lasting=poke is None,  # the alarm counts calls that fail: it is as steady as they are
        sends=sends,
    )


DAYS = (
    # 1: what roles may do
    *(role(name, f"{name}-backlog", f"{name}-backlog") for name in CONSUMERS),
    role("query-transactions", "api-5xx", "api-5xx", read),
    *(role(name, f"{name}-errors", f"{name}-errors", invoked(name)) for name in ("measure-fraud", "migrate-warehouse")),
    # 2: mappings and queues
    *(
        Day(
            f"the event source mapping of {name} is disabled",
            2,
            disabled(name),
            MAPPINGS,
            name,
            f"{name}-backlog",
            f"{name}-backlog",
            (ENABLE,),
        )
        for name in CONSUMERS
    ),
    role("delivery role", "delivery-late", "delivery-late", number=2),
    Day(
        "a file arrived and no batch run started",
        2,
        event_without_a_run,
        "Alarms",
        "batch-not-started",
        "batch-not-started",
        "batch-not-started",
        ("swipeline dead-letters redrive batch-not-started --yes",),
    ),
    # 3: functions stopped by hand
    *(
        Day(
            f"{name} has no concurrency: somebody stopped it",
            3,
            stopped_by_hand(name),
            MAPPINGS,
            name,
            f"{name}-backlog",
            "throttles",
            (UNSTOP,),
        )
        for name in CONSUMERS
    ),
    Day(
        "merge-warehouse has no concurrency: somebody stopped it",
        3,
        stopped_by_hand("merge-warehouse"),
        "Deliveries and merges",
        "merges",
        "merge-lag",
        "throttles",
        (UNSTOP,),
    ),
    Day(
        "query-transactions has no concurrency: somebody stopped it",
        3,
        stopped_by_hand("query-transactions"),
        "Alarms",
        "throttles",
        "throttles",
        "throttles",
        (UNSTOP,),
        poke=read,
    ),
    # 4: the way in
    role("write-to-kinesis", "api-5xx", "api-5xx", write, number=4, sends=False),
    role("merge-warehouse", "merge-warehouse-errors", "merge-warehouse-errors", invoked("merge-warehouse"), number=4),
    # 5: what is set aside, and what waits
    Day(
        "a flood of 500 unreadable records",
        5,
        poisoned(500),
        QUARANTINE,
        "lines",
        "quarantined",
        "quarantined",
        ("swipeline quarantine discard --kind lines --note WHY --yes",),
        lasting=False,
    ),
    Day(
        "one ID comes with two contents",
        5,
        two_contents,
        QUARANTINE,
        "conflicts",
        "conflicts",
        "conflicts",
        ("swipeline quarantine settle KEY --keep stored --yes",),
        lasting=False,
    ),
    Day(
        "write-to-dynamodb gives batches up",
        5,
        gives_up_at_once("write-to-dynamodb"),
        QUARANTINE,
        "batches",
        "write-to-dynamodb-gave-up",
        "write-to-dynamodb-gave-up",
        (ROLES, "swipeline quarantine redrive --kind batches --yes"),
        ends=patient_again("write-to-dynamodb"),
        lasting=False,
    ),
    # 6: a stream that refuses
    Day(
        "the stream throttles every PutRecords",
        6,
        throttled("kinesis", "PutRecords"),
        "Alarms",
        "stream-refusing",
        "stream-refusing",
        "stream-refusing",
        ends=no_more_faults,
        poke=write,
        sends=False,
    ),
    # 7: stores that are unavailable
    Day(
        "the warehouse is unavailable for longer than Firehose retries",
        7,
        warehouse_away_for_too_long,
        QUARANTINE,
        "manifests",
        "copy-failed",
        "copy-failed",
        ("swipeline quarantine redrive --kind manifests --yes",),
        ends=warehouse_is_back,
        lasting=False,
    ),
    Day(
        "the table throttles every BatchWriteItem",
        7,
        throttled("dynamodb", "BatchWriteItem"),
        "Alarms",
        "table-refusing",
        "table-refusing",
        "table-refusing",
        ends=no_more_faults,
    ),
    Day(
        "the quarantine refuses unreadable records",
        7,
        quarantine_refuses,
        "Deploy",
        "write-to-s3",
        "write-to-s3-backlog",
        "write-to-s3-backlog",
        (ROLES,),
        ends=lambda world: None,
    ),
    # 8: a manual change in the warehouse, a process that hangs
    Day(
        "the loader has lost its grant on staging",
        8,
        loader_locked_out,
        "Deliveries and merges",
        "to-warehouse",
        "copy-failed",
        "copy-failed",
        ("swipeline migrate --stage STAGE",),
    ),
    Day(
        "the process event-sources hangs",
        8,
        frozen("event-sources"),
        "Embedded AWS",
        "event-sources",
        "detect-fraud-backlog",
        "a-process-of-the-embedded-aws",
        ("swipeline up",),
    ),
    # 9: another process that hangs
    Day(
        "the process firehose hangs",
        9,
        frozen("firehose"),
        "Embedded AWS",
        "firehose",
        entry="a-process-of-the-embedded-aws",
        repair=("swipeline up",),
    ),
)
