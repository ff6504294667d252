"""The API's description: it is what the code says, it is whole, and a change that breaks callers is seen."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from functions.query_transactions.api import PARAMETERS
from scripts.api_compatibility import breaking
from scripts.api_description import contents, describe

Description = dict[str, Any]
TODAY = describe()


def test_the_committed_description_and_its_page_are_what_the_code_says() -> None:
    for path, text in contents().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is old: run `make api-docs`"


def test_the_page_loads_nothing_from_elsewhere_and_has_every_call() -> None:
    page = next(text for path, text in contents().items() if path.suffix == ".html")
    assert not [word for word in ("<script", "http://", "https://", "@import", "url(") if word in page]
    for path, methods in TODAY["paths"].items():
        for method in methods:
            assert f"{method.upper()} {path}</code></h2>" in page


def test_parameters_that_are_taken_are_those_that_are_described() -> None:
    for path, names in PARAMETERS.items():
        assert {parameter["name"] for parameter in TODAY["paths"][path]["get"]["parameters"]} == names


def test_money_is_decimal_text_and_no_answer_has_a_card_number() -> None:
    transaction = TODAY["components"]["schemas"]["Transaction"]
    assert transaction["properties"]["amount"]["type"] == "string"
    assert not {"cc_num", "card_number"} & set(transaction["properties"])


def test_a_description_does_not_break_itself() -> None:
    assert list(breaking(TODAY, copy.deepcopy(TODAY))) == []


def _get(description: Description) -> Description:
    found: Description = description["paths"]["/transactions"]["get"]
    return found


def _parameter(description: Description, name: str) -> Description:
    return next(one for one in _get(description)["parameters"] if one["name"] == name)


def _schema(description: Description, name: str) -> Description:
    found: Description = description["components"]["schemas"][name]
    return found


BREAKING: dict[str, Callable[[Description], Any]] = {
    "GET /merchants is gone": lambda d: d["paths"].pop("/merchants"),
    "parameter order is gone": lambda d: _get(d)["parameters"].remove(_parameter(d, "order")),
    "parameter limit is now required": lambda d: _parameter(d, "limit").update(required=True),
    "limit: maximum is narrower": lambda d: _parameter(d, "limit")["schema"].update(maximum=100),
    "limit: minimum is narrower": lambda d: _parameter(d, "limit")["schema"].update(minimum=2),
    "order may no longer be 'oldest'": lambda d: _parameter(d, "order")["schema"].update(enum=["newest"]),
    "card_id: another pattern": lambda d: _parameter(d, "card_id")["schema"].update(pattern="^x$"),
    "parameter who is new and required": lambda d: _get(d)["parameters"].append(
        {"name": "who", "in": "query", "required": True, "schema": {"type": "string"}}
    ),
    "body.cursor is gone": lambda d: _schema(d, "Search")["properties"].pop("cursor"),
    "body.limit is now required": lambda d: _schema(d, "Search")["required"].append("limit"),
    "answer 200 is gone": lambda d: _get(d)["responses"].pop("200"),
    "city is not always there any more": lambda d: _schema(d, "Transaction")["required"].remove("city"),
    "amount may now be number": lambda d: _schema(d, "Transaction")["properties"]["amount"].update(type="number"),
}
HARMLESS: dict[str, Callable[[Description], Any]] = {
    "a new call": lambda d: d["paths"].update({"/cards": copy.deepcopy(d["paths"]["/health"])}),
    "a new optional parameter": lambda d: _get(d)["parameters"].append(
        {"name": "category", "in": "query", "required": False, "schema": {"type": "string"}}
    ),
    "a larger page": lambda d: _parameter(d, "limit")["schema"].update(maximum=5000),
    "one more order": lambda d: _parameter(d, "order")["schema"].update(enum=["newest", "oldest", "dearest"]),
    "one more field in an answer": lambda d: _schema(d, "Transaction")["properties"].update(score={"type": "number"}),
    "another text": lambda d: _get(d).update(summary="In other words"),
}


@pytest.mark.parametrize("finding", BREAKING)
def test_what_breaks_callers_is_named(finding: str) -> None:
    changed = copy.deepcopy(TODAY)
    BREAKING[finding](changed)
    found = list(breaking(TODAY, changed))
    assert any(finding in one for one in found), found


@pytest.mark.parametrize("change", HARMLESS)
def test_what_callers_do_not_notice_is_let_through(change: str) -> None:
    changed = copy.deepcopy(TODAY)
    HARMLESS[change](changed)
    assert list(breaking(TODAY, changed)) == []
