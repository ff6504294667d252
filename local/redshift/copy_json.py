"""JSON for COPY: jsonpaths files, 'auto', and the DuckDB paths that take a record apart."""

from __future__ import annotations

import json
import re
from typing import Any

from local.redshift.errors import SqlError

_SEGMENT = re.compile(
    r"\.(?P<dotted>[^.\[\]'\"*]+)|\[(?P<index>\d+)\]|\['(?P<single>[^'\"]+)'\]|\[\"(?P<double>[^'\"]+)\"\]"
)


def path_to_duckdb(path: str) -> str:
    """A JSONPath as Redshift takes it ($[1], $['name'], $.a.b) in DuckDB's form. Raises SqlError for any other."""
    if not path.startswith("$") or len(path) == 1:
        raise SqlError(f"Invalid JSONPath format: {path} - it must begin with $ and name an element")
    out, position = "$", 1
    while position < len(path):
        match = _SEGMENT.match(path, position)
        if not match:
            raise SqlError(f"Invalid JSONPath format: {path} - wildcards and filters are not supported")
        name = match["dotted"] or match["single"] or match["double"]
        out += f'."{name}"' if name else f"[{match['index']}]"
        position = match.end()
    return out


def read_jsonpaths(data: bytes, columns: int) -> list[str]:
    """DuckDB paths of a jsonpaths file. Raises SqlError when it is malformed or doesn't match the column count."""
    try:
        paths = json.loads(data)["jsonpaths"]
        if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
            raise TypeError("jsonpaths is not a list of strings")
    except (ValueError, KeyError, TypeError) as error:
        raise SqlError(f"Invalid JSONPaths file - {error}") from error
    if len(paths) != columns:
        raise SqlError(
            "Number of jsonpaths and the number of columns should match. "
            f"JSONPath size: {len(paths)}, Number of columns in table or column list: {columns}"
        )
    return [path_to_duckdb(path) for path in paths]


def auto_paths(columns: list[str]) -> list[str]:
    """'auto': an object's keys are the columns' names, whatever their order."""
    return [f'$."{name}"' for name in columns]


def lower_keys(record: str) -> str:
    """A record with its top keys in lower case, for 'auto ignorecase'; as it was when it isn't an object."""
    try:
        value: Any = json.loads(record)
    except (ValueError, RecursionError):
        return record
    return json.dumps({k.lower(): v for k, v in value.items()}) if isinstance(value, dict) else record
