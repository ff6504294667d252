"""What the front door costs per request: `python -m benchmarks.door`. Microseconds, the median of five rounds.

Compared: the door's check (hosts, origins, signature, body), and botocore's signer recomputing the same request.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.door.origins import Door
from local.door.signature import Holder, Verified, verify
from tests.security.signing import HOST, signed

KEY = Credentials("AKIAIOSFODNN7EXAMPLE", "secret")
ROUNDS, TIMES = 5, 2000


def microseconds(action: Callable[[], object]) -> float:
    """The median time of one call."""
    found = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for _ in range(TIMES):
            action()
        found.append((time.perf_counter() - began) / TIMES * 1e6)
    return statistics.median(found)


def main() -> None:
    """Print a line per size of body."""
    door = Door((4566,), virtual_hosts=True)
    for size in (200, 50_000):
        headers = {"X-Amz-Target": "Kinesis_20131202.PutRecords", "Content-Type": "application/x-amz-json-1.1"}
        request = signed(KEY, "kinesis", headers=headers, body=b"x" * size)
        assert isinstance(verify(request, lambda *_: Holder("", "secret", "")), Verified)

        def check(request: object = request) -> None:
            door.refusal(request.headers)  # type: ignore[attr-defined]
            verify(request, lambda *_: Holder("", "secret", ""))  # type: ignore[arg-type]

        def botocore_signs(size: int = size, headers: dict[str, str] = headers) -> None:
            SigV4Auth(KEY, "kinesis", "us-east-1").add_auth(
                AWSRequest("POST", f"http://{HOST}/", data=b"x" * size, headers=headers)
            )

        print(f"{size:,} bytes: door {microseconds(check):.0f} µs, botocore {microseconds(botocore_signs):.0f} µs")


if __name__ == "__main__":
    main()
