"""What can go wrong with a call, as botocore raises it, and a plan of it: one fault per call, then none."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from threading import Lock
from typing import NamedTuple

from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError


class Kind(Enum):
    """How a call ends."""

    NONE = "the call is carried out"
    PART = "some of it is refused: those whose bit in the mask is set"
    THROTTLED = "refused as a whole with a throttle; nothing was done"
    BROKEN = "a status 500; nothing was done"
    TIMED_OUT = "no answer came; nothing was done"
    LOST_ANSWER = "the connection was closed; all was done"
    DENIED = "no permission: a terminal error"


class Fault(NamedTuple):
    """What happens to one call."""

    kind: Kind = Kind.NONE
    mask: int = 0

    def refuses(self, index: int) -> bool:
        """Whether the entry of that index is refused. A mask repeats after 16 entries."""
        return self.kind is Kind.PART and bool(self.mask >> (index % 16) & 1)


def client_error(operation: str, code: str, status: int) -> ClientError:
    """An error of AWS's API, as botocore builds it from the answer."""
    return ClientError(
        {"Error": {"Code": code, "Message": f"{code} by plan"}, "ResponseMetadata": {"HTTPStatusCode": status}},
        operation,
    )


class Plan:
    """The faults of a fake, call by call; ``always`` is what happens once they are used up. Threads may share it."""

    def __init__(self, faults: Iterable[Fault] = (), always: Fault | None = None) -> None:
        self._faults = list(faults)
        self._always = always or Fault()
        self._lock = Lock()

    def next(self, operation: str) -> Fault:
        """Give the next call's fault, or raise it if nothing is to be done at all."""
        with self._lock:
            fault = self._faults.pop(0) if self._faults else self._always
        if fault.kind is Kind.THROTTLED:
            raise client_error(operation, "ThrottlingException", 400)
        if fault.kind is Kind.BROKEN:
            raise client_error(operation, "InternalServerError", 500)
        if fault.kind is Kind.TIMED_OUT:
            raise ReadTimeoutError(endpoint_url="https://aws.test")
        if fault.kind is Kind.DENIED:
            raise client_error(operation, "AccessDeniedException", 400)
        return fault

    @staticmethod
    def end(fault: Fault) -> None:
        """Lose the answer of a call that was carried out, if so planned."""
        if fault.kind is Kind.LOST_ANSWER:
            raise ConnectionClosedError(endpoint_url="https://aws.test")
