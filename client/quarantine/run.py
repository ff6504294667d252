"""One `quarantine redrive`: chooses the entries, redrives them in the order of the stream, counts before and after."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError

from client.aws import Stage
from client.errors import ClientError
from client.quarantine import batches
from client.quarantine.batches import Batches
from client.quarantine.entries import KINDS, Entry, Quarantine
from client.quarantine.lines import Lines
from client.quarantine.manifests import Manifests
from client.quarantine.outcome import FAILED, REDRIVEN, STILL_BAD, WOULD, Outcome
from client.quarantine.undelivered import Undelivered

Report = Callable[[Outcome], None]
Redriver = Lines | Batches | Manifests | Undelivered
_MAKERS: dict[str, Callable[[Stage, Quarantine], Redriver]] = {
    "lines": Lines,
    "batches": Batches,
    "manifests": Manifests,
    "undelivered": Undelivered,
}


@dataclass
class Redrive:
    """Counts of entries by kind before and after, and the outcome of each selected entry."""

    stage: str
    dry_run: bool
    before: dict[str, int]
    after: dict[str, int] = field(default_factory=dict)
    outcomes: list[Outcome] = field(default_factory=list)

    def count(self, result: str) -> int:
        """How many entries had this result."""
        return sum(outcome.result == result for outcome in self.outcomes)

    @property
    def clean(self) -> bool:
        """Whether every selected entry was redriven."""
        return not self.count(FAILED) and not self.count(STILL_BAD)

    def as_json(self) -> dict[str, Any]:
        """Return the redrive as JSON."""
        results = {result.replace(" ", "_"): self.count(result) for result in (WOULD, REDRIVEN, STILL_BAD, FAILED)}
        return {
            "stage": self.stage,
            "dry_run": self.dry_run,
            "before": self.before,
            "after": self.after,
            **results,
            "entries": [outcome.as_json() for outcome in self.outcomes],
        }


def chosen_kinds(kind: str | None) -> list[str]:
    """Give the kinds that ``--kind`` names: all without it. Raises ClientError on an unknown one."""
    if kind is not None and kind not in KINDS:
        raise ClientError(f'Unknown kind "{kind}". Choose one of: {", ".join(KINDS)}.')
    return [kind] if kind else list(KINDS)


def redrive(
    stage: Stage, keys: Iterable[str] = (), kind: str | None = None, act: bool = False, report: Report = lambda _: None
) -> Redrive:
    """Redrive the entries of some keys, or all of a kind, or all. Without ``act`` nothing is changed.

    Raises ClientError on an unknown key or kind, and what boto3 raises when S3 or the stream cannot be reached.
    """
    quarantine = Quarantine(stage)
    if kind == "conflicts":
        raise ClientError(
            "A conflict is settled by a person, not redriven: `swipeline quarantine settle KEY --keep ...`."
        )
    kinds = [one for one in chosen_kinds(kind) if one in _MAKERS]
    done = Redrive(stage.name, not act, quarantine.counts())
    wanted = [quarantine.find(key) for key in dict.fromkeys(keys)]
    if any(entry.kind not in _MAKERS for entry in wanted):
        raise ClientError(
            "A conflict is settled by a person, not redriven: `swipeline quarantine settle KEY --keep ...`."
        )
    entries = wanted or list(quarantine.entries(kinds))
    for name in _MAKERS:
        of_kind = [entry for entry in entries if entry.kind == name]
        if not of_kind:
            continue
        redriver = _MAKERS[name](stage, quarantine)
        for entry in _in_stream_order(quarantine, of_kind):
            outcome = _one(redriver, entry, act)
            done.outcomes.append(outcome)
            report(outcome)
    done.after = quarantine.counts()
    return done


def _one(redriver: Redriver, entry: Entry, act: bool) -> Outcome:
    """Redrive one; one that cannot be read, or gets no answer, must not keep the others from going through."""
    try:
        return redriver.redrive(entry, act)
    except (ClientError, BotoCoreError) as error:
        return Outcome(entry.kind, entry.key, FAILED, 0, 0, str(error))


def _in_stream_order(quarantine: Quarantine, entries: list[Entry]) -> list[Entry]:
    """Sort batches by their position: their keys carry the time of giving up, which bisecting puts out of order.

    The keys of lines carry shard and sequence number; these are compared as numbers, since their length may grow.
    """

    def position(entry: Entry) -> tuple[str, int]:
        if entry.kind == "batches":
            try:
                return batches.order(batches.parse(quarantine.read(entry), entry.key))
            except (ClientError, KeyError, ValueError):
                return "", 0  # it is named when its turn comes
        name = entry.key.rsplit("/", 1)[-1]
        parts = name.removesuffix(".json").rsplit("-", 2)
        if entry.kind == "lines" and len(parts) == 3 and parts[1].isdigit() and parts[2].isdigit():
            return parts[0], int(parts[1]) * 10**6 + int(parts[2])
        return entry.key, 0

    return sorted(entries, key=position)
