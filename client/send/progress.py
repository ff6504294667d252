"""The progress bar of `send`: how far the file is read, and how many rows are acknowledged and refused."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

from client import output
from client.send.run import Progress
from client.send.sender import Counts


@contextmanager
def progress_bar(name: str, wanted: bool) -> Iterator[Progress]:
    """A bar on standard error where that is a terminal; otherwise nothing is shown."""
    if not wanted or not output.progress.is_terminal:
        yield lambda *_: None
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rows]}", markup=False),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with RichProgress(*columns, console=output.progress) as bar:
        task = bar.add_task(name, total=None, rows="")
        began = time.monotonic()

        def update(counts: Counts, position: int, size: int | None) -> None:
            done = counts.accepted + counts.rejected
            rate = (done - counts.skipped) / max(time.monotonic() - began, 0.001)
            text = f"{counts.accepted:,} acknowledged, {counts.rejected:,} rejected, {rate:,.0f} rows/s"
            bar.update(task, completed=position, total=size, rows=text)

        yield update
