"""The frame of every benchmark: question, method, machine, versions; its tables printed, and all of it as JSON.

A benchmark is a module with a `main() -> int`, listed in `benchmarks/run.py`:

    options = parser(__doc__).parse_args()            # --quick, --data, --out; add what else it takes
    report = Report.begin(__file__, __doc__, options)
    report.table("Lookups", ["rows", "ms"], rows)     # any number of tables, targets, plots
    report.target("time per row, 1,000,000 against 10,000 rows", 1.04, at_most=1.15)
    report.plot("Time per row", x="rows", y="us", series={"send": [(10_000, 170.0), ...]}, log_x=True)
    return report.publish()

The docstring's first paragraph is the question, the paragraph that starts with "Method:" the method. Quick results go
to build/benchmarks, full ones to benchmarks/results, which `python -m benchmarks.page` makes docs/performance.md of.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table as RichTable

REPOSITORY = Path(__file__).resolve().parent.parent
RESULTS = REPOSITORY / "benchmarks" / "results"
QUICK_RESULTS = REPOSITORY / "build" / "benchmarks"
PACKAGES = ("boto3", "duckdb", "ministack", "numpy", "orjson", "pydantic", "aws-lambda-powertools")

Cell = str | int | float | None
Points = Sequence[tuple[float | str, float]]


def parser(doc: str | None) -> argparse.ArgumentParser:
    """A parser with what every benchmark takes; the docstring is its help."""
    made = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--quick", action="store_true", help="small sizes: whether it works, not what to quote")
    made.add_argument("--data", type=Path, help="CSV or Parquet in the Kaggle schema; default: simulated rows")
    made.add_argument("--out", type=Path, help="folder of the result; default: by --quick")
    return made


def machine() -> dict[str, Any]:
    """What it ran on. The load average is taken at the beginning: on a busy machine no time is worth quoting."""
    memory = psutil.virtual_memory().total
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(memory / 2**30, 1),
        "system": f"{platform.system()} {platform.release().split('-')[0]} {platform.machine()}",
        "load_average": round(os.getloadavg()[0], 2),
    }


def versions() -> dict[str, str]:
    """Python, the packages that matter, and the commit; `+` after it: with changes not committed."""
    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}, "commit": _commit()}


@dataclass
class Report:
    """What a benchmark found. `figures` is free: whatever another program may want to read."""

    name: str
    question: str
    method: str
    options: argparse.Namespace
    machine: dict[str, Any] = field(default_factory=machine)
    began_at: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    tables: list[dict[str, Any]] = field(default_factory=list)
    plots: list[dict[str, Any]] = field(default_factory=list)
    targets: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def begin(cls, file: str, doc: str | None, options: argparse.Namespace) -> Report:
        """Start a report, named as the file; raises ValueError if the docstring lacks question or method."""
        question, method = described(doc)
        return cls(Path(file).stem, question, method, options)

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
        """Add a table; numbers stay numbers, they are formatted when shown."""
        for row in rows:
            if len(row) != len(columns):
                raise ValueError(f"a row of {title!r} has {len(row)} cells for {len(columns)} columns")
        self.tables.append({"title": title, "columns": list(columns), "rows": [list(row) for row in rows]})

    def target(
        self,
        claim: str,
        measured: float,
        *,
        at_most: float | None = None,
        at_least: float | None = None,
        unit: str = "",
        says: str = "",
    ) -> None:
        """Add a claim with its limit; `says`: what to know about a missed one (the floor, what would be right)."""
        if (at_most is None) == (at_least is None):
            raise ValueError("a target has one limit")
        met = measured <= at_most if at_most is not None else measured >= float(at_least or 0)
        limit = {"at_most": at_most} if at_most is not None else {"at_least": at_least}
        self.targets.append({"claim": claim, "measured": measured, **limit, "unit": unit, "met": met, "says": says})

    def plot(
        self,
        title: str,
        x: str,
        y: str,
        series: Mapping[str, Points],
        *,
        kind: str = "line",
        log_x: bool = False,
        log_y: bool = False,
    ) -> None:
        """Add a plot of named series of (x, y); `kind` is line or bar (x is then a word)."""
        points = {name: [list(point) for point in found] for name, found in series.items()}
        about = {"title": title, "x": x, "y": y, "kind": kind, "log_x": log_x, "log_y": log_y}
        self.plots.append({**about, "series": points})

    def note(self, text: str) -> None:
        """Add a sentence that is shown under the tables."""
        self.notes.append(text)

    def as_json(self) -> dict[str, Any]:
        """The whole report; settings are the options that it ran with."""
        settings = {k: _without_folders(v) for k, v in vars(self.options).items() if k != "out"}
        return {
            "name": self.name,
            "question": self.question,
            "method": self.method,
            "began_at": self.began_at,
            "machine": self.machine,
            "versions": versions(),
            "settings": settings,
            "targets": self.targets,
            "tables": self.tables,
            "plots": self.plots,
            "notes": self.notes,
            "figures": self.figures,
        }

    def publish(self) -> int:
        """Print, write the JSON file, and give 0: a missed target is a finding, not an error."""
        out = self.options.out or (QUICK_RESULTS if self.options.quick else RESULTS)
        out.mkdir(parents=True, exist_ok=True)
        found = self.as_json()
        (out / f"{self.name}.json").write_text(json.dumps(found, indent=1, default=str) + "\n", encoding="utf-8")
        show(found)
        return 0


def described(doc: str | None) -> tuple[str, str]:
    """Question and method of a docstring, each as one line."""
    paragraphs = [" ".join(part.split()) for part in (doc or "").split("\n\n")]
    method = [part.removeprefix("Method: ") for part in paragraphs if part.startswith("Method:")]
    if not paragraphs[0].endswith("?") or not method:
        raise ValueError('a benchmark\'s docstring starts with a question and has a paragraph "Method: ..."')
    return paragraphs[0], method[0]


def cell(value: Cell) -> str:
    """A cell as people read it: three significant digits, thousands grouped."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return {True: "yes", False: "no", None: "-"}.get(value, value)  # type: ignore[arg-type, return-value]
    if isinstance(value, int) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def limit_of(target: Mapping[str, Any]) -> str:
    """A target's limit in words."""
    word = "at_most" if "at_most" in target else "at_least"
    return f"{word.replace('_', ' ')} {cell(target[word])} {target['unit']}".strip()


def show(found: Mapping[str, Any], console: Console | None = None) -> None:
    """Print a report."""
    console = console or Console()
    where = found["machine"]
    console.print(f"\n[bold]{found['name']}[/bold]: {found['question']}")
    console.print(
        f"{where['processor']}, {where['cores']} cores, {where['memory_gib']} GiB, {where['system']}, "
        f"load {where['load_average']}; Python {found['versions']['python']}; {found['began_at']}",
        style="dim",
    )
    for table in found["tables"]:
        drawn = RichTable(title=table["title"], title_justify="left")
        for index, column in enumerate(table["columns"]):
            words = any(isinstance(row[index], str) for row in table["rows"])
            drawn.add_column(column, justify="left" if words else "right")
        for row in table["rows"]:
            drawn.add_row(*map(cell, row))
        console.print(drawn)
    for target in found["targets"]:
        verdict = "[green]met[/green]" if target["met"] else "[red]missed[/red]"
        console.print(f"{verdict}  {target['claim']}: {cell(target['measured'])} ({limit_of(target)}) {target['says']}")
    for note in found["notes"]:
        console.print(note)


def _without_folders(value: Any) -> Any:
    """An option's value as it is published: of files the names, since folders are the machine's."""
    if isinstance(value, list | tuple):
        return [_without_folders(one) for one in value]
    return value.name if isinstance(value, Path) else value


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _commit() -> str:
    asked = ["git", "-C", str(REPOSITORY)]
    head = subprocess.run([*asked, "rev-parse", "--short=10", "HEAD"], capture_output=True, text=True)
    changed = subprocess.run([*asked, "status", "--porcelain"], capture_output=True, text=True)
    return head.stdout.strip() + ("+" if changed.stdout.strip() else "") if head.returncode == 0 else "unknown"
