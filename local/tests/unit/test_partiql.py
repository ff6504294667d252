"""A statement is parsed once for the three that ask about it, and never answered with another's."""

from __future__ import annotations

from typing import Any

import pytest

from local.partiql import read_once


@pytest.fixture
def parsed() -> Any:
    """`read_once` over a parser that counts, and gives back what it was asked with and its number."""
    asked: list[str] = []

    def parse(text: str, parameters: list[Any]) -> dict[str, Any]:
        if text == "malformed":
            raise ValueError(text)
        asked.append(text)
        return {"text": text, "parameters": list(parameters), "number": len(asked)}

    return read_once(parse)


def test_the_same_statement_is_parsed_once(parsed: Any) -> None:
    parameters = [{"S": "a"}]
    assert [parsed("INSERT", parameters)["number"] for _ in range(3)] == [1, 1, 1]


@pytest.mark.parametrize(("text", "parameters"), [("INSERT", [{"S": "a"}]), ("UPDATE", None)])
def test_an_equal_list_or_another_text_is_another_statement(parsed: Any, text: str, parameters: list[Any]) -> None:
    first = [{"S": "a"}]
    parsed("INSERT", first)
    assert parsed(text, parameters or first)["number"] == 2


def test_statements_without_parameters_are_parsed_each_time(parsed: Any) -> None:
    nothing: list[Any] = []
    assert [parsed("SELECT", nothing)["number"] for _ in range(2)] == [1, 2]


def test_what_is_refused_is_refused_each_time_and_not_taken_for_what_was_before(parsed: Any) -> None:
    parameters = [{"S": "a"}]
    parsed("INSERT", parameters)
    for _ in range(2):
        with pytest.raises(ValueError, match="malformed"):
            parsed("malformed", parameters)
    assert parsed("INSERT", parameters)["number"] == 1
