"""The table of a chaos run: a line per kind of scenario, and what to run again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from tests.chaos.harness import Result

_STORES = ("DynamoDB", "lake", "warehouse")


def summarize(results: Iterable[Result]) -> list[dict[str, Any]]:
    """A line per kind, in the order of their first scenarios, and the total."""
    lines: dict[str, dict[str, Any]] = {}
    for result in results:
        for name in (result.scenario.kind, "total"):
            line = lines.setdefault(name, {"kind": name, "scenarios": 0, "transactions": 0, "faults": 0, "kills": 0})
            line["scenarios"] += 1
            line["transactions"] += len(result.ids)
            line["faults"] += result.hit
            line["kills"] += result.killed
            line["reshards"] = line.get("reshards", 0) + len(result.reshards)
            for what in ("lost", "duplicated", "different"):
                counts = line.setdefault(what, dict.fromkeys(_STORES, 0))
                for store in _STORES:
                    counts[store] += getattr(result, what).get(store, 0)
            line["conflicts"] = line.get("conflicts", 0) + result.conflicts
            line["poison"] = line.get("poison", 0) + len(result.poison)
            line["quarantined"] = line.get("quarantined", 0) + result.quarantined
            line["seconds"] = round(line.get("seconds", 0.0) + result.seconds, 1)
    total = lines.pop("total", None)
    return [*lines.values(), *([total] if total else [])]


def untouched(results: Iterable[Result]) -> list[str]:
    """The kinds whose faults hit no call in any of their scenarios: what they were to show has not been tried."""
    meant: set[str] = set()
    hit: set[str] = set()
    for result in results:
        if result.scenario.troubles:
            meant.add(result.scenario.kind)
        if result.hit or result.killed or result.reshards:
            hit.add(result.scenario.kind)
    return sorted(meant - hit)


def table(results: list[Result], title: str) -> Table:
    """For a terminal: lost, twice and different as DynamoDB / lake / warehouse, poison as quarantined / sent."""
    made = Table(title=title, box=SIMPLE_HEAD)
    made.add_column("scenarios", no_wrap=True)
    for name in ("n", "rows", "faults", "kills", "reshards", "lost", "twice", "different", "conflicts", "poison", "s"):
        made.add_column(name, justify="right", no_wrap=True)
    for line in summarize(results):
        lost, twice, different = (
            "/".join(str(line[what][store]) for store in _STORES) for what in ("lost", "duplicated", "different")
        )
        made.add_row(
            line["kind"],
            str(line["scenarios"]),
            f"{line['transactions']:,}",
            str(line["faults"]),
            str(line["kills"]),
            str(line["reshards"]),
            lost,
            twice,
            different,
            f"{line['conflicts']:,}",
            f"{line['quarantined']}/{line['poison']}",
            f"{line['seconds']:.0f}",
            style="bold" if line["kind"] == "total" else None,
        )
    return made
