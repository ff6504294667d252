"""`swipeline train`: a new fraud model from labelled history; `make train` installs what it needs first."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Annotated

import typer

from client.errors import ClientError

_NEEDED = ("lightgbm", "scipy")


def train(
    data: Annotated[Path, typer.Option(help="Labelled transactions: CSV, JSON, Parquet or Excel.")],
    out: Annotated[Path, typer.Option(help="Directory for NAME.json and its card.")],
    test: Annotated[Path | None, typer.Option(help="Later history, to measure the model on.")] = None,
    name: Annotated[str, typer.Option(help="Of the model.")] = "candidate",
    source: Annotated[str, typer.Option(help="How the data came about, for the card.")] = "",
    verdicts: Annotated[
        Path | None, typer.Option(help="What people found, of `swipeline alerts verdicts`: counts before the labels.")
    ] = None,
    mapping: Annotated[
        Path | None,
        typer.Option(help="TOML file with names, constants, formats; default FILE.swipeline.toml if it exists."),
    ] = None,
    precision: Annotated[float, typer.Option(help="Of the alerts, for which the threshold is chosen.")] = 0.98,
    seed: Annotated[int, typer.Option(help="Of the training.")] = 1,
) -> None:
    """Train a fraud model. `docs/runbook.md` says how to try it in shadow mode and how to ship it."""
    missing = [module for module in _NEEDED if importlib.util.find_spec(module) is None]
    if missing:
        raise ClientError(f"Training needs {' and '.join(missing)}: run `make train DATA={data}`, which installs them.")
    from fraud.train import main

    arguments = ["--data", str(data), "--out", str(out), "--name", name, "--seed", str(seed)]
    arguments += ["--precision", str(precision)]
    arguments += ["--test", str(test)] if test else []
    arguments += ["--verdicts", str(verdicts)] if verdicts else []
    arguments += ["--source", source] if source else []
    arguments += ["--mapping", str(mapping)] if mapping else []
    if main(arguments):
        raise typer.Exit(1)
