"""The saved queries of Logs Insights, kept in a file of their own."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Check = Callable[[str], object]


class QueryDefinitions:
    """Saved queries by their id. `check` raises ValueError for a query that can't be run."""

    def __init__(self, path: Path, check: Check) -> None:
        self._path, self._check = path, check
        self._saved: dict[str, dict[str, Any]] = json.loads(path.read_text()) if path.exists() else {}

    def put(self, query_id: str | None, name: str, query: str, groups: list[str]) -> str:
        """Save a query, a new one or in place of one; give its id. Raises ValueError, KeyError for an unknown id."""
        self._check(query)
        if query_id is not None and query_id not in self._saved:
            raise KeyError(query_id)
        found = query_id or str(uuid.uuid4())
        self._saved[found] = {
            "queryDefinitionId": found,
            "name": name,
            "queryString": query,
            "logGroupNames": groups,
            "lastModified": int(time.time() * 1000),
            "queryLanguage": "CWLI",
        }
        self._write()
        return found

    def delete(self, query_id: str) -> bool:
        """Forget a query; False when there is none."""
        found = self._saved.pop(query_id, None) is not None
        self._write()
        return found

    def described(self, prefix: str = "") -> list[dict[str, Any]]:
        """The saved queries whose name begins so, by name."""
        return sorted((q for q in self._saved.values() if q["name"].startswith(prefix)), key=lambda q: str(q["name"]))

    def _write(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_suffix(".new")
        new.write_text(json.dumps(self._saved))
        new.replace(self._path)

    def operations(self) -> dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]]:
        """PutQueryDefinition, DescribeQueryDefinitions, DeleteQueryDefinition."""

        def put(request: Mapping[str, Any]) -> dict[str, Any]:
            groups = [str(group) for group in request.get("logGroupNames") or []]
            given = request.get("queryDefinitionId")
            query_id = self.put(given, str(request["name"]), str(request["queryString"]), groups)
            return {"queryDefinitionId": query_id}

        def describe(request: Mapping[str, Any]) -> dict[str, Any]:
            found = self.described(str(request.get("queryDefinitionNamePrefix") or ""))
            first, size = int(request.get("nextToken") or 0), int(request.get("maxResults") or 1000)
            answer: dict[str, Any] = {"queryDefinitions": found[first : first + size]}
            return answer | ({"nextToken": str(first + size)} if len(found) > first + size else {})

        def delete(request: Mapping[str, Any]) -> dict[str, Any]:
            return {"success": self.delete(str(request["queryDefinitionId"]))}

        return {"PutQueryDefinition": put, "DescribeQueryDefinitions": describe, "DeleteQueryDefinition": delete}
