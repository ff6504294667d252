"""`python -m benchmarks.page [--check]`: docs/performance.md and its plots, from benchmarks/results/*.json.

With --check nothing is written; exits with 1 when the page or a plot is not what the results say.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.frame import REPOSITORY, RESULTS, cell, limit_of
from benchmarks.plots import draw, is_current
from benchmarks.run import APART, BENCHMARKS

PAGE = REPOSITORY / "docs" / "performance.md"
PLOTS = REPOSITORY / "docs" / "performance"
HEAD = """# Performance and cost

Made by `python -m benchmarks.page` from [benchmarks/results](../benchmarks/results); not written by hand. Every
figure has its question, its method, its machine and its commit; `make bench-full` takes all of them again with one
command. Compare figures within one section: they come from one run on one machine. A load average well above 0 at the
beginning means that the machine was busy: its counts hold, its times are to be taken again.
"""


def results(folder: Path = RESULTS) -> list[dict[str, Any]]:
    """The results that have the frame's form, in the order of the benchmarks."""
    found = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")}
    return [found[name] for name in (*APART, *BENCHMARKS) if name in found and "began_at" in found[name]]


def plot_files(result: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], Path]]:
    """Each plot of a result and where it is drawn."""
    for plot in result["plots"]:
        slug = re.sub(r"[^a-z0-9]+", "-", f"{result['name']} {plot['title']}".lower()).strip("-")
        yield plot, PLOTS / f"{slug}.svg"


def page(found: list[dict[str, Any]]) -> str:
    """The page's text."""
    return "\n".join([HEAD, *_targets(found), *(line for result in found for line in _section(result))])


def _targets(found: list[dict[str, Any]]) -> Iterator[str]:
    yield "## Targets\n"
    rows = [(result["name"], target) for result in found for target in result["targets"]]
    yield from _table(
        ["claim", "measured", "limit", "", "by"],
        [
            [t["claim"], cell(t["measured"]), limit_of(t), "met" if t["met"] else "**missed**", f"[{name}](#{name})"]
            for name, t in rows
        ],
    )
    for _, target in rows:
        if target["says"]:
            yield _wrapped(f"- *{target['claim']}*: {target['says']}").rstrip("\n")
    yield ""


def _wrapped(text: str) -> str:
    """A paragraph or list item of at most 120 characters per line, and the newline that ends it."""
    indent = "  " if text.startswith("- ") else ""
    lines = textwrap.wrap(text, 120, break_long_words=False, break_on_hyphens=False, subsequent_indent=indent)
    return "\n".join(lines) + "\n"


def _words(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _section(result: Mapping[str, Any]) -> Iterator[str]:
    where = result["machine"]
    yield f"## {result['name']}\n"
    yield _wrapped(f"**{result['question']}**")
    yield _wrapped(result["method"])
    settings = ", ".join(f"{k} {_words(v)}" for k, v in result["settings"].items() if v not in (None, False, []))
    yield _wrapped(
        f"*{where['processor']}, {where['cores']} cores, {where['memory_gib']} GiB, {where['system']}; "
        f"Python {result['versions']['python']}; load {where['load_average']} at the beginning; "
        f"{result['began_at'][:10]}, commit {result['versions']['commit']}{'; ' + settings if settings else ''}*"
    )
    for table in result["tables"]:
        yield f"{table['title']}\n"
        yield from _table(table["columns"], [[cell(value) for value in row] for row in table["rows"]])
    for plot, path in plot_files(result):
        yield f"![{plot['title']}]({path.relative_to(PAGE.parent)})\n"
    for note in result["notes"]:
        yield _wrapped(note)


def _table(columns: list[str], rows: list[list[str]]) -> Iterator[str]:
    yield f"| {' | '.join(columns)} |"
    yield "|---" * len(columns) + "|"
    yield from (f"| {' | '.join(value.replace('|', '&#124;') for value in row)} |" for row in rows)
    yield ""


def stale(found: list[dict[str, Any]]) -> list[str]:
    """What is not what the results say."""
    wrong = [] if PAGE.exists() and PAGE.read_text(encoding="utf-8") == page(found) else [str(PAGE.name)]
    plots = [drawn for result in found for drawn in plot_files(result)]
    wrong += [path.name for plot, path in plots if not is_current(plot, path)]
    known = {path for _, path in plots}
    return wrong + [f"{path.name} (of no result)" for path in PLOTS.glob("*.svg") if path not in known]


def main() -> int:
    """Write, or check."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--check", action="store_true")
    found = results()
    if arguments.parse_args().check:
        wrong = stale(found)
        if wrong:
            sys.stderr.write(f"stale: {', '.join(wrong)}: run `make bench-page`\n")
        return int(bool(wrong))
    plots = [drawn for result in found for drawn in plot_files(result)]
    for plot, path in plots:
        draw(plot, path)
    for old in set(PLOTS.glob("*.svg")) - {path for _, path in plots}:
        old.unlink()
    PAGE.write_text(page(found), encoding="utf-8")
    sys.stdout.write(f"{PAGE.relative_to(REPOSITORY)}: {len(found)} benchmarks\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
