"""`swipeline train`: a new fraud model from labelled history; `make train` installs what it needs first."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Annotated

import typer

from client import files
from client.errors import ClientError
from client.files import OverwriteOption

_NEEDED = ("lightgbm", "scipy")


def train(
    data: Annotated[Path, typer.Option(help="CSV or Parquet with the Kaggle columns, labelled.")],
    out: Annotated[Path, typer.Option(help="Directory for NAME.json and its card.")],
    test: Annotated[Path | None, typer.Option(help="Later history, to measure the model on.")] = None,
    name: Annotated[str, typer.Option(help="Of the model.")] = "candidate",
    source: Annotated[str, typer.Option(help="How the data came about, for the card.")] = "",
    verdicts: Annotated[
        Path | None, typer.Option(help="What people found, of `swipeline alerts verdicts`: counts before the labels.")
    ] = None,
    precision: Annotated[float, typer.Option(help="Of the alerts, for which the threshold is chosen.")] = 0.98,
    seed: Annotated[int, typer.Option(help="Random seed.")] = 1,
    overwrite: OverwriteOption = False,
) -> None:
    """Train a fraud model. `docs/runbook.md` says how to try it in shadow mode and how to ship it."""
    missing = [module for module in _NEEDED if importlib.util.find_spec(module) is None]
    if missing:
        raise ClientError(f"Training needs {' and '.join(missing)}: run `make train DATA={data}`, which installs them.")
    if Path(name).name != name:
        raise ClientError(f"--name must be a file name without folders, got {name!r}.")
    written = [out / f"{name}{suffix}" for suffix in (".json", ".card.json", ".card.md")]
    for path in written:
        files.check(path, [one for one in (data, test, verdicts) if one], overwrite=overwrite)
    from fraud.train import main

    arguments = ["--data", str(data), "--out", str(out), "--name", name, "--seed", str(seed)]
    arguments += ["--precision", str(precision)]
    arguments += ["--test", str(test)] if test else []
    arguments += ["--verdicts", str(verdicts)] if verdicts else []
    arguments += ["--source", source] if source else []
    if main(arguments):
        raise typer.Exit(1)
    for path in written:
        files.remember(path)
