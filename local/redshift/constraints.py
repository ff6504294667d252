"""Requests against the service model: what botocore's validator leaves out, worded as AWS's front end words it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from botocore.model import Shape
from botocore.validate import ParamValidator

from local.redshift.errors import validation


def check_request(shape: Shape, body: dict[str, Any]) -> None:
    """Raises ValidationException: types, required and unknown members, enums, patterns, smallest and largest."""
    report = ParamValidator().validate(body, shape)
    if report.has_errors():
        raise validation(report.generate_report())
    known = set(getattr(shape, "members", {}))
    found = [f"Unknown parameter in input: {name!r}" for name in body if name not in known]
    found += list(_violations(shape, body, ""))
    if found:
        noun = "error" if len(found) == 1 else "errors"
        raise validation(f"{len(found)} validation {noun} detected: {'; '.join(found)}")


def _violations(shape: Any, value: Any, path: str) -> Iterator[str]:
    if shape.type_name == "structure":
        for name, member in value.items():
            if name in shape.members and member is not None:
                yield from _violations(shape.members[name], member, f"{path}.{name}" if path else _first_lower(name))
        return
    limits = shape.metadata
    if shape.type_name == "list":
        yield from _size(len(value), limits, value, path, "length")
        for index, item in enumerate(value, start=1):
            yield from _violations(shape.member, item, f"{path}.{index}.member")
    elif shape.type_name == "string":
        if limits.get("enum") and value not in limits["enum"]:
            yield _message(value, path, f"Member must satisfy enum value set: [{', '.join(limits['enum'])}]")
        if limits.get("pattern") and not re.fullmatch(limits["pattern"], value):
            yield _message(value, path, f"Member must satisfy regular expression pattern: {limits['pattern']}")
        yield from _size(len(value), limits, value, path, "length")
    elif shape.type_name in ("integer", "long"):
        yield from _size(value, limits, value, path, "value")


def _size(size: int, limits: dict[str, Any], value: Any, path: str, what: str) -> Iterator[str]:
    if "max" in limits and size > limits["max"]:
        yield _message(value, path, f"Member must have {what} less than or equal to {limits['max']}")
    if "min" in limits and size < limits["min"]:
        yield _message(value, path, f"Member must have {what} greater than or equal to {limits['min']}")


def _message(value: Any, path: str, constraint: str) -> str:
    return f"Value '{str(value)[:200]}' at '{path}' failed to satisfy constraint: {constraint}"


def _first_lower(name: str) -> str:
    return name[:1].lower() + name[1:]
