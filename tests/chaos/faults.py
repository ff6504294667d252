"""What the proxy does to a call, in the form that the service itself would give it; and the plan of who gets what."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from threading import Lock
from typing import NamedTuple


class Fault(Enum):
    """One way for a call to go wrong. BEFORE: AWS never saw it. AFTER: it took effect, and nobody heard."""

    THROTTLED = "throttled"
    BROKEN = "status 500"
    UNAVAILABLE = "status 503"
    EXPIRED = "credentials expired"
    PARTIAL = "part of it refused, the rest carried out"
    RESET_BEFORE = "connection reset, not carried out"
    RESET_AFTER = "connection reset, carried out"
    SLOW = "a late answer, in time"
    SILENT_BEFORE = "no answer in time, not carried out"
    SILENT_AFTER = "no answer in time, carried out"
    CUT = "carried out, the answer breaks off"
    GATEWAY_TIMEOUT = "carried out, API Gateway answers 504"


class Answer(NamedTuple):
    """An HTTP answer that AWS never gave."""

    status: int
    headers: Mapping[str, str]
    body: bytes


# How each operation says that it is throttled: its own API reference, "Errors".
_THROTTLES = {
    "PutRecords": "ProvisionedThroughputExceededException",
    "GetRecords": "ProvisionedThroughputExceededException",
    "BatchWriteItem": "ProvisionedThroughputExceededException",
    "PutItem": "ThrottlingException",
    "GetItem": "ProvisionedThroughputExceededException",
    "Invoke": "TooManyRequestsException",
    "ExecuteStatement": "ActiveStatementsExceededException",
    "BatchExecuteStatement": "ActiveStatementsExceededException",
}
_BROKEN = {"dynamodb": "InternalServerError", "secretsmanager": "InternalServiceError", "lambda": "ServiceException"}


def answer(fault: Fault, service: str, operation: str) -> Answer | None:
    """What the service says to a call that it refuses; None for a fault that is no answer."""
    if service == "api":
        return _api(fault)
    if service == "s3":
        return _s3(fault)
    if fault is Fault.THROTTLED:
        status = 429 if service == "lambda" else 400
        return _json(status, _THROTTLES.get(operation.partition(":")[0], "ThrottlingException"))
    if fault is Fault.EXPIRED:
        return _json(403 if service == "lambda" else 400, "ExpiredTokenException")
    if fault is Fault.BROKEN:
        return _json(500, _BROKEN.get(service, "InternalFailure"))
    if fault is Fault.UNAVAILABLE:
        return _json(503, "ServiceUnavailable")
    return None


def _json(status: int, code: str) -> Answer:
    body = json.dumps({"__type": code, "message": "by the fault proxy"}).encode()
    return Answer(status, {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": code}, body)


def _s3(fault: Fault) -> Answer | None:
    codes = {
        Fault.THROTTLED: (503, "SlowDown"),
        Fault.BROKEN: (500, "InternalError"),
        Fault.UNAVAILABLE: (503, "ServiceUnavailable"),
        Fault.EXPIRED: (400, "ExpiredToken"),
    }
    if fault not in codes:
        return None
    status, code = codes[fault]
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>by the fault proxy</Message></Error>'
    )
    return Answer(status, {"Content-Type": "application/xml"}, body.encode())


def _api(fault: Fault) -> Answer | None:
    messages = {
        Fault.THROTTLED: (429, "Too Many Requests"),
        Fault.BROKEN: (500, "Internal server error"),
        Fault.UNAVAILABLE: (503, "Service Unavailable"),
    }
    if fault not in messages:
        return None
    status, message = messages[fault]
    return Answer(status, {"Content-Type": "application/json"}, json.dumps({"message": message}).encode())


@dataclass
class Plan:
    """Per operation, what happens to its next calls, one by one; None lets a call through. Empty: none fails.

    `kills` are called before (or, with a negative number, after) the n-th call of an operation. `shares` says which
    entries of a partial failure are refused: bit n stands for every entry n modulo 16.
    """

    faults: dict[str, list[Fault | None]] = field(default_factory=dict)
    kills: dict[tuple[str, int], Callable[[], None]] = field(default_factory=dict)
    shares: list[int] = field(default_factory=lambda: [0b0101_0101_0101_0101])
    done: Counter[str] = field(default_factory=Counter)
    _calls: Counter[str] = field(default_factory=Counter)
    _lock: Lock = field(default_factory=Lock)

    def next(self, operation: str) -> tuple[Fault | None, int, Callable[[], None] | None, Callable[[], None] | None]:
        """What happens to this call: fault, share of a partial failure, what to kill before it, and after it."""
        with self._lock:
            self._calls[operation] += 1
            number = self._calls[operation]
            waiting = self.faults.get(operation)
            fault = waiting.pop(0) if waiting else None
            share = self.shares[number % len(self.shares)]
            before = self.kills.pop((operation, number), None)
            after = self.kills.pop((operation, -number), None)
            if fault:
                self.done[fault.name] += 1
            if before or after:
                self.done["KILL"] += 1
            return fault, share, before, after

    @property
    def left(self) -> int:
        """How many faults and kills have not happened yet."""
        with self._lock:
            return sum(1 for faults in self.faults.values() for fault in faults if fault) + len(self.kills)

    def clear(self) -> None:
        """End all faults."""
        with self._lock:
            self.faults.clear()
            self.kills.clear()
