"""Sends the record of a given-up batch to the mapping's on-failure destination: S3, SQS or SNS."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from enum import Enum

from botocore.exceptions import BotoCoreError, ClientError

from local.clients import STALE_CREDENTIALS, Clients, error_code
from local.event_sources.event import build_event
from local.event_sources.failure_record import failure_key, failure_record
from local.event_sources.lane import Discard
from local.event_sources.model import Mapping
from local.retry import backoff

log = logging.getLogger(__name__)

# AWS drops the record when its destination can't be written to (metric DestinationDeliveryFailures). An answer that
# says so is believed after this many tries; an emulator that can't be reached is waited for.
MOST_REFUSALS = 5


class Fate(Enum):
    """The failure record of a given-up batch."""

    DELIVERED = "delivered"
    DROPPED = "dropped"


def deliver(
    clients: Clients, mapping: Mapping, role_arn: str, shard_id: str, discard: Discard, stopping: threading.Event
) -> Fate | None:
    """Deliver with the function role's credentials. None when stopped before it was delivered or finally refused."""
    described = (
        f"{len(discard.records)} records of {mapping.function_name} {shard_id} from "
        f"{discard.records[0].sequence_number} ({discard.condition}, {discard.invocations} invocations)"
    )
    if mapping.destination_arn is None:
        log.error("Dropped %s: the mapping has no on-failure destination", described)
        return Fate.DROPPED
    tries = refusals = 0
    while not stopping.is_set():
        try:
            place = _send(clients, mapping, role_arn, shard_id, discard)
            log.warning("Gave up %s, kept at %s", described, place)
            return Fate.DELIVERED
        except (ClientError, BotoCoreError) as error:
            clients.forget_if_stale(role_arn, error)
            if isinstance(error, ClientError) and error_code(error) not in STALE_CREDENTIALS:
                refusals += 1
            if refusals >= MOST_REFUSALS:
                log.error("Dropped %s: %s refuses its record: %s", described, mapping.destination_arn, error)
                return Fate.DROPPED
            tries += 1
            stopping.wait(backoff(tries))
    return None


def _send(clients: Clients, mapping: Mapping, role_arn: str, shard_id: str, discard: Discard) -> str:
    arn = str(mapping.destination_arn)
    service, account, name = arn.split(":")[2], arn.split(":")[4], arn.split(":")[5]
    now, request_id = time.time(), str(uuid.uuid4())
    client = clients.role(service, role_arn)
    if service == "s3":
        payload = build_event(discard.records, shard_id, mapping.source_arn, role_arn)
        body = failure_record(mapping, shard_id, discard, request_id, now, payload)
        key = failure_key(mapping, shard_id, now, uuid.uuid4())
        client.put_object(Bucket=name, Key=key, Body=body.encode(), ContentType="application/json")
        return f"s3://{name}/{key}"
    body = failure_record(mapping, shard_id, discard, request_id, now, payload=None)
    if service == "sqs":
        queue = clients.root("sqs").get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]
        client.send_message(QueueUrl=queue, MessageBody=body)
    else:
        client.publish(TopicArn=arn, Message=body)
    return arn
