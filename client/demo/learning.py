"""What verdicts are worth: sends half of a file, reviews its alerts by their labels, then sends the other half."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from client.alerts.labels import give_labels
from client.alerts.quality import scored, wait_scored
from client.alerts.table import AlertsTable
from client.aws import Stage, home
from client.files.mapping import Reading
from client.score.run import files_transactions, keys_of_this_run
from client.send.run import Summary
from fraud.batch import in_order, score
from fraud.judgment import SETTLE_SECONDS
from fraud.model import load
from fraud.scoring import Known

if TYPE_CHECKING:
    from client.simulator import Settings

ROWS = 10_000
FRAUD_RATE = 0.02  # more than usual, so that a small file has merchants with several frauds
AT_MERCHANTS = 0.4  # likewise


class Found(NamedTuple):
    """Alerts on the second half against its labels."""

    alerts: int
    caught: int
    frauds: int

    @property
    def precision(self) -> float | None:
        """The share of frauds among the alerts."""
        return self.caught / self.alerts if self.alerts else None

    @property
    def recall(self) -> float | None:
        """The share of frauds that raised an alert."""
        return self.caught / self.frauds if self.frauds else None


class Learned(NamedTuple):
    """The second half with the verdicts on the first, and the same without."""

    verdicts: int  # on alerts of the first half
    labels: int  # frauds of the first half that raised no alert, reported later
    without: Found
    after: Found

    def as_json(self) -> dict[str, object]:
        """The comparison as programs read it."""
        parts = {
            name: one._asdict() | {"precision": one.precision, "recall": one.recall}
            for name, one in (("without", self.without), ("after", self.after))
        }
        return {"verdicts": self.verdicts, "labels": self.labels, **parts}


class Halves(NamedTuple):
    """A CSV file cut in two by rows, and its labels by transaction id."""

    files: tuple[Path, Path]
    labels: tuple[Mapping[str, bool], Mapping[str, bool]]


def learn(
    stage: Stage, seed: int, wait: float, report: Callable[[str], None], send: Callable[[str], Summary]
) -> Learned:
    """Simulate people of their own, send the first half of what they buy, review it, and send the second half."""
    from client import simulator

    folder = home() / "demo"
    whole = folder / f"learning-seed-{seed}.csv"
    simulator.write(simulator.batches(settings_of(seed)), str(whole), "csv")
    halves = halve(whole)
    verdicts = labels = 0
    for half, reviewed in zip(halves.files, (True, False), strict=True):
        before = scored(stage)
        report(f"sending {half}")
        # What an earlier demo sent is scored already: no count would rise for it.
        wait_scored(stage, before + ROWS // 2 - send(str(half)).resent, wait)
        if reviewed:
            report("reviewing its alerts by their labels")
            verdicts, labels = review(stage, halves.labels[0])
    after = found(AlertsTable(stage).ids(), halves.labels[1])
    return Learned(verdicts, labels, without_verdicts(halves), after)


def settings_of(seed: int) -> Settings:
    """The simulator's settings of a demo's seed.

    Compromised merchants are what people's verdicts are for: nothing about a card or an amount gives them away.
    """
    from client.simulator import Settings

    return replace(Settings.of(ROWS, seed + 1, fraud_rate=FRAUD_RATE), at_merchants=AT_MERCHANTS)


def halve(path: Path) -> Halves:
    """Cut a simulated file, whose rows are in order of time, into halves beside it."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.reader(file)
        header = next(rows)
        all_rows = list(rows)
    number, label = header.index("trans_num"), header.index("is_fraud")
    middle = len(all_rows) // 2
    files, labels = [], []
    for name, part in (("first", all_rows[:middle]), ("second", all_rows[middle:])):
        half = path.with_name(f"{path.stem}-{name}-half.csv")
        with half.open("w", newline="", encoding="utf-8") as out:
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(part)
        files.append(half)
        labels.append({row[number]: row[label] == "1" for row in part})
    return Halves((files[0], files[1]), (labels[0], labels[1]))


def review(stage: Stage, labels: Mapping[str, bool]) -> tuple[int, int]:
    """Give the verdicts on a half's alerts, and report its other frauds; they count for what arrives from now on."""
    alerted = AlertsTable(stage).ids() & labels.keys()
    said = {one: labels[one] for one in sorted(alerted)} | {one: True for one, fraud in labels.items() if fraud}
    done = give_labels(stage, said.items(), "demo")
    time.sleep(SETTLE_SECONDS + 1)
    return done.verdicts, done.others


def without_verdicts(halves: Halves) -> Found:
    """What the same model finds in the second half when nothing is known of any card or merchant."""
    rejected: list[str] = []
    keys = keys_of_this_run()
    transactions = files_transactions(map(str, halves.files), keys, rejected, Reading(), lambda _: None, set())
    results = score(load(), in_order(transactions), known=Known(cards={}, merchants={}))
    return found({number for number, result in results if result.alert}, halves.labels[1])


def found(alerts: set[str], labels: Mapping[str, bool]) -> Found:
    """Alerts against the labels of a half."""
    of_half = alerts & labels.keys()
    return Found(len(of_half), sum(labels[one] for one in of_half), sum(labels.values()))


def describe(learned: Learned) -> Sequence[str]:
    """The comparison in lines."""
    lines = [
        f"Learning from people: {learned.verdicts:,} verdicts on alerts of the first half, and {learned.labels:,} "
        "frauds of it that were reported later. On the second half:"
    ]
    for name, one in (("without them", learned.without), ("with them", learned.after)):
        precision = "-" if one.precision is None else f"{one.precision:.3f}"
        recall = "-" if one.recall is None else f"{one.recall:.3f}"
        lines.append(
            f"  {name:<13} {one.alerts:>5,} alerts, precision {precision}, recall {recall} of {one.frauds:,} frauds"
        )
    return lines
