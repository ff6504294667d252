"""Firehose's error lines in CloudWatch Logs."""

from __future__ import annotations

import json
import logging
import time

from botocore.exceptions import BotoCoreError, ClientError

from local.clients import Clients
from local.firehose.model import DeliveryStream, LogTarget

log = logging.getLogger(__name__)


def report_error(
    clients: Clients, stream: DeliveryStream, target: LogTarget | None, role_arn: str, code: str, message: str
) -> None:
    """One line in the configured log stream, written with the delivery stream's role. Never stops a delivery."""
    log.error("%s: %s: %s", stream.name, code, message)
    if target is None:
        return
    line = {
        "deliveryStreamARN": stream.arn,
        "destination": stream.jdbc_url if code.startswith("Redshift") else f"arn:aws:s3:::{stream.bucket}",
        "deliveryStreamVersionId": int(stream.version),
        "message": message,
        "errorCode": code,
    }
    event = {"timestamp": int(time.time() * 1000), "message": json.dumps(line)}
    try:
        clients.role("logs", role_arn).put_log_events(
            logGroupName=target.group, logStreamName=target.stream, logEvents=[event]
        )
    except (ClientError, BotoCoreError) as error:
        clients.forget_if_stale(role_arn, error)
        log.warning("%s: cannot write to %s: %s", stream.name, target, error)
