"""`python -m tests.gamedays.run`: the game days, on a stack of their own; `--markdown` writes their table."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
from itertools import groupby
from pathlib import Path

from local.tests.ports import free_port_pair
from tests.e2e.stack import REPO, Stack
from tests.gamedays.day import Outcome
from tests.gamedays.days import DAYS
from tests.gamedays.rounds import run_round, table
from tests.gamedays.world import World

DOCUMENT = REPO / "docs" / "failure-tests.md"
RESULT = REPO / "build" / "gamedays.json"


def main() -> None:
    """Exits with 1 if a day failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="days whose name has these words")
    parser.add_argument("--rounds", default="", help="rounds, such as 1,3")
    parser.add_argument("--repeat", type=int, default=1, help="how often in a row")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--here", action="store_true", help="on the stack of SWIPELINE_HOME, instead of one of its own")
    parser.add_argument("--markdown", action="store_true", help="write the table into docs/failure-tests.md")
    given = parser.parse_args()
    rounds = {int(number) for number in given.rounds.split(",") if number}
    days = [day for day in DAYS if given.only in day.name and (not rounds or day.round in rounds)]
    with tempfile.TemporaryDirectory() as folder:
        if given.here:
            stack = Stack(Path(os.environ["SWIPELINE_HOME"]), int(os.environ["SWIPELINE_PORT"]))
        else:
            stack = Stack(Path(folder) / "home", free_port_pair())
        try:
            stack.run("up", timeout=900)
            world = World(stack, Path(folder))
            outcomes: list[Outcome] = []
            with world.with_console():
                for repetition in range(given.repeat):
                    for number, group in groupby(days, key=lambda day: day.round):
                        say(f"round {number}, repetition {repetition + 1}")
                        seed = 10_000 * given.seed + 100 * repetition + number
                        for one in run_round(world, list(group), seed, say):
                            outcomes.append(one)
                            say(f"{'ok  ' if one.passed else 'FAIL'} {json.dumps(one.as_json())}")
        finally:
            if not given.here:
                stack.run("down", check=False)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps([one.as_json() for one in outcomes], indent=2) + "\n")
    if given.markdown:
        write(table(outcomes[-len(days) :]))
    failed = sum(not one.passed for one in outcomes)
    say(f"{len(outcomes) - failed} of {len(outcomes)} game days passed")
    sys.exit(1 if failed else 0)


def write(made: str) -> None:
    """Put the table between its marks."""
    text = DOCUMENT.read_text(encoding="utf-8")
    found = re.sub(r"(<!-- gamedays: [^>]*-->\n).*?(\n<!-- end of gamedays -->)", rf"\1\n{made}\n\2", text, flags=re.S)
    DOCUMENT.write_text(found, encoding="utf-8")


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main()
