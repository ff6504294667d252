"""A Logs Insights query: read once, then run over events.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html; supported are fields, display, filter,
parse, stats, sort, limit, dedup, unnest. Anything else is a QueryError.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from local.insights.aggregates import Aggregate, aggregate
from local.insights.expressions import Event, Function, Reader, pattern_of
from local.insights.functions import number, shown, truth
from local.insights.lexer import QueryError, Token, commands, tokens
from local.insights.structures import unnest

Events = list[dict[str, Any]]
Step = Callable[[Events], Events]
MOST_ROWS, DEFAULT_ROWS = 10_000, 1000
DEFAULT_SHOWN = ("@timestamp", "@message")


class Query:
    """What a query does with events (oldest first), and which fields its rows show."""

    def __init__(self, text: str) -> None:
        self._steps: list[Step] = []
        self._shown: list[str] = []
        self._limit: int | None = None
        self._sorted = self._stats = False
        found = commands(text)
        if not found:
            raise QueryError("the query is empty")
        for command in found:
            word, _, rest = command.partition(" ")
            reader = getattr(self, f"_read_{word.strip().lower()}", None)
            if reader is None:
                raise QueryError(f"the embedded Insights has no command '{word}'")
            reader(rest.strip())

    def run(self, events: Iterable[dict[str, Any]], limit: int | None = None) -> tuple[list[dict[str, str]], int]:
        """The rows, and how many events the filters let through."""
        rows = list(events)
        matched = len(rows)
        for step in self._steps:
            rows = step(rows)
            if getattr(step, "filters", False):
                matched = len(rows)
        if not self._sorted and not self._stats:
            rows.reverse()  # newest first, as Insights shows them
        most = min(self._limit or MOST_ROWS if self._limit else DEFAULT_ROWS, limit or MOST_ROWS, MOST_ROWS)
        names = self._shown or list(DEFAULT_SHOWN)
        return [_row(row, names, with_pointer=not self._stats) for row in rows[:most]], matched

    def _read_fields(self, text: str) -> None:
        named = self._expressions(text)
        self._shown += [name for name, _ in named if name not in self._shown]
        self._steps.append(_compute(named))

    def _read_display(self, text: str) -> None:
        named = self._expressions(text)
        self._shown = [name for name, _ in named]
        self._steps.append(_compute(named))

    def _expressions(self, text: str) -> list[tuple[str, Function]]:
        reader = Reader(tokens(text))
        named: list[tuple[str, Function]] = []
        texts = _split(text)
        while not reader.ended:
            if named:
                reader.take(",")
            function = reader.expression()
            name = reader.name() if reader.word("as") else texts[len(named)]
            named.append((name, function))
        return named

    def _read_filter(self, text: str) -> None:
        reader = Reader(tokens(text))
        condition = reader.expression()
        if not reader.ended:
            raise QueryError(f"filter: unexpected '{reader.peek().value}'")

        def step(events: Events) -> Events:
            return [event for event in events if truth(condition(event))]

        step.filters = True  # type: ignore[attr-defined]
        self._steps.append(step)

    _read_where = _read_filter

    def _read_parse(self, text: str) -> None:
        field, pattern, names = _parse_command(text)
        self._shown += [name for name in names if name not in self._shown] if self._shown else []

        def step(events: Events) -> Events:
            for event in events:
                value = event.get(field)
                match = pattern.search(shown(value)) if value is not None else None
                if match:
                    event.update({name: match.group(index + 1) for index, name in enumerate(names)})
            return events

        self._steps.append(step)

    def _read_unnest(self, text: str) -> None:
        self._steps.append(unnest(text))

    def _read_stats(self, text: str) -> None:
        if self._stats:
            raise QueryError("the embedded Insights takes one stats command")
        reader = Reader(tokens(text))
        aggregates: list[tuple[str, Function | None, Aggregate]] = []
        while True:
            aggregates.append(_read_aggregate(reader))
            if not reader.word(","):
                break
        groups: list[tuple[str, Function]] = []
        if reader.word("by"):
            groups = self._groups(reader, text)
        if not reader.ended:
            raise QueryError(f"stats: unexpected '{reader.peek().value}'")
        self._stats = True
        self._shown = [name for name, _ in groups] + [name for name, _, _ in aggregates]
        self._steps.append(_group(groups, aggregates))

    def _groups(self, reader: Reader, text: str) -> list[tuple[str, Function]]:
        named: list[tuple[str, Function]] = []
        texts = _split(re.split(r"\bby\b", text, flags=re.IGNORECASE)[-1])
        while True:
            function = reader.expression()
            name = reader.name() if reader.word("as") else texts[len(named)]
            named.append((name, function))
            if not reader.word(","):
                return named

    def _read_sort(self, text: str) -> None:
        reader = Reader(tokens(text))
        keys: list[tuple[Function, bool]] = []
        texts = _split(text)
        while not reader.ended:
            if keys:
                reader.take(",")
            # After stats, sort names a column as it is written there: count(*), bin(5m).
            column = re.sub(r"\s+(asc|desc)$", "", texts[len(keys)], flags=re.IGNORECASE)
            function = self._column(reader, column)
            descending = reader.word("desc")
            if not descending:
                reader.word("asc")
            keys.append((function, descending))
        self._sorted = True

        def step(events: Events) -> Events:
            for function, descending in reversed(keys):
                events = sorted(events, key=lambda event: _rank(function(event)), reverse=descending)
            return events

        self._steps.append(step)

    def _column(self, reader: Reader, column: str) -> Function:
        if self._stats and column in self._shown:
            for _ in tokens(column):
                reader.next()
            return lambda event: event.get(column)
        return reader.expression()

    def _read_limit(self, text: str) -> None:
        if not text.isdigit() or not 1 <= int(text) <= MOST_ROWS:
            raise QueryError(f"limit takes a number from 1 to {MOST_ROWS}")
        self._limit = int(text)

    def _read_dedup(self, text: str) -> None:
        fields = [part.strip() for part in text.split(",") if part.strip()]
        if not fields:
            raise QueryError("dedup takes fields")
        was_sorted = self._sorted

        def step(events: Events) -> Events:
            seen: set[tuple[Any, ...]] = set()
            kept = []
            for event in events if was_sorted else reversed(events):
                key = tuple(event.get(field) for field in fields)
                if None in key or key not in seen:
                    seen.add(key)
                    kept.append(event)
            return kept if was_sorted else kept[::-1]

        self._steps.append(step)


def _compute(named: list[tuple[str, Function]]) -> Step:
    def step(events: Events) -> Events:
        for event in events:
            for name, function in named:
                if name not in event:
                    event[name] = function(event)
        return events

    return step


def _group(groups: list[tuple[str, Function]], aggregates: list[tuple[str, Function | None, Aggregate]]) -> Step:
    def step(events: Events) -> Events:
        found: dict[tuple[Any, ...], Events] = {}
        for event in events:
            found.setdefault(tuple(function(event) for _, function in groups), []).append(event)
        if not groups and not found:
            found[()] = []
        rows = []
        for key, members in found.items():
            row: dict[str, Any] = dict(zip((name for name, _ in groups), key, strict=True))
            for name, function, apply in aggregates:
                values = [1 if function is None else function(event) for event in members]
                row[name] = apply([value for value in values if value is not None])
            rows.append(row)
        return rows

    return step


def _read_aggregate(reader: Reader) -> tuple[str, Function | None, Aggregate]:
    name = reader.name()
    reader.take("(")
    written = f"{name}("
    if reader.peek() == Token("sign", "*") or reader.peek() == Token("sign", ")"):
        written += "*" if reader.word("*") else ""
        function: Function | None = None
        if name.lower() != "count":
            raise QueryError(f"{name}() takes a field")
    else:
        start = reader.peek().value
        function = reader.expression()
        written += start
    more: list[float] = []
    while reader.word(","):
        share = number(reader.next().value)
        if share is None:
            raise QueryError(f"{name}(): a number is expected")
        more.append(float(share))
        written += f", {shown(share)}"
    reader.take(")")
    alias = reader.name() if reader.word("as") else f"{written})"
    return alias, function, aggregate(name.lower(), more)


def _split(text: str) -> list[str]:
    """The parts between commas that are in no bracket or quote, as written."""
    parts, depth, quote = [""], 0, ""
    for sign in text:
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'`":
            quote = sign
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(sign, 0) if not quote else 0
        if sign == "," and depth == 0 and not quote:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip().strip("`") for part in parts] + [""]


def _parse_command(text: str) -> tuple[str, re.Pattern[str], list[str]]:
    glob = re.fullmatch(
        r"(?:(?P<field>@?[\w.@]+)\s+)?(?P<quote>[\"'])(?P<glob>.*?)(?P=quote)\s+as\s+(?P<names>.+)", text, re.I
    )
    if glob:
        names = [name.strip() for name in glob["names"].split(",")]
        parts = [re.escape(part) for part in glob["glob"].split("*")]
        if len(parts) - 1 != len(names):
            raise QueryError("parse: there must be as many names as stars")
        pattern = "(.*?)".join(parts) + ("$" if glob["glob"].endswith("*") else "")
        return glob["field"] or "@message", re.compile(pattern, re.DOTALL), names
    regex = re.fullmatch(r"(?:(?P<field>@?[\w.@]+)\s+)?/(?P<regex>.*)/", text, re.DOTALL)
    if regex is None:
        raise QueryError('parse takes "a * text" as names, or /a regular expression with (?<names>...)/')
    compiled = pattern_of(regex["regex"])
    if not compiled.groupindex or len(compiled.groupindex) != compiled.groups:
        raise QueryError("parse: every group of the regular expression needs a name")
    return regex["field"] or "@message", compiled, list(compiled.groupindex)


def _rank(value: Any) -> tuple[int, float, str]:
    found = number(value)
    if value is None:
        return (0, 0.0, "")
    return (1, float(found), "") if found is not None else (2, 0.0, shown(value))


def _row(event: Event, names: list[str], with_pointer: bool) -> dict[str, str]:
    from local.insights.records import display

    row = {name: display(name, event[name]) for name in names if event.get(name) is not None}
    if with_pointer:
        row["@ptr"] = str(event.get("@ptr", ""))
    return row
