"""Cuts a Logs Insights query into commands, and a command into tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass


class QueryError(ValueError):
    """A query that can't be read or isn't supported: Insights' MalformedQueryException."""


@dataclass(frozen=True)
class Token:
    """`kind` is number, text, regex, name or sign."""

    kind: str
    value: str


_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d+)?(?:ms|s|m|h|d|w)?\b)
    |(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |`(?P<quoted>[^`]+)`
    |(?P<name>@?[A-Za-z_][\w@]*(?:\.[\w@]+)*)
    |(?P<sign>=~|!=|<=|>=|=|<|>|[-+*/%^(),\[\]]))""",
    re.VERBOSE,
)
_COMMENT = re.compile(r"^\s*#.*$", re.MULTILINE)
# After these a slash begins a regular expression, otherwise it divides.
_BEFORE_REGEX = ("like", "=~", "parse", ",")


def commands(query: str) -> list[str]:
    """The commands between pipes; a pipe within quotes or a regular expression is none."""
    found, current, inside, position = [], "", "", 0
    text = _COMMENT.sub("", query)
    while position < len(text):
        sign = text[position]
        if inside and sign == "\\":
            current += text[position : position + 2]
            position += 2
            continue
        if inside:
            inside = "" if sign == inside else inside
        elif sign in "\"'`" or (sign == "/" and _regex_may_begin(current)):
            inside = sign
        elif sign == "|":
            found.append(current.strip())
            current, position = "", position + 1
            continue
        current += sign
        position += 1
    found.append(current.strip())
    if inside:
        raise QueryError(f"{inside} is not closed")
    return [command for command in found if command]


def _regex_may_begin(before: str) -> bool:
    return (
        before.rstrip().lower().endswith(_BEFORE_REGEX) or re.search(r"\bparse\s+\S+\s*$", before.lower()) is not None
    )


def tokens(command: str) -> list[Token]:
    """The tokens of one command. Raises QueryError."""
    found: list[Token] = []
    position, text = 0, command.rstrip()
    while position < len(text):
        rest = text[position:].lstrip()
        if rest.startswith("/") and found and found[-1].value.lower() in ("like", "=~"):
            end = _regex_end(rest)
            found.append(Token("regex", rest[1:end]))
            position = len(text) - len(rest) + end + 1
            continue
        match = _TOKEN.match(text, position)
        if match is None:
            raise QueryError(f"unexpected '{rest[:20]}'")
        kind, value = str(match.lastgroup), match.group(str(match.lastgroup))
        if kind == "text":
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        found.append(Token("name" if kind == "quoted" else kind, value))
        position = match.end()
    return found


def _regex_end(text: str) -> int:
    position = 1
    while position < len(text):
        if text[position] == "\\":
            position += 2
            continue
        if text[position] == "/":
            return position
        position += 1
    raise QueryError("a regular expression is not closed")
