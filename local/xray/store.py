"""The traces: segments by trace id, in bounded memory, kept over restarts in a file."""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from pathlib import Path
from typing import Any

import orjson

MOST_TRACES = 3000
MOST_SEGMENTS_A_TRACE = 500
KEPT_SECONDS = 6 * 3600
MOST_BYTES = 32 * 1024 * 1024
Document = dict[str, Any]


class Traces:
    """Segments and subsegments as they were sent. Safe across threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._traces: OrderedDict[str, dict[str, Document]] = OrderedDict()
        self._unwritten: list[Document] = []

    def add(self, document: Document) -> None:
        """Keep a segment; a later version (it was in progress) replaces it. ValueError: not one."""
        trace_id, segment_id = document.get("trace_id"), document.get("id")
        if not isinstance(trace_id, str) or not isinstance(segment_id, str) or "start_time" not in document:
            raise ValueError("a segment has trace_id, id, name and start_time")
        with self._lock:
            self._put(trace_id, segment_id, document)
            self._unwritten.append(document)

    def _put(self, trace_id: str, segment_id: str, document: Document) -> None:
        segments = self._traces.setdefault(trace_id, {})
        if segment_id in segments or len(segments) < MOST_SEGMENTS_A_TRACE:
            segments[segment_id] = document
        while len(self._traces) > MOST_TRACES:
            self._traces.popitem(last=False)

    def segments(self, trace_id: str) -> list[Document]:
        """The trace's segments, each with the subsegments that were sent by themselves put where they belong."""
        with self._lock:
            documents: dict[str, Document] = orjson.loads(orjson.dumps(self._traces.get(trace_id, {})))
        places = {id_: place for document in documents.values() for id_, place in _nodes(document)}
        top = []
        for document in sorted(documents.values(), key=lambda one: float(one["start_time"])):
            parent = places.get(str(document.get("parent_id")))
            if document.get("type") == "subsegment" and parent is not None and parent is not document:
                parent.setdefault("subsegments", []).append(document)
            else:
                top.append(document)
        return top

    def ids_between(self, start: float, end: float) -> list[str]:
        """The traces whose first segment began in [start, end], newest first."""
        with self._lock:
            starts = {t: min(float(d["start_time"]) for d in s.values()) for t, s in self._traces.items()}
        return sorted((t for t, at in starts.items() if start <= at <= end), key=lambda t: starts[t], reverse=True)

    def load(self) -> None:
        """Read the file, without what is too old, and rewrite it."""
        oldest = time.time() - KEPT_SECONDS
        if self._path.exists():
            with self._path.open("rb") as file:
                for line in file:
                    try:
                        document = orjson.loads(line)
                    except json.JSONDecodeError:
                        continue  # the kill cut it off
                    if float(document["start_time"]) >= oldest:
                        self._put(document["trace_id"], document["id"], document)
        self._rewrite()

    def _rewrite(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_suffix(".new")
        with self._lock, new.open("wb") as file:
            self._unwritten.clear()
            file.writelines(orjson.dumps(d) + b"\n" for s in self._traces.values() for d in s.values())
        new.replace(self._path)

    def write(self) -> None:
        """Append what came since the last time, and forget what is too old."""
        oldest = time.time() - KEPT_SECONDS
        with self._lock:
            documents, self._unwritten = self._unwritten, []
            for trace_id, segments in list(self._traces.items()):
                if max(float(d["start_time"]) for d in segments.values()) >= oldest:
                    break
                del self._traces[trace_id]
        if not documents:
            return
        with self._path.open("ab") as file:
            file.writelines(orjson.dumps(document) + b"\n" for document in documents)
        if self._path.stat().st_size > MOST_BYTES:
            self._rewrite()


def _nodes(document: Document) -> list[tuple[str, Document]]:
    """A segment and all subsegments in it, with their ids."""
    found = [(str(document.get("id")), document)]
    for child in document.get("subsegments") or []:
        found += _nodes(child)
    return found


def flattened(documents: list[Document]) -> list[Document]:
    """Segments and all their subsegments."""
    return [node for document in documents for _, node in _nodes(document)]
