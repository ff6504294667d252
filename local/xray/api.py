"""X-Ray's API: PutTraceSegments, GetTraceSummaries, BatchGetTraces. Others are refused."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from local.xray.filters import compiled
from local.xray.store import Document, Traces, flattened

Answer = tuple[int, dict[str, str], bytes]
MOST_SUMMARIES = 100
MOST_TRACES_A_CALL = 5


class Api:
    """Answers requests that MiniStack has authenticated and authorized."""

    def __init__(self, traces: Traces) -> None:
        self._traces = traces

    async def handle(self, method: str, path: str, headers: Mapping[str, str], body: bytes, _: Any) -> Answer:
        """In the form that MiniStack calls a service."""
        operations = {
            "/TraceSegments": self.put_trace_segments,
            "/TraceSummaries": self.get_trace_summaries,
            "/Traces": self.batch_get_traces,
        }
        operation = operations.get(path.rstrip("/")) if method == "POST" else None
        if operation is None:
            return _failed(f"{method} {path} is not supported by the embedded X-Ray")
        try:
            answer = operation(orjson.loads(body or b"{}"))
        except (ValueError, KeyError, TypeError) as error:
            return _failed(str(error))
        return 200, {"Content-Type": "application/json"}, json.dumps(answer).encode()

    def put_trace_segments(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Keep documents; those that are none come back."""
        refused = []
        for text in request["TraceSegmentDocuments"]:
            try:
                self._traces.add(json.loads(text))
            except (ValueError, AttributeError) as error:
                refused.append({"ErrorCode": "ParseError", "Message": str(error)})
        return {"UnprocessedTraceSegments": refused}

    def batch_get_traces(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Up to five traces with their segments."""
        ids = list(request["TraceIds"])
        if len(ids) > MOST_TRACES_A_CALL:
            raise ValueError(f"TraceIds: at most {MOST_TRACES_A_CALL}")
        found, missing = [], []
        for trace_id in ids:
            segments = self._traces.segments(trace_id)
            if not segments:
                missing.append(trace_id)
                continue
            documents = [{"Id": segment["id"], "Document": json.dumps(segment)} for segment in segments]
            found.append({"Id": trace_id, "Duration": _span(segments)[1], "Segments": documents})
        return {"Traces": found, "UnprocessedTraceIds": missing}

    def get_trace_summaries(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The traces of a time that a filter lets through, newest first, a hundred at a time."""
        start, end = _epoch(request["StartTime"]), _epoch(request["EndTime"])
        if end - start > 24 * 3600:
            raise ValueError("StartTime and EndTime must not be more than 24 hours apart")
        wanted = compiled(request.get("FilterExpression"))
        found = []
        for trace_id in self._traces.ids_between(start, end):
            segments = self._traces.segments(trace_id)
            item = summary(trace_id, segments)
            if wanted(item, segments):
                found.append(item)
        first = int(request.get("NextToken") or 0)
        page: dict[str, Any] = {
            "TraceSummaries": found[first : first + MOST_SUMMARIES],
            "ApproximateTime": time.time(),
            "TracesProcessedCount": len(found),
        }
        return page | ({"NextToken": str(first + MOST_SUMMARIES)} if len(found) > first + MOST_SUMMARIES else {})


def summary(trace_id: str, segments: list[Document]) -> dict[str, Any]:
    """What a list of traces shows of one."""
    nodes = flattened(segments)
    start, duration = _span(segments)
    first = segments[0]
    item: dict[str, Any] = {
        "Id": trace_id,
        "StartTime": start,
        "Duration": duration,
        "ResponseTime": max(0.0, float(first.get("end_time") or first["start_time"]) - float(first["start_time"])),
        "HasFault": any(node.get("fault") for node in nodes),
        "HasError": any(node.get("error") for node in nodes),
        "HasThrottle": any(node.get("throttle") for node in nodes),
        "IsPartial": any(node.get("in_progress") for node in nodes),
        "Http": {},
        "Annotations": {},
        "EntryPoint": {"Name": first.get("name"), "Type": first.get("origin")},
        "ServiceIds": [{"Name": s.get("name"), "Type": s.get("origin")} for s in segments],
    }
    http = first.get("http") or {}
    for name, part, key in (
        ("HttpURL", "request", "url"),
        ("HttpMethod", "request", "method"),
        ("HttpStatus", "response", "status"),
    ):
        if key in (http.get(part) or {}):
            item["Http"][name] = http[part][key]
    for node in nodes:
        for key, value in (node.get("annotations") or {}).items():
            item["Annotations"].setdefault(key, []).append({"AnnotationValue": _typed(value), "ServiceIds": []})
    return item


def _typed(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"BooleanValue": value}
    if isinstance(value, int | float):
        return {"NumberValue": value}
    return {"StringValue": str(value)}


def _span(segments: list[Document]) -> tuple[float, float]:
    start = min(float(segment["start_time"]) for segment in segments)
    end = max(float(segment.get("end_time") or segment["start_time"]) for segment in segments)
    return start, round(end - start, 6)


def _epoch(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else datetime.fromisoformat(str(value)).timestamp()


def _failed(message: str) -> Answer:
    body = json.dumps({"__type": "InvalidRequestException", "message": message})
    return 400, {"Content-Type": "application/json", "x-amzn-errortype": "InvalidRequestException"}, body.encode()
