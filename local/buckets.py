"""CloudFormation's buckets with versioning Suspended: MiniStack drops it, and drift detection then finds it removed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SUSPENDED = "Suspended"


def install(s3: Any, handlers: dict[str, dict[str, Any]]) -> None:
    """Put it in place. Raises KeyError when MiniStack's CloudFormation has no buckets any more."""
    bucket = handlers["AWS::S3::Bucket"]
    create, update = bucket["create"], bucket["update"]

    def noted(name: str, props: Mapping[str, Any]) -> None:
        if (props.get("VersioningConfiguration") or {}).get("Status") == SUSPENDED:
            s3._bucket_versioning[name] = SUSPENDED

    def created(logical_id: str, props: Mapping[str, Any], stack_name: str) -> Any:
        made = create(logical_id, props, stack_name)
        noted(str(made[0]), props)
        return made

    def updated(physical_id: str, old: Mapping[str, Any], new: Mapping[str, Any], *rest: Any, **named: Any) -> Any:
        made = update(physical_id, old, new, *rest, **named)
        noted(str(made[0]), new)
        return made

    bucket["create"], bucket["update"] = created, updated
