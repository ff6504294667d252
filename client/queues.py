"""A stage's SQS queues by their names without service and stage."""

from __future__ import annotations

from client.aws import SERVICE, Stage

_WAITING = tuple(f"ApproximateNumberOfMessages{suffix}" for suffix in ("", "NotVisible", "Delayed"))


def queue_url(stage: Stage, name: str) -> str:
    """Give the URL of a queue. Raises what boto3 raises, also if there is no such queue."""
    return str(stage.client("sqs").get_queue_url(QueueName=f"{SERVICE}-{stage.name}-{name}")["QueueUrl"])


def messages(stage: Stage, name: str) -> int:
    """Give about how many messages a queue holds, hidden and delayed ones included."""
    answer = stage.client("sqs").get_queue_attributes(QueueUrl=queue_url(stage, name), AttributeNames=list(_WAITING))
    return sum(int(answer["Attributes"][one]) for one in _WAITING)
