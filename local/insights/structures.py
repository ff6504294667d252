"""Lists and maps in Logs Insights: what jsonParse returns, fields within it, and unnest.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Unnest.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson

from local.insights.lexer import QueryError

_INTO = re.compile(r"(?P<field>@?[\w.@]+)\s+into\s+(?P<name>\w+)", re.IGNORECASE)


def json_parse(value: Any) -> Any:
    """Return the list, map or scalar that a JSON text holds; None if it is not JSON."""
    if not isinstance(value, str):
        return value
    try:
        return orjson.loads(value)
    except json.JSONDecodeError:
        return None


def lookup(event: Mapping[str, Any], name: str) -> Any:
    """Return a field of an event, or a.b.0 within a list or map that the event holds as field a."""
    if name in event or "." not in name:
        return event.get(name)
    head, _, rest = name.partition(".")
    node = event.get(head)
    for part in rest.split("."):
        if isinstance(node, Mapping):
            node = node.get(part)
        elif isinstance(node, list) and part.isdigit() and int(part) < len(node):
            node = node[int(part)]
        else:
            return None
    return node


def unnest(text: str) -> Callable[[list[dict[str, Any]]], list[dict[str, Any]]]:
    """Read `field into name`: one record per item of the list, with the item as field `name`. Raises QueryError."""
    match = _INTO.fullmatch(text)
    if match is None:
        raise QueryError("unnest takes a field and a name: unnest field into name")
    field, name = match["field"], match["name"]

    def records(event: dict[str, Any]) -> Iterator[dict[str, Any]]:
        value = lookup(event, field)
        for item in value if isinstance(value, list) else [value]:
            yield {**event, name: item}

    return lambda events: [record for event in events for record in records(event)]
