"""The messages of the stage's dead-letter queues: listed, sent on again once the cause is fixed, or discarded."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Any

from botocore.exceptions import ClientError as AwsError

from client.aws import Stage
from client.errors import ClientError
from client.queues import messages, queue_url

HIDDEN_SECONDS = 120  # from other readers, while a message is sent on
RECEIVED_AT_ONCE = 10  # SQS gives no more
WAIT_SECONDS = 1  # long polling asks every server of SQS
MOST_ROUNDS = 1_000


QUEUES = {  # by name without service and stage
    "batch-not-started": "events for which no batch run started",
    "merges-given-up": "deliveries whose merge was given up",
}
Send = Callable[[Stage, dict[str, Any]], None]


@dataclass
class DeadLetters:
    """Messages by queue, before and after; ``failed`` has why a message could not be sent on."""

    stage: str
    dry_run: bool
    before: dict[str, int]
    after: dict[str, int] = field(default_factory=dict)
    done: int = 0
    failed: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the result as JSON."""
        return asdict(self)


def counts(stage: Stage, names: tuple[str, ...] = ()) -> dict[str, int]:
    """Return the number of messages by queue, hidden ones included. Raises ClientError for an unknown queue."""
    for name in names:
        if name not in QUEUES:
            raise ClientError(f"There is no dead-letter queue {name!r}: use {' or '.join(QUEUES)}.")
    return {name: messages(stage, name) for name in names or QUEUES}


def redrive(stage: Stage, names: tuple[str, ...] = (), act: bool = False) -> DeadLetters:
    """Send each message on again and delete it from its dead-letter queue. Without ``act``, only count.

    A message that cannot be sent on stays. If it is killed between sending and deleting, the next run sends the
    message again: a batch run starts once per message, and merging twice merges once.
    """
    return _each(stage, names, act, {"batch-not-started": _start_run, "merges-given-up": _merge_again})


def discard(stage: Stage, names: tuple[str, ...], act: bool = False) -> DeadLetters:
    """Delete the messages of the queues. Without ``act``, only count. Raises ClientError if no queue is named."""
    if not names:
        raise ClientError(f"Name the queue to discard: {' or '.join(QUEUES)}.")
    return _each(stage, names, act, dict.fromkeys(QUEUES, lambda _stage, _message: None))


def _each(stage: Stage, names: tuple[str, ...], act: bool, senders: dict[str, Send]) -> DeadLetters:
    result = DeadLetters(stage.name, not act, counts(stage, names))
    for name in result.before if act else ():
        url, sqs = queue_url(stage, name), stage.client("sqs")
        for message in _messages(sqs, url):
            try:
                senders[name](stage, message)
            except (AwsError, ValueError) as error:
                result.failed.append(f"{name}, message {message['MessageId']}: {error}")
                continue
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            result.done += 1
    result.after = counts(stage, names) if act else dict(result.before)
    return result


def _messages(sqs: Any, url: str) -> Iterator[dict[str, Any]]:
    """Every message that is visible now, once."""
    seen: set[str] = set()
    for _ in range(MOST_ROUNDS):
        received = sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=RECEIVED_AT_ONCE,
            VisibilityTimeout=HIDDEN_SECONDS,
            WaitTimeSeconds=WAIT_SECONDS,
        ).get("Messages", [])
        new = [message for message in received if message["MessageId"] not in seen]
        if not new:
            return
        seen.update(message["MessageId"] for message in new)
        yield from new


def _start_run(stage: Stage, message: dict[str, Any]) -> None:
    event = json.loads(message["Body"])
    if not isinstance(event, dict) or not (event.get("raw_path") or event.get("detail")):
        raise ValueError('the message is neither an event of S3 nor {"raw_path": ...}; discard it')
    machine = stage.output("BatchMachineArn")
    # The same name for the same message: Step Functions starts one run however often it is asked.
    name = "redrive-" + sha256(message["MessageId"].encode()).hexdigest()[:32]
    try:
        stage.client("stepfunctions").start_execution(stateMachineArn=machine, name=name, input=message["Body"])
    except AwsError as error:
        if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
            raise


def _merge_again(stage: Stage, message: dict[str, Any]) -> None:
    stage.client("sqs").send_message(QueueUrl=stage.output("MergeQueueUrl"), MessageBody=message["Body"])
