"""Every case of this folder's files gives the documented rows, or is refused where Redshift refuses it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.redshift.engine import Database
from tests.conformance.redshift.statements.cases import EQUAL, REFUSED, run, warehouse

FILES = sorted(Path(__file__).parent.glob("*.json"))
CASES = [(path.stem, number, case) for path in FILES for number, case in enumerate(json.loads(path.read_text()))]


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    with warehouse() as opened:
        yield opened


@pytest.mark.parametrize("stem", [path.stem for path in FILES])
def test_each_case_has_the_documented_rows_or_is_refused(database: Database, stem: str) -> None:
    found: list[tuple[Any, Any]] = []
    for name, _, case in CASES:
        if name == stem:
            outcome = run(database, case)
            if outcome.kind not in (EQUAL, REFUSED):
                found.append((case["sql"], outcome))
    assert found == []


def test_there_are_at_least_400_cases_and_each_names_its_page() -> None:
    assert len(CASES) >= 400
    assert [case["sql"] for _, _, case in CASES if not case.get("page")] == []
