"""Starts migrate-warehouse once and follows it, however long it takes: no answer has to come through one connection."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError as AwsError

from client.aws import Stage
from client.errors import ClientError
from shared.aws import error_code
from shared.warehouse.progress import key_of

POLL_SECONDS = 1.0
QUIET_SECONDS = 360.0  # the function's time-out, and some: after that it is not there any more
_NOT_YET = {"NoSuchKey", "404", "AccessDenied"}  # without s3:ListBucket, S3 says so of an object that is not there


def migrate(
    stage: Stage,
    report: Callable[[str], None],
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, Any]:
    """Run it, calling ``report`` for each step. Returns migrations applied, statements of marts, objects published.

    The function is started without waiting for its answer, so no time-out can make anybody start it again. Raises
    ClientError with its words when it fails, and when nothing was heard of it for longer than it can run.
    """
    run = str(uuid.uuid4())
    stage.client("lambda").invoke(
        FunctionName=f"swipeline-{stage.name}-migrate-warehouse",
        InvocationType="Event",
        Payload=json.dumps({"run": run}).encode(),
    )
    s3, bucket, reported = stage.client("s3"), stage.output("DeliveryBucket"), 0
    heard = clock()
    while True:
        found = _read(s3, bucket, key_of(run))
        steps = found.get("steps", [])
        for step in steps[reported:]:
            report(step)
            heard = clock()
        reported = len(steps)
        if found.get("state") == "done":
            return dict(found["result"])
        if found.get("state") == "failed":
            raise ClientError(f"Not migrated: {found['error']}.")
        if clock() - heard > QUIET_SECONDS:
            raise ClientError("The migration stopped without an answer. Run the same command again to resume.")
        sleep(POLL_SECONDS)


def _read(s3: Any, bucket: str, key: str) -> dict[str, Any]:
    try:
        return dict(json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read()))
    except AwsError as error:
        if error_code(error) in _NOT_YET:
            return {}
        raise
