"""Finds one transaction: its outcome, the stores that hold it, and its log lines."""

from __future__ import annotations

import json
import re
import time
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from client.aws import SERVICE, Stage
from client.errors import ClientError
from client.find.places import SetAside, Span, in_lake, in_table, on_stream, set_aside, span_of, spans
from client.find.stores import conclusion, lines
from client.logs import Logs
from shared.card_numbers.masking import mask, mask_identifier

DAYS = 7
MOST_LINES = 200
ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
REJECTED, QUARANTINED, GIVEN_UP, UNKNOWN = "rejected", "quarantined", "given up", "unknown"
_LOG_FIELDS = ("request_id", "batch_id", "shard_id", "sequence_range", "status", "error", "xray_trace_id")


@dataclass
class Found:
    """What is known of a transaction."""

    transaction_id: str
    outcome: str = UNKNOWN
    explanation: str = ""
    stores: list[dict[str, str]] = field(default_factory=list)  # store, has (yes, pending, no, unknown), about
    places: list[dict[str, str]] = field(default_factory=list)
    lines: list[dict[str, str]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """A form for programs."""
        return asdict(self)


class Finder:
    """Looks in one stage's logs and stores."""

    def __init__(self, stage: Stage, days: int = DAYS) -> None:
        self._stage, self._logs, self._days = stage, Logs(stage), days
        self._end = time.time()

    def find(self, transaction_id: str) -> Found:
        """Raises ClientError for what can't be an id; an id that nobody knows has the outcome `unknown`."""
        if not ID.fullmatch(transaction_id):
            raise ClientError(
                f"{transaction_id!r} is no transaction id: letters, digits, '-', '_' and '.', at most 64."
            )
        if mask_identifier(transaction_id) != transaction_id:
            raise ClientError(
                "That is a card number, not a transaction id: use `swipeline transactions --card-number -`."
            )
        found = Found(transaction_id)
        named = self._query(f"filter @message like '{transaction_id}'")
        rejected = self._rejections(named, transaction_id)
        aside = set_aside(self._stage, transaction_id)
        item = in_table(self._stage, transaction_id)
        key = in_lake(self._stage, transaction_id, self._days)
        if item:
            place = f"card_id {item['card_id']}, time_id {item['time_id']}"
            found.places.append({"store": "DynamoDB", "place": place, "about": self._stage.output("TableName")})
        known = spans(aside)
        if key:
            found.places.append({"store": "lake", "place": key, "about": self._stage.output("LakeBucket")})
            span = span_of(key)
            if span:
                exact = on_stream(self._stage, transaction_id, span, self._written(span))
                if exact:
                    found.places.append({"store": "stream", "place": f"{exact.shard_id} {exact.first}", "about": ""})
                known.append(exact or span)
        for one in aside:
            found.places.append({"store": "quarantine", "place": one.entry.key, "about": mask(one.reason)})
        found.lines = self._lines(named, known, {str(row["request_id"]) for row in rejected if row.get("request_id")})
        by_store = lines(self._stage, transaction_id, item, key)
        found.outcome, found.explanation = self._concluded(rejected, aside, conclusion(by_store))
        if found.outcome not in (UNKNOWN, REJECTED):
            found.stores = [asdict(one) for one in by_store]
        return found

    def _concluded(
        self, rejected: list[dict[str, Any]], aside: list[SetAside], stored: tuple[str, str]
    ) -> tuple[str, str]:
        refused = "; ".join(f"{row['field']}: {row['reason']} (request {row['request_id']})" for row in mask(rejected))
        reasons = {one.entry.kind: mask(one.reason) for one in aside}
        if "lines" in reasons:
            return QUARANTINED, f"Its line could not be read: {reasons['lines']}."
        if "batches" in reasons:
            where = "It is in other stores. " if stored[0] else ""
            return GIVEN_UP, f"{where}{reasons['batches']}. `swipeline quarantine redrive` sends it again."
        if stored[0]:
            before = f" An earlier try was rejected: {refused}." if refused else ""
            return stored[0], f"{stored[1]}{before}"
        if rejected:
            return REJECTED, f"The API refused it: {refused}. It is in no store; the sender has it."
        where = f"no log line of the last {self._days} days names it"
        return UNKNOWN, f"No store has it, and {where}: was it sent, and to this stage?"

    @cached_property
    def _batches(self) -> list[dict[str, Any]]:
        """What the consumers say of their batches."""
        return self._query("filter ispresent(sequence_range)")

    def _written(self, span: Span) -> str:
        """The span's first sequence number as it is written: keys of the lake pad it with zeros."""
        firsts = (str(row["sequence_range"]).partition("-")[0] for row in self._batches)
        return next((text for text in firsts if text.isdigit() and int(text) == span.first), str(span.first))

    def _query(self, condition: str) -> list[dict[str, Any]]:
        query = f"{condition} | fields @timestamp, @log, @message | sort @timestamp | limit 10000"
        groups = self._logs.groups(f"/aws/lambda/{SERVICE}-{self._stage.name}-")
        if not groups:
            return []
        start = self._end - self._days * 86_400
        rows = []
        for row in self._logs.run(groups, query, start, self._end + 60)["rows"]:
            try:
                logged = json.loads(row["@message"])
            except ValueError:
                continue
            if isinstance(logged, dict) and "_aws" not in logged:
                rows.append(logged | {"@timestamp": row["@timestamp"], "@log": row["@log"]})
        return rows

    def _rejections(self, rows: list[dict[str, Any]], transaction_id: str) -> list[dict[str, Any]]:
        return [
            one | {"request_id": row.get("request_id")}
            for row in rows
            for one in row.get("rejected_rows") or []
            if one.get("transaction_id") == transaction_id
        ]

    def _lines(self, named: list[dict[str, Any]], known: list[Span], requests: set[str]) -> list[dict[str, str]]:
        rows = {json.dumps(row, sort_keys=True): row for row in named}
        if known:
            for row in self._batches:
                if any(span.holds(row.get("shard_id"), str(row["sequence_range"])) for span in known):
                    rows[json.dumps(row, sort_keys=True)] = row
            for span in known:
                if span.first == span.last:
                    for row in self._query(f"filter @message like '{span.first}'"):
                        if row.get("request_id"):
                            requests.add(str(row["request_id"]))
        for request_id in sorted(requests):
            for row in self._query(f"filter request_id = '{request_id}'"):
                rows[json.dumps(row, sort_keys=True)] = row
        ordered = sorted(rows.values(), key=lambda row: str(row["@timestamp"]))
        return [_shown(row) for row in ordered[:MOST_LINES]]


def _shown(row: dict[str, Any]) -> dict[str, str]:
    logged = {name: row[name] for name in _LOG_FIELDS if row.get(name) is not None}
    logged |= {name: mask(row[name]) for name in ("rejected_rows", "quarantined_lines") if row.get(name)}
    texts = {name: json.dumps(value) if isinstance(value, list) else value for name, value in logged.items()}
    about = "  ".join(f"{name} {value}" for name, value in texts.items())
    function = str(row["@log"]).rsplit("/", 1)[-1]
    return {
        "at": str(row["@timestamp"]),
        "function": function,
        "message": mask(str(row.get("message", ""))),
        "about": about,
    }
