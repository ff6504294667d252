"""`swipeline cost`: the bill per million transactions and per month, by service, from counts and a dated price file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from client import output
from client.commands.options import JsonOption
from client.cost.model import HOURS, Assumptions, Bill, assume, bill, read_prices, stream_load
from client.cost.template import package, read
from client.errors import ClientError

USAGE = Path(__file__).resolve().parents[2] / "benchmarks" / "results" / "end_to_end.json"


def cost(
    rate: Annotated[float, typer.Option(help="Average transactions per second over the month.")] = 100.0,
    usage: Annotated[Path, typer.Option(help="Result file of benchmarks.end_to_end.")] = USAGE,
    prices: Annotated[Path | None, typer.Option(help="Price file (default: the shipped prices).")] = None,
    stage: Annotated[
        str | None, typer.Option(help="Read sizes and counts from this stage's template (default: those of dev).")
    ] = None,
    on_demand: Annotated[
        bool | None, typer.Option("--on-demand/--provisioned", help="Stream mode (default: the template's).")
    ] = None,
    rpu: Annotated[
        int | None, typer.Option(help="Redshift's base capacity in RPUs (default: the template's, or 8).")
    ] = None,
    warehouse_hours: Annotated[float, typer.Option(help="Hours per month in which the warehouse is active.")] = HOURS,
    cards: Annotated[int | None, typer.Option(help="Number of active cards (default: as in the measured run).")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show the AWS cost per million transactions and per month, compared with the naive baseline.

    Example: swipeline cost --rate 100 --warehouse-hours 60
    """
    if rate <= 0:
        raise ClientError(f"--rate must be above 0 transactions per second, got {rate}.")
    if cards is not None and cards < 1:
        raise ClientError(f"--cards must be at least 1, got {cards}.")
    listed = read_prices(prices) if prices else read_prices()
    runs = read_runs(usage)
    options = {"on_demand": on_demand, "rpu": rpu, "warehouse_hours": warehouse_hours, "cards": cards}
    chosen: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    given = assume(read(package(stage)), **chosen) if stage else Assumptions(**chosen)
    bills = {name: bill(run["usage"], listed, rate, given) for name, run in runs.items()}
    if as_json:
        output.as_json(
            {
                "prices": {"region": listed["region"], "as_of": listed["as_of"], "source": listed["source"]},
                "rate": rate,
                "stage": stage,
                "bills": {name: as_dict(one) for name, one in bills.items()},
            }
        )
        return
    show(bills, runs, listed)
    if cards is None:
        many = bill(runs[next(iter(runs))]["usage"], listed, rate, replace(given, cards=1_000_000))
        output.people.print(
            f"With a million cards each transaction writes its card's profile: ${many.variable:.2f} per million "
            "(--cards 1000000)."
        )


def read_runs(path: Path) -> dict[str, Any]:
    """The runs of a result: name -> run with its usage. Raises ClientError when there is none."""
    try:
        runs: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["figures"]["runs"]
    except (OSError, ValueError, KeyError) as error:
        raise ClientError(
            f"{path} contains no measured run: create one with `python -m benchmarks.end_to_end`."
        ) from error
    return runs


def as_dict(one: Bill) -> dict[str, Any]:
    """A bill as programs read it."""
    return {
        "dollars_per_million": one.variable,
        "dollars_fixed_per_month": one.fixed,
        "dollars_per_month": one.month,
        "millions_per_month": one.millions,
        "lines": [vars(line) for line in one.lines],
    }


def show(bills: dict[str, Bill], runs: dict[str, Any], listed: dict[str, Any]) -> None:
    """Tables: by service, then where the money of the first one goes."""
    names = list(bills)
    table = Table(title=f"US dollars, {listed['region']}, list prices as known on {listed['as_of']}")
    table.add_column("service")
    for name in names:
        table.add_column(f"{name}\nper million", justify="right")
        table.add_column("\nfixed,\na month", justify="right")
        table.add_column("\nto keep a\nmillion, a month", justify="right")
    by_service = {name: one.services() for name, one in bills.items()}
    for service in dict.fromkeys(service for of in by_service.values() for service in of):
        cells = [money(getattr(by_service[name].get(service), part, 0.0)) for name in names for part in _PARTS]
        table.add_row(service, *cells)
    table.add_section()
    sums = [[one.variable, one.fixed, sum(line.kept for line in one.lines)] for one in bills.values()]
    table.add_row("all", *(money(value) for of in sums for value in of))
    output.table(table)
    for name, one in bills.items():
        load = stream_load(runs[name]["usage"])
        output.people.print(
            f"{name} at {one.rate:,.0f} transactions/s: {one.millions:,.0f} million and ${one.month:,.0f} a month, "
            f"{load.shards(one.rate)} shards ({load.bytes:.0f} bytes and {load.records:.3f} records per transaction)"
        )
    first = bills[names[0]]
    largest = sorted((line for line in first.lines if line.variable), key=lambda line: -line.variable)[:5]
    output.people.print(
        f"Where a million of {names[0]}'s go: "
        + ", ".join(
            f"{line.service} {line.what} {money(line.variable)} ({line.variable / first.variable:.0%})"
            for line in largest
        )
    )
    output.people.print(f"Prices: {listed['source']}.")


_PARTS = ("variable", "fixed", "kept")


def money(value: float) -> str:
    """Dollars; three decimals below ten."""
    return "-" if value == 0 else f"{value:,.3f}" if value < 10 else f"{value:,.0f}"
