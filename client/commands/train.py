"""`swipeline train`: trains a fraud model on labeled history; `make train` installs what it needs first."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Annotated

import typer

from client import outfile
from client.commands.reading import How, reads_files
from client.errors import ClientError
from client.outfile import OverwriteOption

_NEEDED = ("lightgbm", "scipy")


def require_trainer(command: str) -> None:
    """Raise ClientError if a library is missing that training needs; ``command`` installs it."""
    missing = [module for module in _NEEDED if importlib.util.find_spec(module) is None]
    if missing:
        raise ClientError(f"Training needs {' and '.join(missing)}: run `{command}`, which installs them.")


@reads_files
def train(
    data: Annotated[Path, typer.Option(help="Labeled history: file, folder or pattern; CSV, JSON, Parquet or Excel.")],
    out: Annotated[Path, typer.Option(help="Output directory for NAME.json and its model card.")],
    test: Annotated[Path | None, typer.Option(help="Later history to evaluate the model on.")] = None,
    name: Annotated[str, typer.Option(help="Model name.")] = "candidate",
    source: Annotated[str, typer.Option(help="Where the data comes from, for the model card.")] = "",
    verdicts: Annotated[
        Path | None, typer.Option(help="Verdicts from `swipeline alerts verdicts`. They take precedence over labels.")
    ] = None,
    precision: Annotated[
        float, typer.Option(help="Target precision used to choose the alert threshold, from 0 to 1.")
    ] = 0.98,
    label_delay_days: Annotated[
        float, typer.Option(min=0, help="Days after which a fraud becomes known, e.g. by a chargeback.")
    ] = 7.0,
    seed: Annotated[int, typer.Option(help="Random seed.")] = 1,
    overwrite: OverwriteOption = False,
    *,
    how: How,
) -> None:
    """Train a fraud model. See docs/runbook.md for how to run it in shadow mode and ship it.

    Example: swipeline train --data train.csv --test later.csv --out build/models
    """
    require_trainer(f"make train DATA={data}")
    if Path(name).name != name:
        raise ClientError(f"--name must be a file name without folders, got {name!r}.")
    written = [out / f"{name}{suffix}" for suffix in (".json", ".card.json", ".card.md")]
    for path in written:
        outfile.check(path, [one for one in (data, test, verdicts) if one], overwrite=overwrite)
    from fraud.train import main

    arguments = ["--data", str(data), "--out", str(out), "--name", name, "--seed", str(seed)]
    arguments += ["--precision", str(precision)]
    arguments += ["--label-delay-days", str(label_delay_days)]
    arguments += ["--test", str(test)] if test else []
    arguments += ["--verdicts", str(verdicts)] if verdicts else []
    arguments += ["--source", source] if source else []
    if main(arguments, how.reading):
        raise typer.Exit(1)
    for path in written:
        outfile.remember(path)
