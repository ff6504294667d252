"""One `replay`: starts or resumes a plan, copies and merges part by part, counts core before and after."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from client.aws import Stage
from client.errors import ClientError
from client.loading import Loader
from client.replay.journal import Part, ReplayJournal, Run
from client.replay.plan import PART_BYTES, PART_OBJECTS, Days, lake_objects, parts
from shared.warehouse.data_api import StatementFailedError

Report = Callable[[str], None]


@dataclass
class Replay:
    """What a replay came to: days of arrival [from, to), parts, objects, and core's transactions before and after."""

    stage: str
    first: str
    end: str
    resumed: bool
    parts: int
    skipped: int
    objects: int
    bytes: int
    before: int
    after: int

    def as_json(self) -> dict[str, Any]:
        """Return the replay as JSON."""
        shown = asdict(self)
        return {"stage": shown.pop("stage"), "from": shown.pop("first"), "to": shown.pop("end"), **shown}


def replay(
    stage: Stage,
    days: Days,
    resume: bool = False,
    report: Report = lambda text: None,
    part_bytes: int = PART_BYTES,
    part_objects: int = PART_OBJECTS,
) -> Replay:
    """Load into the warehouse all that the lake took in on some days.

    Rows that core has are left as they are, so it may be run at any time, twice, or beside the delivery. Raises
    ClientError if the lake has nothing of those days, or the warehouse refuses a part.
    """
    journal, loader = ReplayJournal(stage), Loader(stage)
    run = journal.unfinished(days)
    if run and not resume:
        report(
            f"An earlier replay of these days stopped after {_done(run)}. Starting over (use --resume to continue it)."
        )
        run = None
    resumed = run is not None
    if resume and run is None:
        report("No unfinished replay of these days. Starting one.")
    if run is None:
        run = journal.begin(days, parts(lake_objects(stage, days), part_bytes, part_objects), datetime.now(UTC))
    if not run.parts:
        raise ClientError(f"Nothing arrived in the lake from {days.first} until {days.end}. Check the days.")
    skipped = len(run.parts) - len(run.left)
    before = loader.transactions()
    for part in run.left:
        _load(loader, journal, part)
        report(f"{_done(run)}, {_percent(run)} %")
    journal.finish(run)
    return Replay(
        stage=stage.name,
        first=str(days.first),
        end=str(days.end),
        resumed=resumed,
        parts=len(run.parts),
        skipped=skipped,
        objects=sum(part.objects for part in run.parts),
        bytes=sum(part.bytes for part in run.parts),
        before=before,
        after=loader.transactions(),
    )


def _load(loader: Loader, journal: ReplayJournal, part: Part) -> None:
    # Killed anywhere in here, the part is copied again: what is in staging twice, or in core already, is merged once.
    try:
        loader.copy_from_lake(part.manifest)
        result = loader.merge()
    except StatementFailedError as error:
        raise ClientError(
            f"The warehouse refused {part.manifest}: {error}. Merged parts stay. Use --resume to continue."
        ) from error
    journal.done(part, {"staged": result.staged, "inserted": result.inserted})


def _done(run: Run) -> str:
    return f"{len(run.parts) - len(run.left)} of {len(run.parts)} parts"


def _percent(run: Run) -> int:
    total = sum(part.bytes for part in run.parts) or 1
    return 100 * sum(part.bytes for part in run.parts if part.done) // total
