"""A seeded few hundred of the fuzzer's expressions; `make fuzz-warehouse` runs 20,000 new ones."""

from __future__ import annotations

import pytest

from tests.fuzz.warehouse.compare import fuzz
from tests.fuzz.warehouse.postgres import MissingError, server


def test_random_expressions_have_postgresqls_values_but_for_the_written_differences() -> None:
    try:
        with server() as postgres:
            report = fuzz(postgres, seed=20260701, cases=400)
    except MissingError as error:
        pytest.skip(str(error))
    assert report.other == []
    assert report.taken == []
    assert report.equal >= 380
