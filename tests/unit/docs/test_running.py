"""Which documented commands tests/e2e/test_documented_commands.py runs, and which it leaves out."""

from __future__ import annotations

import re

import pytest

from tests.unit.docs.documents import documents, shown
from tests.unit.docs.running import ALSO, HISTORY, LEFT_OUT, filled, steps, why_left_out

SHOWN = [one for document in documents() if not HISTORY.match(document) for one in shown(document)]
STEPS = list(steps({"N": "10", "PORT": "8501", "SECONDS": "5"}))


def test_a_command_of_a_code_block_is_run_or_left_out_for_a_reason() -> None:
    run = {" ".join(step.run.replace("--stage local", "").split()) for step in STEPS}
    for one in SHOWN:
        if not one.span and why_left_out(one.text) is None:
            text = " ".join(filled(one.text, {"N": "10", "PORT": "8501", "SECONDS": "5"}).split())
            assert text.replace(" --stage local", "") in run or text in run, f"{one.document}:{one.line}: {one.text}"


@pytest.mark.parametrize("pattern", [part for pattern in LEFT_OUT for part in re.split(r"\|(?=[a-z]+ )", pattern)])
def test_what_is_left_out_is_still_documented(pattern: str) -> None:
    assert any(re.fullmatch(pattern, one.text) for one in SHOWN), f"no document shows {pattern}"


@pytest.mark.parametrize("pattern", ALSO)
def test_an_exit_code_is_allowed_only_for_a_command_that_is_run(pattern: str) -> None:
    assert any(re.match(pattern, step.run) for step in STEPS)


@pytest.mark.parametrize(
    ("text", "run"),
    [
        ("swipeline alerts [--follow]", "swipeline alerts --follow"),
        ("swipeline sql [--json | --csv] [--limit N]", "swipeline sql --json  --limit 10"),
        ("swipeline verdict ID fraud|genuine [--by WHO]", "swipeline verdict T-1 fraud --by WHO"),
        ("swipeline logs --stage dev", "swipeline logs --stage local"),
        ("swipeline cost --stage dev", "swipeline cost --stage dev"),
        ("swipeline find TRANSACTION_ID", "swipeline find TRANSACTION_ID"),
    ],
)
def test_placeholders_are_filled_in(text: str, run: str) -> None:
    assert filled(text, {"ID": "T-1", "N": "10"}) == run
