"""AWS/SQS per queue: how many messages are visible, and how old the oldest one is; looked at every few seconds.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
"""

from __future__ import annotations

import time
from typing import Any

from local.cloudwatch.observe.recorder import Recorder, count, seconds


def look(sqs: Any, recorder: Recorder) -> None:
    """Record the gauges of each queue there is."""
    now = time.time()
    for url, queue in list(sqs._queues.items()):
        messages = list(queue["messages"])
        visible = sum(1 for message in messages if message.get("visible_at", 0) <= now)
        oldest = max((now - message["sent_at"] for message in messages), default=0.0)
        recorder.record(
            {"ApproximateNumberOfMessagesVisible": count(visible), "ApproximateAgeOfOldestMessage": seconds(oldest)},
            {"QueueName": str(url).rsplit("/", 1)[-1]},
        )
