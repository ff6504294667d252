"""Puts Insights in the place of MiniStack's, which ignores what it doesn't know, and adds the saved queries."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

from local.cloudwatch.query_definitions import QueryDefinitions
from local.cloudwatch.replacing import replace
from local.insights.lexer import QueryError
from local.insights.query import Query
from local.insights.records import record
from local.settings import ACCOUNT_ID

Answer = tuple[int, dict[str, str], bytes]
MOST_GROUPS = 50
MOST_KEPT_QUERIES = 200


class Insights:
    """StartQuery, GetQueryResults, StopQuery and the operations on saved queries."""

    def __init__(self, logs: Any, definitions: QueryDefinitions) -> None:
        self._logs, self._definitions = logs, definitions
        self._results: OrderedDict[str, dict[str, Any]] = OrderedDict()

    def install(self) -> None:
        """Raises AttributeError when MiniStack has these functions no more."""
        from ministack.core.responses import error_response_json, json_response, new_uuid

        self._refuse, self._answer, self._new_id = error_response_json, json_response, new_uuid
        replace(self._logs, "_start_query", self.start_query)
        replace(self._logs, "_get_query_results", self.get_query_results)
        saved, handle = self._definitions.operations(), self._logs.handle_request

        async def handle_saved(method: str, path: str, headers: dict[str, str], body: bytes, params: Any) -> Any:
            operation = saved.get(headers.get("x-amz-target", "").rsplit(".", 1)[-1])
            if operation is None:
                return await handle(method, path, headers, body, params)
            try:
                return self._answer(operation(json.loads(body or b"{}")))
            except KeyError as error:
                return self._refuse("ResourceNotFoundException", f"no query definition or field {error}", 400)
            except ValueError as error:
                return self._refuse("InvalidParameterException", str(error), 400)

        replace(self._logs, "handle_request", handle_saved)

    def start_query(self, data: dict[str, Any]) -> Answer:
        """Run the query at once; its answer waits for GetQueryResults."""
        groups = self._logs._resolve_query_log_groups(data)
        text = str(data.get("queryString", ""))
        if data.get("queryLanguage", "CWLI") != "CWLI":
            return self._refuse("InvalidParameterException", "queryLanguage: the embedded Insights has CWLI only", 400)
        if not groups or len(groups) > MOST_GROUPS:
            return self._refuse("InvalidParameterException", f"1 to {MOST_GROUPS} log groups", 400)
        unknown = [group for group in groups if group not in self._logs._log_groups]
        if unknown:
            return self._refuse("ResourceNotFoundException", f"Log group '{unknown[0]}' does not exist", 400)
        try:
            query = Query(text)
        except QueryError as error:
            return self._refuse("MalformedQueryException", str(error), 400)
        start, end = _milliseconds(data["startTime"]), _milliseconds(data["endTime"])
        events = sorted(self._records(groups, start, end), key=lambda event: int(event["@timestamp"]))
        size = sum(len(event["@message"]) for event in events)
        scanned = len(events)
        rows, matched = query.run(events, data.get("limit"))
        query_id = str(self._new_id())
        self._results[query_id] = {
            "status": "Complete",
            "queryLanguage": "CWLI",
            "results": [[{"field": name, "value": value} for name, value in row.items()] for row in rows],
            "statistics": {"recordsMatched": matched, "recordsScanned": scanned, "bytesScanned": size},
        }
        while len(self._results) > MOST_KEPT_QUERIES:
            self._results.popitem(last=False)
        return self._answer({"queryId": query_id})

    def get_query_results(self, data: dict[str, Any]) -> Answer:
        """The answer, complete."""
        found = self._results.get(str(data.get("queryId")))
        if found is None:
            return self._refuse("ResourceNotFoundException", f"no query {data.get('queryId')}", 400)
        return self._answer(found)

    def _records(self, groups: list[str], start: int, end: int) -> Iterator[dict[str, Any]]:
        for group in groups:
            for name, stream in list(self._logs._log_groups[group].get("streams", {}).items()):
                last = stream.get("lastEventTimestamp")
                if last is None or last < start or stream["firstEventTimestamp"] > end:
                    continue
                for number, event in enumerate(list(stream["events"])):
                    if start <= event["timestamp"] <= end:
                        yield record(event, group, name, ACCOUNT_ID, f"{name}/{number}")


def _milliseconds(value: Any) -> int:
    """Both seconds and milliseconds are taken, as on AWS."""
    number = int(value)
    return number if number > 100_000_000_000 else number * 1000


def check(text: str) -> None:
    """Raises QueryError for a query that can't be run."""
    Query(text)
