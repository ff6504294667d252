"""The marts during a run of merge-warehouse: how often they are looked at, and the outcome of a failure."""

from __future__ import annotations

import pytest

from shared.warehouse.data_api import StatementFailedError, Warehouse
from shared.warehouse.marts import EVERY_SECONDS, Marts, Refreshed
from shared.warehouse.sql import read_statements
from tests.unit.fakes.clock import FakeClock
from tests.unit.fakes.redshift_data import FakeDataApi, Result, StatementError

WAITING, REFRESH = read_statements("marts/waiting.sql")[0], read_statements("marts/refresh.sql")
DONE = {"inserted": 2, "changed_customers": 1, "missing": 0, "alerts": 4}


def followed(answers: dict[str, Result | StatementError]) -> tuple[Marts, FakeClock, FakeDataApi]:
    def execute(sql: str) -> Result | None:
        answer = answers.get(sql)
        if isinstance(answer, StatementError):
            raise answer
        return answer

    clock, api = FakeClock(), FakeDataApi(execute)
    return Marts(Warehouse(api, "swipeline-test", "swipeline", clock=clock, sleep=clock.sleep), clock), clock, api


def test_they_are_looked_at_once_in_ten_seconds_however_often_the_merge_runs() -> None:
    marts, clock, api = followed({WAITING: [{"transactions": 0, "alerts": 0, "changes": 0}]})
    for _ in range(25):
        assert marts.follow(60) is None
        clock.sleep(1)
    assert EVERY_SECONDS == 10
    assert len(api.submitted) == 3


@pytest.mark.parametrize(
    "waiting",
    [
        {"transactions": 5, "alerts": 0},
        {"transactions": 0, "alerts": 1},
        {"transactions": 0, "alerts": 0, "changes": 1},
    ],
)
def test_new_transactions_and_new_alerts_make_a_refresh(waiting: dict[str, int]) -> None:
    marts, _, api = followed({WAITING: [waiting], REFRESH[-1]: [DONE]})
    assert marts.follow(60) == Refreshed(2, 1, 0, 4)
    assert api.submitted[-1]["Sqls"] == REFRESH


def test_a_failure_is_raised_when_asked_for_and_the_next_refresh_is_tried_all_the_same() -> None:
    answers: dict[str, Result | StatementError] = {WAITING: StatementError("ERROR: out of disk")}
    marts, clock, _ = followed(answers)
    assert marts.follow(60) is None
    clock.sleep(EVERY_SECONDS)
    answers |= {WAITING: [{"transactions": 5, "alerts": 0}], REFRESH[-1]: [DONE]}
    assert marts.follow(60) is not None
    with pytest.raises(StatementFailedError, match="out of disk"):
        marts.raise_failure()
