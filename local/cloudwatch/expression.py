"""Parses metric math into a tree: numbers, texts, ids, lists, function calls, operators.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)
    |(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<operator>&&|\|\||<=|>=|==|!=|[-+*/^()<>,\[\]]))""",
    re.VERBOSE,
)
# From what binds least to what binds most.
_LEVELS = (("||", "OR"), ("&&", "AND"), ("==", "!="), ("<", ">", "<=", ">="), ("+", "-"), ("*", "/"))


class ExpressionError(ValueError):
    """An expression that the embedded CloudWatch can't evaluate: its message goes into the ValidationError."""


@dataclass(frozen=True)
class Number:
    """A number."""

    value: float


@dataclass(frozen=True)
class Text:
    """A text in quotes, as SEARCH and METRICS take it."""

    value: str


@dataclass(frozen=True)
class Name:
    """The id of another query."""

    name: str


@dataclass(frozen=True)
class Items:
    """A list in brackets."""

    items: tuple[Node, ...]


@dataclass(frozen=True)
class Call:
    """A function and its arguments; operators are calls too, under their sign (a minus before a value is `neg`)."""

    name: str
    arguments: tuple[Node, ...]


Node = Number | Text | Name | Items | Call


@functools.lru_cache(maxsize=512)
def parse(expression: str) -> Node:
    """The tree of an expression. Raises ExpressionError saying what can't be read."""
    parser = _Parser(_tokens(expression), expression)
    node = parser.level(0)
    if parser.kind:
        raise ExpressionError(f"Error in expression '{expression}': unexpected '{parser.word}'")
    return node


def names_in(node: Node) -> set[str]:
    """The ids that a tree refers to."""
    if isinstance(node, Name):
        return {node.name}
    children = node.items if isinstance(node, Items) else node.arguments if isinstance(node, Call) else ()
    return {name for child in children for name in names_in(child)}


def calls_in(node: Node) -> set[str]:
    """The functions and operators that a tree uses."""
    children = node.items if isinstance(node, Items) else node.arguments if isinstance(node, Call) else ()
    own = {node.name} if isinstance(node, Call) else set()
    return own.union(*(calls_in(child) for child in children))


def _tokens(expression: str) -> list[tuple[str, str]]:
    tokens, position, text = [], 0, expression.rstrip()
    if text[:6].upper() == "SELECT":
        raise ExpressionError("Metrics Insights queries (SELECT ...) are not supported by the embedded CloudWatch")
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise ExpressionError(f"Error in expression '{expression}': unexpected '{text[position:].strip()[:10]}'")
        tokens.append((match.lastgroup or "", match.group().strip()))
        position = match.end()
    return tokens


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]], expression: str) -> None:
        self._tokens, self._at, self._expression = tokens, 0, expression

    @property
    def kind(self) -> str:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else ""

    @property
    def word(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else "end of the expression"

    def level(self, number: int) -> Node:
        if number == len(_LEVELS):
            return self.unary()
        left = self.level(number + 1)
        while self.kind and (self.word in _LEVELS[number] or self.word.upper() in _LEVELS[number]):
            sign = {"OR": "||", "AND": "&&"}.get(self.word.upper(), self.word)
            self._at += 1
            left = Call(sign, (left, self.level(number + 1)))
        return left

    def unary(self) -> Node:
        if self.kind == "operator" and self.word in ("-", "+"):
            sign = self.word
            self._at += 1
            return Call("neg", (self.unary(),)) if sign == "-" else self.unary()
        base = self.primary()
        if self.kind == "operator" and self.word == "^":
            self._at += 1
            return Call("^", (base, self.unary()))
        return base

    def primary(self) -> Node:
        kind, word = self.kind, self.word
        self._at += 1
        if kind == "number":
            return Number(float(word))
        if kind == "text":
            return Text(re.sub(r"\\(.)", r"\1", word[1:-1]))
        if kind == "name":
            if self.kind == "operator" and self.word == "(":
                self._at += 1
                return Call(word.upper(), self.listed(")"))
            return Name(word)
        if kind == "operator" and word == "(":
            node = self.level(0)
            self.take(")")
            return node
        if kind == "operator" and word == "[":
            return Items(self.listed("]"))
        raise ExpressionError(f"Error in expression '{self._expression}': unexpected '{word}'")

    def listed(self, end: str) -> tuple[Node, ...]:
        nodes: list[Node] = []
        while not (self.kind == "operator" and self.word == end):
            if nodes:
                self.take(",")
            nodes.append(self.level(0))
        self._at += 1
        return tuple(nodes)

    def take(self, word: str) -> None:
        if not (self.kind == "operator" and self.word == word):
            raise ExpressionError(f"Error in expression '{self._expression}': '{word}' expected, not '{self.word}'")
        self._at += 1
