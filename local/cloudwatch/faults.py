"""Makes operations of the embedded DynamoDB and Kinesis fail on demand, so that a test can see how it is reported.

`POST /_swipeline/faults` with {"service", "operation", "code", "status", "share", "seconds"} begins a fault, with {}
ends all. The failures are the services' own answers, and count in their metrics, as throttles do on AWS.
"""

from __future__ import annotations

import json
import random
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

FAULTS_PATH = "/_swipeline/faults"
MOST_SECONDS = 600.0
_MESSAGES = {
    "ProvisionedThroughputExceededException": "Rate exceeded",
    "ThrottlingException": "Rate exceeded",
    "InternalServerError": "Internal server error",
    "InternalFailure": "Internal failure",
}


@dataclass(frozen=True)
class Fault:
    """One operation that fails, until a moment, in a share of its calls."""

    code: str
    status: int
    share: float
    until: float


class Faults:
    """The faults that are on."""

    def __init__(self) -> None:
        self._faults: dict[tuple[str, str], Fault] = {}

    def set(self, body: bytes) -> tuple[HTTPStatus, dict[str, Any]]:
        """Take in a request; 400 for one that can't be read."""
        try:
            wanted = json.loads(body or b"{}")
            if not wanted:
                self._faults.clear()
                return HTTPStatus.OK, {"faults": 0}
            seconds = min(MOST_SECONDS, float(wanted.get("seconds", 60)))
            fault = Fault(
                str(wanted.get("code", "ProvisionedThroughputExceededException")),
                int(wanted.get("status", 400)),
                float(wanted.get("share", 1.0)),
                time.time() + seconds,
            )
            self._faults[str(wanted["service"]), str(wanted["operation"])] = fault
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return HTTPStatus.BAD_REQUEST, {"message": f"not a fault: {error}"}
        return HTTPStatus.OK, {"faults": len(self._faults)}

    def answer(self, service: str, operation: str) -> tuple[int, dict[str, str], bytes] | None:
        """The failure that stands for this call's answer, or None."""
        if not self._faults:
            return None
        fault = self._faults.get((service, operation))
        if fault is None or time.time() > fault.until or random.random() >= fault.share:  # noqa: S311
            return None
        body = {"__type": fault.code, "message": _MESSAGES.get(fault.code, fault.code)}
        return fault.status, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(body).encode()
