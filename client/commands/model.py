"""`swipeline model`: champion and challenger on later history; promotion, and back."""

from __future__ import annotations

from datetime import datetime
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from client import output
from client.aws import Stage, explained
from client.commands.options import DRY_RUN, JsonOption, StageOption, YesOption
from client.errors import ClientError

if TYPE_CHECKING:
    from client.model.compare import Measured
    from fraud.history import History

_LONGEST_SLEEP = 3600.0  # seconds; a laptop's clock may jump while it sleeps

app = typer.Typer(
    help="Compare, train, promote or roll back fraud models.", no_args_is_help=True, rich_markup_mode=None
)

ChallengerArgument = Annotated[Path, typer.Argument(help="Model file, as `swipeline train` writes it.")]
DataOption = Annotated[
    Path | None,
    typer.Option(help="Labeled history, later than what the challenger learned from (default: what the stage stored)."),
]
DaysOption = Annotated[int, typer.Option(min=2, max=3660, help="Days of arrival to read from the stage's lake.")]
BeforeOption = Annotated[Path | None, typer.Option(help="Earlier history, for the state of cards and merchants.")]
MappingFileOption = Annotated[Path | None, typer.Option("--mapping", help="TOML file with names, constants, formats.")]


@app.command()
def compare(
    challenger: ChallengerArgument,
    data: DataOption = None,
    before: BeforeOption = None,
    mapping: MappingFileOption = None,
    stage: StageOption = "local",
    days: DaysOption = 365,
    as_json: JsonOption = False,
) -> None:
    """Compare champion and challenger on later history.

    Shows precision, recall, alerts per day and money caught, side by side.

    Example: swipeline model compare candidate.json --data later.csv
    """
    _show(_both(challenger, _histories(challenger, data, before, mapping, stage, days)), as_json)


@app.command()
def challenge(
    stage: StageOption = "local",
    days: DaysOption = 365,
    every: Annotated[
        float, typer.Option(min=0, help="Train only if the last challenger is at least this many days old.")
    ] = 0.0,
    keep_running: Annotated[
        bool, typer.Option("--keep-running", help="Stay, and train again every --every days, until Ctrl-C.")
    ] = False,
    precision: Annotated[
        float, typer.Option(help="Target precision used to choose the alert threshold, from 0 to 1.")
    ] = 0.95,
    seed: Annotated[int, typer.Option(help="Random seed.")] = 1,
    by: Annotated[str, typer.Option(help="Name to record (default: your user name).")] = "",
    as_json: JsonOption = False,
) -> None:
    """Train a challenger and compare it with the champion.

    It learns from the stage's transactions, labels and verdicts of the first four fifths of the time; both models are
    measured on the last fifth. It is written to fraud/models/challenger.json and decides nothing: deploy it in shadow
    mode, or promote it.

    Example: swipeline model challenge --every 7
    """
    import time

    from client.commands.train import require_trainer

    if keep_running and not every:
        raise ClientError("--keep-running needs --every, e.g. --every 7.")
    require_trainer("make setup-train")
    from client.model import challenge as challenging
    from client.model.stored import read_stage
    from fraud.history import HistoryError
    from fraud.progress import Lines
    from fraud.train import Options

    while True:
        wait = challenging.seconds_until_due(every)
        if wait and not keep_running:
            output.note(f"The challenger is younger than {every:g} days: nothing to do.")
            return
        if wait:
            time.sleep(min(wait, _LONGEST_SLEEP))
            continue
        where = Stage(stage)
        with explained(where):
            try:
                history = read_stage(where, days)
            except HistoryError as error:
                raise ClientError(f"{error}.") from error
        options = Options(seed, precision, ablate=False, source=f"stage {stage}, {days} days", progress=Lines())
        _show(challenging.challenge(history, f"stage {stage}", options, by or getuser()), as_json)
        output.note(f"{challenging.CHALLENGER} is the challenger. `swipeline model promote` makes it the champion")
        if not keep_running:
            return


@app.command()
def promote(
    challenger: ChallengerArgument,
    data: DataOption = None,
    before: BeforeOption = None,
    mapping: MappingFileOption = None,
    stage: StageOption = "local",
    days: DaysOption = 365,
    by: Annotated[str, typer.Option(help="Name to record (default: your user name).")] = "",
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Make the challenger the champion. Shows both first; the next deployment ships it.

    Example: swipeline model promote candidate.json --data later.csv --yes
    """
    from client.model.exchange import promote as exchange

    _show(_both(challenger, _histories(challenger, data, before, mapping, stage, days)), as_json)
    if not yes:
        output.note(DRY_RUN)
        return
    output.note(f"{exchange(challenger, by or getuser())} is the champion from the next deployment on")


@app.command()
def back(
    by: Annotated[str, typer.Option(help="Name to record (default: your user name).")] = "",
    as_json: JsonOption = False,
) -> None:
    """Roll back the last promotion. The next deployment ships the earlier champion.

    Example: swipeline model back --by jane
    """
    from client.model.exchange import back as exchange

    by = by or getuser()
    version = exchange(by)
    if as_json:
        output.as_json({"champion": version, "by": by})
    output.note(f"{version} is the champion from the next deployment on")


def _histories(
    challenger: Path, data: Path | None, before: Path | None, mapping: Path | None, stage: str, days: int
) -> tuple[History | None, History]:
    """The history before, if any, and the labelled one to measure on."""
    from client.files.mapping import load as load_mapping
    from client.model.stored import read_stage
    from client.score.run import load_model
    from fraud.history import HistoryError, read
    from fraud.stored import split

    if data is None and (before or mapping):
        raise ClientError("--before and --mapping go with --data.")
    reading = load_mapping(mapping) if mapping else None
    try:
        if data is not None:
            *earlier, test = read(*([before] if before else []), data, reading=reading)
            return (earlier[0] if earlier else None), test
        learned_to = datetime.fromisoformat(load_model(challenger).about["to"])
        with explained(where := Stage(stage)):
            first, test = split(read_stage(where, days), int(learned_to.timestamp()) + 1)
    except HistoryError as error:
        raise ClientError(f"{error}.") from error
    return (first if len(first) else None), test


def _both(challenger: Path, histories: tuple[History | None, History]) -> dict[str, Measured]:
    from client.model.compare import measure
    from client.score.run import load_model

    models = {"champion": load_model(None), "challenger": load_model(challenger)}
    before, test = histories
    try:
        return {name: measure(model, test, before) for name, model in models.items()}
    except ValueError as error:
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
