"""`swipeline cost`: what a stage costs idle and in use: its packaged template, counted usage, a dated price file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from client import output
from client.commands.options import JsonOption, ParamOption
from client.cost.advice import Advice, advise
from client.cost.assumptions import Assumptions, assume
from client.cost.model import Bill, bill, read_prices
from client.cost.moving import stream_load
from client.cost.once import once
from client.cost.shape import SHAPES
from client.cost.template import package, read
from client.errors import ClientError

USAGE = Path(__file__).resolve().parents[2] / "benchmarks" / "results" / "end_to_end.json"
MANY_CARDS = 1_000_000


def cost(
    rate: Annotated[float, typer.Option(help="Average transactions per second over the month.")] = 100.0,
    shape: Annotated[str, typer.Option(help=f"Shape of the rate over the day: {', '.join(SHAPES)}.")] = "steady",
    usage: Annotated[
        Path | None, typer.Option(help="Result file of benchmarks.end_to_end (default: the shipped one).")
    ] = None,
    prices: Annotated[Path | None, typer.Option(help="Price file (default: the shipped prices).")] = None,
    stage: Annotated[str, typer.Option(help="Stage whose packaged template is priced.")] = "dev",
    param: ParamOption = None,
    rpu: Annotated[int | None, typer.Option(help="Redshift's base capacity in RPUs (default: the template's).")] = None,
    cards: Annotated[int | None, typer.Option(help="Number of active cards (default: as in the measured run).")] = None,
    transactions: Annotated[
        int | None, typer.Option(help="Price this number of transactions, spread over --hours (default: a month).")
    ] = None,
    hours: Annotated[float, typer.Option(help="Hours over which --transactions are spread.")] = 1.0,
    as_json: JsonOption = False,
) -> None:
    """Estimate the AWS bill of a stage. Uses its packaged template; needs no AWS account.

    Shows dollars per month idle, per million transactions and per month at a rate, and settings that are cheaper.

    Example: swipeline cost --stage dev --rate 100 --param tableMode=PROVISIONED
    """
    if rate < 0:
        raise ClientError(f"--rate must be 0 or more transactions per second, got {rate}.")
    if cards is not None and cards < 1:
        raise ClientError(f"--cards must be at least 1, got {cards}.")
    if shape not in SHAPES:
        raise ClientError(f'Unknown shape "{shape}". Choose one of {", ".join(SHAPES)}.')
    if transactions is not None and (transactions < 1 or hours <= 0):
        raise ClientError("--transactions must be at least 1, and --hours above 0.")
    listed = read_prices(prices) if prices else read_prices()
    runs = read_runs(usage or USAGE)
    options: dict[str, Any] = {"rpu": rpu, "cards": cards, "shape": SHAPES[shape]}
    given = assume(
        read(package(stage, parameters=param or ())),
        **{name: value for name, value in options.items() if value is not None},
    )
    bills = {name: bill(run["usage"], listed, rate, given) for name, run in runs.items()}
    counted = runs[next(iter(runs))]["usage"]
    many = bill(counted, listed, rate, replace(given, cards=MANY_CARDS))
    cheaper = advise(counted, listed, rate, given)
    in_all = once(counted, listed, transactions, hours, given) if transactions else None
    if as_json:
        output.as_json(
            {
                "prices": {"region": listed["region"], "as_of": listed["as_of"], "source": listed["source"]},
                "rate": rate,
                "shape": shape,
                "stage": stage,
                "bills": {name: as_dict(one) for name, one in bills.items()},
                "dollars_per_million_with_a_million_cards": many.variable,
                "cheaper": [one._asdict() for one in cheaper],
                **({"dollars_in_all": in_all} if in_all is not None else {}),
            }
        )
        return
    show(bills, runs, listed, stage)
    show_bill(bills[next(iter(bills))], many, cheaper, given, stage)
    if in_all is not None:
        output.people.print(
            f"{transactions:,} transactions within {hours:g} hours cost ${in_all:,.2f} in all on {stage}."
        )
    output.people.print(f"Prices: {listed['source']}.")


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
        "dollars_idle_per_month": one.fixed,
        "dollars_per_million": one.variable,
        "dollars_awake_per_month": one.awake,
        "dollars_per_month": one.month,
        "millions_per_month": one.millions,
        "lines": [vars(line) for line in one.lines],
    }


_PARTS = {
    "fixed": "idle,\na month",
    "variable": "per\nmillion",
    "awake": "in use,\na month",
    "kept": "keep a million,\na month",
}


def show(bills: dict[str, Bill], runs: dict[str, Any], listed: dict[str, Any], stage: str) -> None:
    """A table by service, beside the naive baseline measured in the same run."""
    names = list(bills)
    table = Table(title=f"Stage {stage}, US dollars, {listed['region']}, list prices as known on {listed['as_of']}")
    table.add_column("service")
    for name in names:
        for part in _PARTS.values():
            table.add_column(f"{name}\n{part}", justify="right")
    by_service = {name: one.services() for name, one in bills.items()}
    for service in dict.fromkeys(service for of in by_service.values() for service in of):
        cells = [money(getattr(by_service[name].get(service), part, 0.0)) for name in names for part in _PARTS]
        table.add_row(service, *cells)
    table.add_section()
    sums = [sum(getattr(line, part) for line in bills[name].lines) for name in names for part in _PARTS]
    table.add_row("all", *map(money, sums))
    output.table(table)
    for name, one in bills.items():
        load = stream_load(runs[name]["usage"])
        output.people.print(
            f"{name} at {one.rate:,.0f} transactions/s: {one.millions:,.0f} million and ${one.month:,.0f} a month, "
            f"{load.shards(one.rate)} shards ({load.bytes:.0f} bytes and {load.records:.3f} records per transaction)"
        )


def show_bill(one: Bill, many: Bill, cheaper: list[Advice], given: Assumptions, stage: str) -> None:
    """In sentences: idle, per million, where it goes, what would be cheaper."""
    largest = sorted((line for line in one.lines if line.variable), key=lambda line: -line.variable)[:5]
    output.people.print(
        f"Idle, stage {stage} costs ${one.fixed:,.2f} a month, Redshift's compute $0. A million transactions cost "
        f"${one.variable:.2f} (${many.variable:.2f} with a million cards: each transaction then writes a profile)."
    )
    output.people.print(
        "Where a million go: "
        + ", ".join(
            f"{line.service} {line.what} {money(line.variable)} ({line.variable / one.variable:.0%})"
            for line in largest
        )
    )
    if one.awake:
        output.people.print(
            f"The warehouse is awake for at most {given.awake_seconds:.0f} s per delivery: ${one.awake:,.0f} a month "
            f"({given.shape.name}), metrics and merges included."
        )
    for advice in cheaper:
        output.people.print(f"Cheaper by ${advice.saves:,.2f} a month: --param {advice.parameter} (but {advice.but}).")


def money(value: float) -> str:
    """Dollars; three decimals below ten."""
    return "-" if value == 0 else f"{value:,.3f}" if value < 10 else f"{value:,.0f}"
