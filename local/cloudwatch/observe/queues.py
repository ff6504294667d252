"""AWS/SQS ApproximateNumberOfMessagesVisible per queue, looked at every few seconds.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
"""

from __future__ import annotations

import time
from typing import Any

from local.cloudwatch.observe.recorder import Recorder, count


def look(sqs: Any, recorder: Recorder) -> None:
    """Record the gauge of each queue there is."""
    now = time.time()
    for url, queue in list(sqs._queues.items()):
        visible = sum(1 for message in list(queue["messages"]) if message.get("visible_at", 0) <= now)
        recorder.record(
            {"ApproximateNumberOfMessagesVisible": count(visible)}, {"QueueName": str(url).rsplit("/", 1)[-1]}
        )
