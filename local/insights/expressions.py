"""Reads expressions of Logs Insights and makes functions of an event of them: comparisons, like, arithmetic, calls."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from local.insights.functions import CALLS, number, shown, truth
from local.insights.lexer import QueryError, Token
from local.insights.structures import lookup

Event = Mapping[str, Any]
Function = Callable[[Event], Any]
_COMPARED = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_WORDS = ("and", "or", "not", "like", "in", "as", "by", "asc", "desc")
SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def seconds_of(text: str) -> float:
    """The length of a period as 5m. Raises QueryError."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)", text)
    if match is None:
        raise QueryError(f"'{text}' is not a period, as 5m")
    return float(match.group(1)) * SECONDS[match.group(2)]


class Reader:
    """Reads the tokens of a command from the left."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens, self._at = tokens, 0

    def peek(self, ahead: int = 0) -> Token:
        at = self._at + ahead
        return self._tokens[at] if at < len(self._tokens) else Token("end", "end of the command")

    def next(self) -> Token:
        token = self.peek()
        self._at += 1
        return token

    def word(self, *words: str) -> bool:
        """Take the next token if it is one of these words or signs."""
        token = self.peek()
        if token.kind in ("name", "sign") and token.value.lower() in words:
            self._at += 1
            return True
        return False

    def take(self, word: str) -> None:
        if not self.word(word):
            raise QueryError(f"'{word}' expected, not '{self.peek().value}'")

    @property
    def ended(self) -> bool:
        return self.peek().kind == "end"

    def name(self) -> str:
        """A field's name."""
        token = self.next()
        if token.kind != "name":
            raise QueryError(f"a field is expected, not '{token.value}'")
        return token.value

    def expression(self) -> Function:
        """or binds least."""
        left = self._both()
        while self.word("or"):
            left = _either(left, self._both())
        return left

    def _both(self) -> Function:
        left = self._negated()
        while self.word("and"):
            left = _both(left, self._negated())
        return left

    def _negated(self) -> Function:
        if self.word("not"):
            inner = self._negated()
            return lambda event: not truth(inner(event))
        return self._compared()

    def _compared(self) -> Function:
        left = self._sum()
        if self.word("="):
            right = self._sum()
            return lambda event: _equal(left(event), right(event))
        if self.word("!="):
            other = self._sum()
            return lambda event: not _equal(left(event), other(event))
        for sign, compare in _COMPARED.items():
            if self.word(sign):
                return _ordered(compare, left, self._sum())
        if self.word("not"):
            inner = self._matched(left)
            return lambda event: not inner(event)
        if self.peek().value.lower() in ("like", "=~", "in") and self.peek().kind in ("name", "sign"):
            return self._matched(left)
        return left

    def _matched(self, left: Function) -> Function:
        if self.word("in"):
            self.take("[")
            values = [self._sum()]
            while self.word(","):
                values.append(self._sum())
            self.take("]")
            return lambda event: any(_equal(left(event), value(event)) for value in values)
        if not self.word("like", "=~"):
            raise QueryError(f"like, =~ or in expected, not '{self.peek().value}'")
        token = self.next()
        if token.kind == "regex":
            pattern = pattern_of(token.value)
            return lambda event: (value := left(event)) is not None and pattern.search(shown(value)) is not None
        if token.kind != "text":
            raise QueryError(f"like takes a text or a /regular expression/, not '{token.value}'")
        return lambda event: (value := left(event)) is not None and token.value in shown(value)

    def _sum(self) -> Function:
        left = self._product()
        while self.peek().value in ("+", "-") and self.peek().kind == "sign":
            left = _arithmetic(self.next().value, left, self._product())
        return left

    def _product(self) -> Function:
        left = self._value()
        while self.peek().value in ("*", "/", "%", "^") and self.peek().kind == "sign":
            left = _arithmetic(self.next().value, left, self._value())
        return left

    def _value(self) -> Function:
        token = self.next()
        if token.kind == "number":
            if token.value[-1].isalpha():
                raise QueryError(f"a period is expected in bin() only: '{token.value}'")
            value = float(token.value) if "." in token.value else int(token.value)
            return lambda event: value
        if token.kind == "text":
            return lambda event: token.value
        if token.kind == "sign" and token.value == "(":
            inner = self.expression()
            self.take(")")
            return inner
        if token.kind == "sign" and token.value == "-":
            negative = self._value()
            return lambda event: None if (v := number(negative(event))) is None else -v
        if token.kind != "name" or token.value.lower() in _WORDS:
            raise QueryError(f"unexpected '{token.value}'")
        if self.peek().value == "(" and self.peek().kind == "sign":
            return self._call(token.value.lower())
        return lambda event: lookup(event, token.value)

    def _call(self, name: str) -> Function:
        self.take("(")
        if name == "bin":
            return self.bin()
        arguments = self.arguments()
        if name not in CALLS:
            raise QueryError(f"the embedded Insights has no function {name}()")
        call, fewest, most = CALLS[name]
        if not fewest <= len(arguments) <= most:
            raise QueryError(f"{name}() takes {fewest} to {most} arguments")
        return lambda event: call(*(argument(event) for argument in arguments))

    def bin(self) -> Function:
        """The rest of bin(5m), after the bracket: the beginning of the event's period, in milliseconds."""
        period = int(seconds_of(self.next().value) * 1000)
        self.take(")")
        return lambda event: Moment(event["@timestamp"] - event["@timestamp"] % period)

    def arguments(self) -> list[Function]:
        """The rest of a call, after the bracket."""
        found: list[Function] = []
        while not self.word(")"):
            if found:
                self.take(",")
            found.append(self.expression())
        return found


class Moment(int):
    """Milliseconds since 1970, shown as a time."""


def pattern_of(text: str) -> re.Pattern[str]:
    """A regular expression of a query: (?<name>...) as well as (?P<name>...). Raises QueryError."""
    try:
        return re.compile(re.sub(r"\(\?<(?![=!])", "(?P<", text))
    except re.error as error:
        raise QueryError(f"/{text}/ is no regular expression: {error}") from error


def _both(left: Function, right: Function) -> Function:
    return lambda event: truth(left(event)) and truth(right(event))


def _either(left: Function, right: Function) -> Function:
    return lambda event: truth(left(event)) or truth(right(event))


def _equal(left: Any, right: Any) -> bool:
    if left is None or right is None:
        return left is right
    numbers = number(left), number(right)
    if None not in numbers and not (isinstance(left, str) and isinstance(right, str)):
        return numbers[0] == numbers[1]
    return shown(left) == shown(right)


def _ordered(compare: Callable[[Any, Any], bool], left: Function, right: Function) -> Function:
    def compared(event: Event) -> bool:
        one, other = left(event), right(event)
        if one is None or other is None:
            return False
        numbers = number(one), number(other)
        if numbers[0] is not None and numbers[1] is not None:
            return compare(*numbers)
        return compare(shown(one), shown(other))

    return compared


def _arithmetic(sign: str, left: Function, right: Function) -> Function:
    signs: dict[str, Callable[[Any, Any], Any]] = {
        "+": operator.add,
        "-": operator.sub,
        "*": operator.mul,
        "/": operator.truediv,
        "%": operator.mod,
        "^": operator.pow,
    }

    def computed(event: Event) -> Any:
        one, other = number(left(event)), number(right(event))
        if one is None or other is None or (other == 0 and sign in "/%"):
            return None
        return signs[sign](one, other)

    return computed
