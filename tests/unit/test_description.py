"""The description of a transaction: one place per fact, and everything that it must say."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from shared.transaction.schema import FIELDS, SOURCES, Transaction
from tests.rows import CSV_ROW, findings, parse

FOLDER = Path(__file__).parents[2] / "shared" / "transaction"
_PATTERN = re.compile(r"\[[^\]]+\](?:[{*+]|.*\[[^\]]+\])")  # a character class that is repeated, or two of them
_PART = re.compile(r"\[0-9a-f\]|\[A-Za-z0-9_-\]|\[FM\]|\[A-Z\]|\[01\]\[0-9\]|\[1-9\]\[0-9\]\{0,7\}")


def literals() -> list[tuple[str, str]]:
    """Every text of the code that looks like a pattern, with its file; docstrings and comments left out."""
    found: list[tuple[str, str]] = []
    for path in sorted(FOLDER.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        texts = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
        found += [(path.name, node.value) for node in texts if id(node) not in docs]
    return found


def test_no_pattern_of_a_field_stands_twice() -> None:
    patterns = [text for _, text in literals() if _PATTERN.search(text) and len(text) > 8]
    assert len(patterns) > 20
    assert [text for text, count in Counter(patterns).items() if count > 1] == []


def test_no_part_that_names_a_field_s_form_stands_twice() -> None:
    parts = Counter(part for name, text in literals() for part in _PART.findall(text) if name != "trace.py")
    assert [part for part, count in parts.items() if count > 1] == []


def test_a_limit_is_a_number_of_the_description_alone() -> None:
    """A field's own limits (64, 100, 200 characters, degrees, digits) are in schema.py and kinds.py, nowhere else."""
    limits = {field.kind.limit for field in FIELDS if field.kind.limit} - {8, 50}
    limits |= {bound for field in FIELDS for bound in field.kind.bounds or () if bound > 0}
    for path in FOLDER.glob("*.py"):
        if path.name in ("schema.py", "kinds.py", "cards.py", "digits.py", "issuers.py", "masking.py", "echo.py"):
            continue
        numbers = {
            node.value
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Constant) and isinstance(node.value, int)
        }
        assert not numbers & limits, path.name


def test_each_field_says_what_it_is_and_its_example_is_right() -> None:
    for field in FIELDS:
        assert field.expected
        if field.source and field.example:
            for example in field.example.split(" or "):
                assert parse(**{str(field.source): example}), field.name


def test_what_was_added_after_version_1_may_be_missing_and_is_in_no_derived_id() -> None:
    for field in FIELDS:
        if field.since > 1:
            assert (field.nullable, field.optional, field.in_id) == (True, True, False), field.name
            assert field.name in Transaction._field_defaults
    assert not next(field for field in FIELDS if field.name == "is_fraud").in_id


@pytest.mark.parametrize("source", sorted(SOURCES))
def test_every_column_says_what_is_expected_of_it(source: str) -> None:
    found = findings(CSV_ROW | {source: {"an": "object"}})[source]
    assert SOURCES[source].hint in found
