"""How many records each consumer has still to process, and how long the oldest has waited: read from the stream itself.

Lambda does not show its checkpoints. A consumer logs each batch that it has processed, and Lambda keeps each batch that
it gave up; the records behind the last of those are the backlog. With parallelizationFactor above 1 a lane may be
further behind than the last batch shows: the alarm on its age rings then.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from botocore.exceptions import ClientError as AwsError

from client.doctor.finding import OK, PROBLEM, UNKNOWN, Finding, duration
from client.logs import Logs
from client.verify.deployed import Deployed

AREA = "Backlog"
MOST_LINES = 500
MOST_READS = 20  # calls of GetRecords a shard: up to 200,000 records or 200 MB
MOST_GIVEN_UP = 50
_PROCESSED = (
    "filter failed_records = 0 and ispresent(sequence_range) | fields shard_id, sequence_range "
    f"| sort @timestamp desc | limit {MOST_LINES}"
)


class Waiting(NamedTuple):
    """A record of the stream: its place in the shard, and when it arrived."""

    shard: str
    number: int
    arrived_at: datetime


class OnStream(NamedTuple):
    """What the stream holds behind some places; `complete` is false where more is there than was read."""

    records: list[Waiting]
    complete: bool


def backlog(deployed: Deployed, now: datetime | None = None) -> Iterator[Finding]:
    """Give a finding for each consumer of the transaction stream."""
    now = now or datetime.now(UTC)
    stage = deployed.stage
    consumers = consumers_of(deployed)
    places: dict[str, dict[str, int]] = {}
    for name, uuid in consumers.items():
        places[name] = latest(processed(deployed, name, now), given_up(deployed, uuid, now))
    shards = [shard for page in _shard_pages(stage) for shard in page["Shards"]]
    found = behind(stage, [shard["ShardId"] for shard in shards], places)
    late = timedelta(seconds=30 if stage.local else 300)
    for name in consumers:
        yield assess(name, places[name], found, now, late)


def assess(name: str, places: dict[str, int], stream: OnStream, now: datetime, late: timedelta) -> Finding:
    """The finding for a consumer that is done up to these places of its shards."""
    waiting = [one for one in stream.records if one.number > places.get(one.shard, -1)]
    anchor, help_ = f"{name}-backlog", "swipeline logs failed-batches ; swipeline logs errors-by-function"
    if not waiting:
        if stream.complete:
            return Finding(AREA, name, OK, "No records wait.")
        return Finding(AREA, name, UNKNOWN, "The stream was not read to its end.", runbook=anchor)
    oldest = now - min(one.arrived_at for one in waiting)
    more = "" if stream.complete else " or more"
    text = f"{len(waiting):,}{more} records wait, the oldest for {duration(oldest.total_seconds())}."
    if oldest > late:
        return Finding(AREA, name, PROBLEM, text, help_, anchor, len(waiting))
    if not stream.complete:
        return Finding(AREA, name, UNKNOWN, text, runbook=anchor, waiting=len(waiting))
    return Finding(AREA, name, OK, text, waiting=len(waiting))


def consumers_of(deployed: Deployed) -> dict[str, str]:
    """The functions that read the transaction stream, with their mappings' UUIDs."""
    client, found = deployed.stage.client("lambda"), {}
    for uuid in deployed.of_type("AWS::Lambda::EventSourceMapping"):
        try:
            mapping = client.get_event_source_mapping(UUID=uuid)
        except AwsError:
            continue  # the finding on mappings names it
        if str(mapping["EventSourceArn"]).split(":")[2] == "kinesis":
            found[str(mapping["FunctionArn"]).split(":")[6].removeprefix(f"{deployed.stack}-")] = uuid
    return found


def processed(deployed: Deployed, function: str, now: datetime) -> Iterator[tuple[str, int]]:
    """Shard and last number of the batches that a function says it has processed, as long as the stream remembers."""
    group = f"/aws/lambda/{deployed.stack}-{function}"
    start = now.timestamp() - 3600 * _retention_hours(deployed)
    for row in Logs(deployed.stage).run([group], _PROCESSED, start, now.timestamp() + 60)["rows"]:
        last = str(row["sequence_range"]).rpartition("-")[2]
        if last.isdigit():
            yield str(row.get("shard_id", "")), int(last)


def given_up(deployed: Deployed, uuid: str, now: datetime) -> Iterator[tuple[str, int]]:
    """Shard and last number of the newest batches that the mapping gave up, redriven or not."""
    s3, bucket = deployed.stage.client("s3"), deployed.stage.output("QuarantineBucket")
    objects = []
    for prefix in ("", "redriven/", "discarded/"):
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}aws/lambda/{uuid}/")
        objects += [item for page in pages for item in page.get("Contents", [])]
    for item in sorted(objects, key=lambda item: item["LastModified"], reverse=True)[:MOST_GIVEN_UP]:
        try:
            about = json.loads(s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read())["KinesisBatchInfo"]
            yield str(about["shardId"]), int(about["endSequenceNumber"])
        except (ValueError, KeyError, TypeError):
            continue  # put there by hand


def latest(*sources: Iterable[tuple[str, int]]) -> dict[str, int]:
    """The highest number of each shard."""
    found: dict[str, int] = {}
    for source in sources:
        for shard, number in source:
            found[shard] = max(number, found.get(shard, -1))
    return found


def behind(stage: Any, shards: list[str], places: dict[str, dict[str, int]]) -> OnStream:
    """The records behind the place of the consumer that is furthest behind, of each shard."""
    records: list[Waiting] = []
    complete = True
    for shard in shards:
        first = min((of.get(shard, -1) for of in places.values()), default=-1)
        read, ended = _read(stage, shard, first)
        records += read
        complete = complete and ended
    return OnStream(records, complete)


def _read(stage: Any, shard: str, after: int) -> tuple[list[Waiting], bool]:
    kinesis, records = stage.client("kinesis"), []
    iterator = _iterator(stage, shard, after)
    for _ in range(MOST_READS):
        answer = kinesis.get_records(ShardIterator=iterator, Limit=10_000)
        records += [
            Waiting(shard, int(one["SequenceNumber"]), one["ApproximateArrivalTimestamp"]) for one in answer["Records"]
        ]
        iterator = answer.get("NextShardIterator")
        if iterator is None or answer["MillisBehindLatest"] == 0:
            return records, True
    return records, False


def _iterator(stage: Any, shard: str, after: int) -> str:
    kinesis, about = stage.client("kinesis"), {"StreamName": stage.output("StreamName"), "ShardId": shard}
    if after >= 0:
        try:
            return str(
                kinesis.get_shard_iterator(
                    **about, ShardIteratorType="AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=str(after)
                )["ShardIterator"]
            )
        except AwsError as error:
            if error.response["Error"]["Code"] != "InvalidArgumentException":
                raise  # else it is older than the retention: all that is left is behind it
    return str(kinesis.get_shard_iterator(**about, ShardIteratorType="TRIM_HORIZON")["ShardIterator"])


def _shard_pages(stage: Any) -> Iterator[dict[str, Any]]:
    yield from stage.client("kinesis").get_paginator("list_shards").paginate(StreamName=stage.output("StreamName"))


def _retention_hours(deployed: Deployed) -> int:
    name = deployed.stage.output("StreamName")
    summary = deployed.stage.client("kinesis").describe_stream_summary(StreamName=name)
    return int(summary["StreamDescriptionSummary"]["RetentionPeriodHours"])
