"""`swipeline model`: champion and challenger on later history; promotion, and back."""

from __future__ import annotations

from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from client import output
from client.commands.options import DRY_RUN, JsonOption, YesOption
from client.errors import ClientError

if TYPE_CHECKING:
    from client.model.compare import Measured

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

ChallengerArgument = Annotated[Path, typer.Argument(help="Model file, as `swipeline train` writes it.")]
DataOption = Annotated[Path, typer.Option(help="Labeled history, later than what the challenger learned from.")]
BeforeOption = Annotated[Path | None, typer.Option(help="Earlier history, for the state of cards and merchants.")]
MappingFileOption = Annotated[Path | None, typer.Option("--mapping", help="TOML file with names, constants, formats.")]


@app.command()
def compare(
    challenger: ChallengerArgument,
    data: DataOption,
    before: BeforeOption = None,
    mapping: MappingFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show champion and challenger side by side on later history: precision, recall, alerts a day, money caught.

    Example: swipeline model compare candidate.json --data later.csv
    """
    _show(_both(challenger, data, before, mapping), as_json)


@app.command()
def promote(
    challenger: ChallengerArgument,
    data: DataOption,
    before: BeforeOption = None,
    mapping: MappingFileOption = None,
    by: Annotated[str, typer.Option(help="Who decides (default: the user of this machine).")] = "",
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show both models, then make the challenger the champion. The next deployment ships it.

    Example: swipeline model promote candidate.json --data later.csv --yes
    """
    from client.model.exchange import promote as exchange

    _show(_both(challenger, data, before, mapping), as_json)
    if not yes:
        output.note(DRY_RUN)
        return
    output.note(f"{exchange(challenger, by or getuser())} is the champion from the next deployment on")


@app.command()
def back(
    by: Annotated[str, typer.Option(help="Who decides (default: the user of this machine).")] = "",
    as_json: JsonOption = False,
) -> None:
    """Make the champion before the last promotion the champion again. The next deployment ships it.

    Example: swipeline model back --by jane
    """
    from client.model.exchange import back as exchange

    by = by or getuser()
    version = exchange(by)
    if as_json:
        output.as_json({"champion": version, "by": by})
    output.note(f"{version} is the champion from the next deployment on")


def _both(challenger: Path, data: Path, before: Path | None, mapping: Path | None) -> dict[str, Measured]:
    from client.files.mapping import load as load_mapping
    from client.model.compare import measure
    from client.score.run import load_model
    from fraud.history import HistoryError, read

    models = {"champion": load_model(None), "challenger": load_model(challenger)}
    reading = load_mapping(mapping) if mapping else None
    try:
        *earlier, test = read(*([before] if before else []), data, reading=reading)
        return {name: measure(model, test, earlier[0] if earlier else None) for name, model in models.items()}
    except (HistoryError, ValueError) as error:
        raise ClientError(f"{error}.") from error


def _show(both: dict[str, Measured], as_json: bool) -> None:
    if as_json:
        output.as_json({name: one._asdict() for name, one in both.items()})
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    for name, one in both.items():
        table.add_column(f"{name}\n{one.version}", justify="right", no_wrap=True)
    rows = [
        ("threshold", [f"{one.threshold:.4f}" for one in both.values()]),
        ("average precision", [f"{one.average_precision:.4f}" for one in both.values()]),
        ("precision", [f"{one.precision:.4f}" for one in both.values()]),
        ("recall", [f"{one.recall:.4f}" for one in both.values()]),
        ("alerts a day", [f"{one.alerts_per_day:,.1f}" for one in both.values()]),
        ("fraud caught, $", [f"{one.caught_dollars:,.2f}" for one in both.values()]),
        ("fraud missed, $", [f"{one.missed_dollars:,.2f}" for one in both.values()]),
    ]
    for name, cells in rows:
        table.add_row(name, *cells)
    output.table(table)
