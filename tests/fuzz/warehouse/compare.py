"""Asks both databases the same expressions and gives those whose answers differ."""

from __future__ import annotations

import json
import random
import re
import tempfile
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from local.redshift.engine import Database, Session
from local.redshift.errors import SqlError
from local.redshift.translate import compile_statement, parse
from tests.fuzz.warehouse.differences import SCHEMA, postgres, redshift
from tests.fuzz.warehouse.generate import COLUMNS, Generator, rows
from tests.fuzz.warehouse.postgres import MARK, NULL, Postgres

_BATCH = 500
_ROW = "\x1d"  # begins each row of PostgreSQL's, so that rows of empty texts are not taken for none


@dataclass
class Report:
    """`other` holds (expression, warehouse's rows, PostgreSQL's rows); `refused` those the warehouse refused alone."""

    cases: int = 0
    equal: int = 0
    both_refused: int = 0
    other: list[tuple[str, Any, Any]] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)


def fuzz(server: Postgres, seed: int, cases: int) -> Report:
    """Run `cases` expressions of a seed."""
    chance = random.Random(seed)
    report = Report()
    listed = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    values = ", ".join(f"({number}, {', '.join(row)})" for number, row in enumerate(rows(chance)))
    setup = [f"CREATE TABLE public.data (k int, {listed})", f"INSERT INTO public.data VALUES {values}"]
    server.run("DROP SCHEMA public CASCADE; CREATE SCHEMA public;" + SCHEMA + ";".join(setup) + ";")
    with tempfile.TemporaryDirectory() as home:
        database = Database(Path(home) / "fuzz.duckdb")
        with database.session() as session:
            for sql in setup:
                session.run(compile_statement(parse(sql)), 1, None)
            generator = Generator(chance)
            while report.cases < cases:
                _batch(server, session, generator, min(_BATCH, cases - report.cases), report)
        database.close()
    return report


def _batch(server: Postgres, session: Session, generator: Generator, count: int, report: Report) -> None:
    asked = []
    for number in range(count):
        grouped = number % 10 == 0
        text = generator.aggregate() if grouped else generator.expression()
        asked.append((text, "SELECT {} FROM public.data" + ("" if grouped else " ORDER BY k")))
    script = "".join(_question(text, form) for text, form in asked)
    answers = "\n".join(server.run(script)).split(f"{MARK}{MARK}\n")[1:]
    for (text, form), answer in zip(asked, answers, strict=True):
        report.cases += 1
        lines = answer.removesuffix("\n").split(f"{_ROW}{MARK}")[1:]
        expected = [line.removesuffix("\n").split(MARK) for line in lines] or None
        _evaluate(session, form.format(redshift(text)), expected, report)


def _question(text: str, form: str) -> str:
    chosen = form.format(f"'{_ROW}', {_escaped(postgres(text))}")
    return f"\\echo {MARK}{MARK}\n{chosen};\n"


def _escaped(text: str) -> str:
    """A backslash in a literal is doubled in Redshift and is itself in PostgreSQL."""
    return text.replace("\\\\", "\\")


def _evaluate(session: Session, sql: str, expected: list[list[str]] | None, report: Report) -> None:
    try:
        _, result = session.run(compile_statement(parse(sql)), 1, None)
    except SqlError as error:
        if expected is None:
            report.both_refused += 1
        else:
            report.refused.append((sql, str(error)))
        return
    found = [[_plain(cell) for cell in row] for page in (result.pages if result else []) for row in json.loads(page)]
    if expected is None:
        report.taken.append(sql)
    elif len(found) == len(expected) and all(_same(a, b) for a, b in zip(found, expected, strict=True)):
        report.equal += 1
    else:
        report.other.append((sql, found, expected))


def _plain(cell: dict[str, Any]) -> str:
    ((kind, value),) = cell.items()
    if kind == "isNull":
        return NULL
    return {True: "t", False: "f"}[value] if isinstance(value, bool) else str(value)


def _same(found: list[str], expected: list[str]) -> bool:
    return len(found) == len(expected) and all(
        a == b or _number(a) == _number(b) for a, b in zip(found, expected, strict=True)
    )


def _number(text: str) -> object:
    try:
        return Decimal(text) if re.fullmatch(r"-?\d+(\.\d+)?(e[+-]?\d+)?", text) else text
    except InvalidOperation:
        return text
