"""`python -m tests.chaos.run`: breaks a stack of its own in seeded ways, and fails if anything is lost or twice.

A scenario that fails is run again alone, on a fresh stack, with `--seed S --only N`.
"""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tests.chaos.harness import Harness, Result
from tests.chaos.report import summarize, table, untouched
from tests.chaos.scenarios import DURABLE_KINDS, KINDS, draw
from tests.chaos.target import Target

console = Console(width=max(100, Console().width))  # a log has room for the table


def carry_out(
    target: Target, seed: int, numbers: list[int], transactions: int, of: int, wave: int, durable: bool
) -> list[Result]:
    """Run scenarios in waves on a started stack. `of` is how many the run has in all: the data depend on it."""
    rows = target.home / "chaos.csv"
    target.run("generate", "--rows", str(of * transactions), "--seed", str(seed), "--out", rows)
    harness = Harness(target, rows, transactions, console.print)
    results: list[Result] = []
    for start in range(0, len(numbers), wave):
        scenarios = [draw(seed, number, durable=durable) for number in numbers[start : start + wave]]
        found = harness.wave(scenarios)
        results += found
        for result in found:
            for problem in result.problems:
                console.print(f"[red]{result.scenario.seed} {result.scenario.kind}: {problem}[/red]")
        console.print(
            f"{len(results)} scenarios, {sum(len(r.ids) for r in results):,} transactions balanced or evaluated"
        )
    return results


def main(
    scenarios: Annotated[int, typer.Option(help="How many scenarios; their kinds take turns.")] = 200,
    transactions: Annotated[int, typer.Option(help="Transactions in each.")] = 250,
    seed: Annotated[int, typer.Option(help="Decides everything that is drawn.")] = 1,
    only: Annotated[int | None, typer.Option(help="Run the scenario of this number alone.")] = None,
    kind: Annotated[str | None, typer.Option(help="Run only the scenarios whose kind begins with this.")] = None,
    wave: Annotated[int, typer.Option(help="Scenarios between two waits until all is balanced.")] = 10,
    durable: Annotated[bool, typer.Option(help="Kill the emulator too.")] = False,
    keep: Annotated[bool, typer.Option(help="Leave the stack's files where they are.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write the counts as JSON.")] = None,
) -> None:
    """Run fault scenarios on a stack of their own. Exits with 1 if anything is lost, twice, unquarantined or unhit."""
    numbers = list(range(scenarios)) if only is None else [only]
    kinds = list(KINDS | DURABLE_KINDS if durable else KINDS)
    if kind is not None:
        numbers = [number for number in numbers if kinds[number % len(kinds)].startswith(kind)]
    target = Target.make()
    began = time.monotonic()
    try:
        target.up()
        console.print(f"the stack of {target.home} is up")
        results = carry_out(target, seed, numbers, transactions, max(scenarios, max(numbers) + 1), wave, durable)
    finally:
        target.down()
    console.print(table(results, f"Chaos, seed {seed}: {time.monotonic() - began:.0f} s"))
    failed = [result for result in results if result.problems]
    for result in failed:
        again = f"python -m tests.chaos.run --seed {seed} --only {result.scenario.seed} --transactions {transactions}"
        console.print(f"[red]failed: {result.scenario.seed} {result.scenario.kind}[/red]: {again}")
    for missed in untouched(results):
        console.print(f"[red]faults of {missed!r} hit no call[/red]")
    if out:
        run = {"seed": seed, "seconds": round(time.monotonic() - began, 1), "kinds": summarize(results)}
        out.write_text(json.dumps(run, indent=1) + "\n")
    if not keep and not failed:
        shutil.rmtree(target.home, ignore_errors=True)
    raise typer.Exit(1 if failed or untouched(results) else 0)


if __name__ == "__main__":
    typer.run(main)
