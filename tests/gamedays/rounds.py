"""Runs one round: breaks its days side by side, watches all surfaces, repairs by the runbook, compares by content."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.gamedays.day import Day, Outcome
from tests.gamedays.world import Findings, World, clock, held_in

ROWS = 300
SEEN_WITHIN, STAYS, CURED_WITHIN, BALANCED_WITHIN = 180.0, 15.0, 180.0, 120
SURFACES = ("alarm", "doctor", "console")
Report = Callable[[str], None]


def run_round(world: World, days: Sequence[Day], seed: int, report: Report) -> list[Outcome]:
    """The outcomes, one for each day. Raises only what the harness itself does wrong."""
    outcomes = [Outcome(day) for day in days]
    path = world.folder / f"round-{days[0].round}-{seed}.csv"
    world.stack.run("generate", "--rows", str(ROWS), "--seed", str(seed), "--overwrite", "--out", path)
    with path.open(newline="") as file:
        world.notes["rows"] = list(csv.DictReader(file))
    takes = all(day.sends for day in days)
    began: dict[str, float] = {}
    for day in days:
        report(f"  breaks: {day.name}")
        day.breaks(world)
        began[day.name] = clock()
    if takes != world.send(path):
        outcomes[0].problems.append(f"send {'failed' if takes else 'succeeded'}")
    _watch_until_seen(world, outcomes, began)
    _watch_that_it_stays(world, outcomes)
    repaired = _repair(world, outcomes, report)
    _watch_until_cured(world, outcomes, repaired)
    _leave_nothing(world)
    if not takes and not world.send(path, resume=True):
        outcomes[0].problems.append("send --resume failed")
    done = world.stack.run("reconcile", "--file", path, "--wait", str(BALANCED_WITHIN), check=False, timeout=400)
    for one in outcomes:
        one.balanced = done.returncode == 0
        if not one.balanced:
            one.problems.append(f"not balanced: {done.stdout[-300:]}")
    return outcomes


def _look(world: World, outcomes: Sequence[Outcome]) -> dict[str, Findings | dict[str, str]]:
    for one in outcomes:
        if one.day.poke:
            one.day.poke(world)
    return {"alarm": world.alarms(), "doctor": world.doctor(), "console": world.on_console()}


def _wrong(day: Day, surface: str, shown: Findings | dict[str, str]) -> bool:
    """Whether a surface shows the fault of a day."""
    if isinstance(shown, dict):
        return not day.alarm or shown.get(day.alarm) == "ALARM"
    return held_in(shown, day.area, day.line) is not None


def _watch_until_seen(world: World, outcomes: Sequence[Outcome], began: dict[str, float]) -> None:
    end = clock() + SEEN_WITHIN
    while clock() < end and any(surface not in one.seen for one in outcomes for surface in SURFACES):
        look = _look(world, outcomes)
        for one in outcomes:
            for surface in SURFACES:
                if surface not in one.seen and _wrong(one.day, surface, look[surface]):
                    one.seen[surface] = round(clock() - began[one.day.name], 1)
    for one in outcomes:
        one.problems += [f"not seen on {surface}" for surface in SURFACES if surface not in one.seen]


def _watch_that_it_stays(world: World, outcomes: Sequence[Outcome]) -> None:
    gone: dict[str, set[str]] = {}
    end = clock() + STAYS
    while clock() < end:
        look = _look(world, outcomes)
        for one in outcomes:
            surfaces = [s for s in SURFACES if s != "alarm" or one.day.lasting]
            gone.setdefault(one.day.name, set()).update(s for s in surfaces if not _wrong(one.day, s, look[s]))
    for one in outcomes:
        left = {surface for surface in gone.get(one.day.name, set()) if surface in one.seen}
        one.stayed = not left
        one.problems += [f"went from {surface} before it was cured" for surface in sorted(left)]


def _repair(world: World, outcomes: Sequence[Outcome], report: Report) -> dict[str, float]:
    """Do what the runbook says, for each day; when each repair began."""
    findings = world.doctor()
    began: dict[str, float] = {}
    for one in outcomes:
        day = one.day
        began[day.name] = clock()
        if day.ends:
            day.ends(world)
        for command in day.repair:
            try:
                world.run_as_written(day.entry, command, _values(world, day, findings))
            except AssertionError as error:
                one.problems.append(str(error))
        report(f"  repaired: {day.name}")
    return began


def _values(world: World, day: Day, findings: Findings) -> dict[str, str]:
    """What stands for the placeholders: said by the doctor, or by the command that the entry names before."""
    values = {"WHY": "a game day"}
    found = held_in(findings, day.area, day.line)
    if found and (uuid := re.search(r"--uuid (\S+)", found["help"])):
        values["UUID"] = uuid[1]
    if found and day.area == "Event source mappings":
        values["FUNCTION"] = found["name"]
    elif "no concurrency" in day.name:
        values["FUNCTION"] = day.name.split()[0]
    if "KEY" in " ".join(day.repair):
        listed = world.stack.run("quarantine", "list", "--kind", "conflicts").stdout
        values["KEY"] = next(word for word in listed.split() if word.startswith("conflicts/"))
    return values


def _watch_until_cured(world: World, outcomes: Sequence[Outcome], repaired: dict[str, float]) -> None:
    end = clock() + CURED_WITHIN
    while clock() < end and any(surface not in one.cured for one in outcomes for surface in SURFACES):
        look: dict[str, Findings | dict[str, str]] = {
            "alarm": world.alarms(),
            "doctor": world.doctor(),
            "console": world.on_console(),
        }
        for one in outcomes:
            for surface in SURFACES:
                shown = look[surface]
                still = _wrong(one.day, surface, shown)
                if isinstance(shown, dict) and not one.day.alarm:
                    still = False
                if still:
                    one.cured.pop(surface, None)  # it has come back
                elif surface not in one.cured:
                    one.cured[surface] = round(clock() - repaired[one.day.name], 1)
    for one in outcomes:
        one.problems += [f"still on {surface} after the repair" for surface in SURFACES if surface not in one.cured]


def _leave_nothing(world: World) -> None:
    """What one day left in quarantine must not be seen on the next."""
    for kind in ("lines", "conflicts"):
        world.stack.run("quarantine", "discard", "--kind", kind, "--note", "a game day", "--yes", check=False)


def table(outcomes: Sequence[Outcome]) -> str:
    """A row for each game day: seconds from the fault until it is seen, and from the repair until it is gone."""
    lines = [
        "| broken | alarm | seen after (alarm, doctor, console) | repair | cured after |",
        "|---|---|---|---|---|",
    ]
    for one in outcomes:
        seen = ", ".join(f"{one.seen[s]:.0f} s" if s in one.seen else "never" for s in SURFACES)
        if not one.day.alarm:
            seen = seen.replace(seen.split(",")[0], "–", 1)
        cured = f"{max(one.cured.values(), default=0):.0f} s" if len(one.cured) == len(SURFACES) else "not"
        commands = ", ".join(f"`{command}`" for command in one.day.repair) or "none: it ends with the outage"
        link = f"[{one.day.entry}](runbook.md#{one.day.entry})"
        alarm = f"`{one.day.alarm}`" if one.day.alarm else "none"
        failed = "" if one.passed else f" **failed: {'; '.join(one.problems)[:120]}**"
        lines.append(f"| {one.day.name}{failed} | {alarm} | {seen} | {link}: {commands} | {cured} |")
    return "\n".join(lines)


def folder_of(path: Path) -> Path:
    """The folder, made."""
    path.mkdir(parents=True, exist_ok=True)
    return path
