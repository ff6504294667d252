"""An S3 bucket in memory: a put is whole or nothing, the last one stays."""

from __future__ import annotations

from threading import Lock
from typing import Any

from tests.unit.fakes.faults import Fault, Plan
from tests.unit.fakes.shapes import obeys


@obeys("s3")
class FakeS3:
    """Holds objects by (bucket, key)."""

    def __init__(self, faults: list[Fault] | None = None, always: Fault | None = None) -> None:
        self.plan = Plan(faults or [], always)
        self.objects: dict[tuple[str, str], dict[str, Any]] = {}
        self._lock = Lock()

    def put_object(self, **parameters: Any) -> dict[str, Any]:
        assert all(isinstance(value, str) for value in parameters.get("Metadata", {}).values())
        fault = self.plan.next("PutObject")
        with self._lock:
            self.objects[parameters["Bucket"], parameters["Key"]] = parameters
        self.plan.end(fault)
        return {"ETag": '"by-plan"'}

    def delete_object(self, **parameters: Any) -> dict[str, Any]:
        fault = self.plan.next("DeleteObject")
        with self._lock:
            self.objects.pop((parameters["Bucket"], parameters["Key"]), None)
        self.plan.end(fault)
        return {}

    def keys(self, bucket: str) -> list[str]:
        """The bucket's keys, as a listing orders them."""
        return sorted(key for of, key in self.objects if of == bucket)
