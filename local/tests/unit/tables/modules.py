"""MiniStack's DynamoDB twice: one with its tables in a database of a test's own, one as it is."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

from ministack.services import dynamodb

from local.tables.install import install


def plain(name: str = "ministack_dynamodb_plain") -> ModuleType:
    """A copy of MiniStack's module with state of its own."""
    spec = importlib.util.spec_from_file_location(name, str(dynamodb.__file__))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def stored(path: Path) -> ModuleType:
    """A copy that keeps its tables in a database at `path`; the database is its attribute `database`."""
    module = plain("ministack_dynamodb_stored")
    module.database = install(module, path)  # type: ignore[attr-defined]
    return module


def ask(module: Any, operation: str, **request: Any) -> tuple[int, Any]:
    """Status and answer of an operation, by the name of MiniStack's function."""
    status, _, body = getattr(module, f"_{operation}")(json.loads(json.dumps(request)))
    return status, json.loads(body)


def create(module: Any, name: str, *, sort: str = "", sort_type: str = "S", indexes: bool = True) -> None:
    """A table with the partition key `p`, and indexes by `g` and `h` where asked for."""
    keys = [("p", "HASH", "S"), *([(sort, "RANGE", sort_type)] if sort else [])]
    kinds = {key: kind for key, _, kind in keys}
    more: dict[str, Any] = {}
    if indexes:
        kinds |= {"g": "S", "h": "S"}
        more["GlobalSecondaryIndexes"] = [
            _index("by-g-h", [("g", "HASH"), ("h", "RANGE")], "ALL"),
            _index("by-g", [("g", "HASH")], "KEYS_ONLY"),
        ]
    status, answer = ask(
        module,
        "create_table",
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": kind} for key, kind in kinds.items()],
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind, _ in keys],
        **more,
    )
    assert status == 200, answer


def _index(name: str, keys: list[tuple[str, str]], projection: str) -> dict[str, Any]:
    return {
        "IndexName": name,
        "KeySchema": [{"AttributeName": key, "KeyType": kind} for key, kind in keys],
        "Projection": {"ProjectionType": projection},
    }
