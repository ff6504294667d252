"""SEARCH('{Namespace,Dimension} terms', 'Stat', period): the metrics that match, as CloudWatch's search expressions do.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from local.cloudwatch.expression import ExpressionError
from local.cloudwatch.store import Key

_SCHEMA = re.compile(r"\s*\{([^}]*)\}\s*")
_TERM = re.compile(r'\s*(?:(\()|(\))|(?:([A-Za-z_]\w*)\s*=\s*)?(?:"([^"]*)"|([^\s()"=]+)))')
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
MOST_METRICS = 500


def matching(query: str, keys: Iterable[Key]) -> list[Key]:
    """The metrics that a search finds, at most 500. Raises ExpressionError when it can't be read."""
    schema = _SCHEMA.match(query)
    names: list[str] | None = None
    if schema:
        parts = [part.strip().strip('"') for part in schema.group(1).split(",")]
        namespace, names = parts[0], sorted(parts[1:])
        keys = [k for k in keys if k[0] == namespace and sorted(name for name, _ in k[2]) == names]
    terms = _terms(query[schema.end() :] if schema else query)
    found = [key for key in keys if not terms or _Reader(terms, key).whole()]
    return sorted(found)[:MOST_METRICS]


def _terms(text: str) -> list[tuple[str, str, str]]:
    terms, position = [], 0
    while position < len(text.rstrip()):
        match = _TERM.match(text, position)
        if match is None:
            raise ExpressionError(f"SEARCH can't read '{text[position:].strip()[:20]}'")
        opened, closed, name, quoted, plain = match.groups()
        if opened or closed:
            terms.append(("bracket", "", opened or closed))
        elif quoted is not None:
            terms.append(("exact", name or "", quoted))
        elif plain in ("AND", "OR", "NOT") and not name:
            terms.append(("word", "", plain))
        else:
            terms.append(("partial", name or "", plain))
        position = match.end()
    return terms


def _tokens(text: str) -> list[str]:
    return [word.lower() for word in _WORDS.findall(text)]


class _Reader:
    """Evaluates the terms for one metric: OR binds least, a space is AND."""

    def __init__(self, terms: list[tuple[str, str, str]], key: Key) -> None:
        self._terms, self._at = terms, 0
        self._fields = {"Namespace": key[0], "MetricName": key[1], **dict(key[2])}

    def whole(self) -> bool:
        result = self._either()
        if self._at != len(self._terms):
            raise ExpressionError(f"SEARCH: unexpected '{self._terms[self._at][2]}'")
        return result

    def _next(self) -> tuple[str, str, str]:
        return self._terms[self._at] if self._at < len(self._terms) else ("end", "", "")

    def _either(self) -> bool:
        result = self._both()
        while self._next() == ("word", "", "OR"):
            self._at += 1
            result = self._both() or result
        return result

    def _both(self) -> bool:
        result = self._one()
        while self._next()[0] != "end" and self._next() not in (("word", "", "OR"), ("bracket", "", ")")):
            if self._next() == ("word", "", "AND"):
                self._at += 1
            result = self._one() and result
        return result

    def _one(self) -> bool:
        kind, name, text = self._next()
        self._at += 1
        if (kind, text) == ("word", "NOT"):
            return not self._one()
        if (kind, text) == ("bracket", "("):
            result = self._either()
            if self._next() != ("bracket", "", ")"):
                raise ExpressionError("SEARCH: a bracket is not closed")
            self._at += 1
            return result
        if kind not in ("exact", "partial"):
            raise ExpressionError(f"SEARCH: unexpected '{text}'")
        values = [self._fields.get(name, "")] if name else [*self._fields.values(), *self._fields.keys()]
        if kind == "exact":
            return text in values
        wanted = _tokens(text)
        return any(
            wanted == found[i : i + len(wanted)] for v in values for found in [_tokens(v)] for i in range(len(found))
        )
