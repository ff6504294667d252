"""Redshift SQL taken apart: what kind of statement it is, and what has to be known before it runs."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from local.redshift import lockdown
from local.redshift.alter import Alter, alter_of
from local.redshift.comments import Comment, comment_of
from local.redshift.copy_parse import CopyCommand, is_copy, parse_copy
from local.redshift.database_users import UserCommand, is_user, parse_user
from local.redshift.ddl import CreateTable, CreateView, create_table, create_view
from local.redshift.dialect import statements
from local.redshift.dialect.parser import Dialect
from local.redshift.dialect.scope import Catalog, Columns
from local.redshift.errors import NotSupported, SqlError
from local.redshift.privileges import PrivilegeCommand, is_privilege, parse_privilege, reads
from local.redshift.show import show_query
from local.redshift.variables import SetVariable, set_variable

logging.getLogger("sqlglot").setLevel(logging.ERROR)

_QUERY = (exp.Select, exp.SetOperation, exp.Subquery)
_DML = (exp.Insert, exp.Update, exp.Delete, exp.Merge)
_TRANSACTION: dict[type, str] = {exp.Transaction: "begin", exp.Commit: "commit", exp.Rollback: "rollback"}
_RENDERINGS = 64


@dataclass(frozen=True)
class Compiled:
    """A statement ready to run.

    `kind` is query, dml, ddl, alter, create, view, copy, truncate, lock, maintenance, comment, privilege, user, set,
    begin, commit, rollback or nothing. `named` are its relations (see privileges.py); `dropped` those that a DROP takes
    away.
    A query or a change of data has a `tree`, which becomes DuckDB SQL once the types of its columns are known: see
    sql_for().
    """

    kind: str
    sql: str = ""
    create: CreateTable | None = None
    view: CreateView | None = None
    copy: CopyCommand | None = None
    variable: SetVariable | None = None
    tables: list[str] = field(default_factory=list)
    comment: Comment | None = None
    privilege: PrivilegeCommand | None = None
    user: UserCommand | None = None
    alter: Alter | None = None
    named: frozenset[tuple[str, str]] = frozenset()
    dropped: tuple[tuple[str, str], ...] = ()
    cascade: bool = False
    source: str = ""  # as it was sent, for access.py
    tree: Any = None
    _rendered: list[tuple[Any, tuple[str, Columns]]] = field(default_factory=list, compare=False, repr=False)

    @property
    def writes(self) -> bool:
        return self.kind not in ("query", "nothing", "set", "begin", "commit", "rollback")

    def sql_for(self, catalog: Catalog) -> tuple[str, Columns]:
        """DuckDB SQL, and the columns of the result. Remembered for as long as the tables are as they were."""
        if self.tree is None:
            return self.sql, ()
        seen: dict[tuple[str, str], Any] = {}
        for asked, result in self._rendered:
            if all(_asked(catalog, place, seen) == found for place, found in asked):
                return result
        used: dict[tuple[str, str], tuple[str, Columns]] = {}

        def asking(schema: str, name: str) -> tuple[str, Columns]:
            used[schema, name] = catalog(schema, name)
            return used[schema, name]

        result = statements.render(self.tree.copy(), asking)
        if len(self._rendered) >= _RENDERINGS:
            self._rendered.clear()
        self._rendered.append((tuple(used.items()), result))
        return result


def _asked(catalog: Catalog, place: tuple[str, str], seen: dict[tuple[str, str], Any]) -> tuple[str, Columns] | None:
    if place not in seen:
        try:
            seen[place] = catalog(*place)
        except SqlError:
            seen[place] = None
    return seen[place]


def parse(sql: str) -> exp.Expression | CopyCommand | PrivilegeCommand | UserCommand | None:
    """One statement. None for an empty one. Raises SqlError on bad syntax and on several statements in one."""
    if is_copy(sql):
        return parse_copy(sql)
    if is_privilege(sql):
        return parse_privilege(sql)
    if is_user(sql):
        return parse_user(sql)
    if re.fullmatch(r"\s*start\s+transaction\b[^;]*;?\s*", sql, re.IGNORECASE):
        return exp.Transaction()
    try:
        found = [e for e in sqlglot.parse(sql, read=Dialect) if e is not None and not isinstance(e, exp.Semicolon)]
    except SqlglotError as error:
        detail = (getattr(error, "errors", None) or [{}])[0]
        near = detail.get("highlight") or str(error).splitlines()[0]
        raise SqlError(f'syntax error at or near "{near}" (line {detail.get("line", 1)})', "42601") from error
    if len(found) > 1:
        raise SqlError("cannot insert multiple commands into a prepared statement", "42601")
    return found[0] if found else None


@lru_cache(maxsize=512)
def compile_text(sql: str) -> Compiled:
    """parse() and compile_statement(), remembered: a merge sends the same statements every few seconds."""
    return replace(compile_statement(parse(sql)), source=sql)


def compile_statement(parsed: exp.Expression | CopyCommand | PrivilegeCommand | UserCommand | None) -> Compiled:
    """A parsed statement by its kind. Raises SqlError naming what isn't supported."""
    if parsed is None:
        return Compiled("nothing")
    if isinstance(parsed, CopyCommand):
        return Compiled("copy", copy=parsed)
    if isinstance(parsed, PrivilegeCommand):
        return Compiled("privilege", privilege=parsed)
    if isinstance(parsed, UserCommand):
        return Compiled("user", user=parsed)
    node: Any = _lower_identifiers(parsed.copy())
    if isinstance(node, exp.Command):
        return _command(node)
    if isinstance(node, _QUERY):
        if isinstance(node, exp.Select) and node.args.get("into"):
            raise NotSupported("SELECT INTO: use CREATE TABLE AS")
        return Compiled("query", named=reads(node), tree=node)
    if isinstance(node, _DML):
        for name in ("returning", "conflict"):
            if node.args.get(name):
                raise SqlError(
                    f"{'ON CONFLICT' if name == 'conflict' else 'RETURNING'} does not exist in Redshift", "42601"
                )
        return Compiled("dml", tree=node)
    handler = _STATEMENTS.get(type(node))
    if handler is None:
        raise NotSupported(_first_words(parsed.sql("redshift", comments=False)))
    return handler(node)


def _command(node: exp.Command) -> Compiled:
    text = node.sql("redshift", comments=False).strip()
    lock = re.fullmatch(r"LOCK\s+(?:TABLE\s+)?([\w.\"]+(?:\s*,\s*[\w.\"]+)*)", text, re.IGNORECASE)
    if lock:
        return Compiled("lock", tables=[name.strip().lower() for name in lock[1].split(",")])
    if re.match(r"VACUUM\b", text, re.IGNORECASE):
        return Compiled("maintenance", "CHECKPOINT")
    shown = re.match(r"SHOW\s+(.*)", text, re.IGNORECASE | re.DOTALL)
    if shown:
        return Compiled("query", show_query(shown[1].strip()))
    variable = re.match(r"(?:SET|RESET)\b", text, re.IGNORECASE)
    if variable:
        return Compiled("set", variable=set_variable(text))
    if re.match(r"(?:END|ABORT|START\s+TRANSACTION)\b", text, re.IGNORECASE):
        word = text.split()[0].upper()
        return Compiled({"END": "commit", "ABORT": "rollback"}.get(word, "begin"))
    raise NotSupported(_first_words(text))


def _first_words(sql: str) -> str:
    return " ".join(sql.split()[:2]).upper() or "the statement"


def _create(node: exp.Create) -> Compiled:
    kind = (node.args.get("kind") or "").upper()
    if node.find(exp.MaterializedProperty):
        raise NotSupported("CREATE MATERIALIZED VIEW")
    if kind == "TABLE":
        created = create_table(node)
        return Compiled("create", create=created, tree=created.query, named=reads(created.query or exp.select()))
    if kind == "VIEW":
        view = create_view(node)
        return Compiled("view", view=view, tree=view.query, named=reads(view.query))
    if kind == "SCHEMA":
        name = node.this.db or node.this.name
        return Compiled("ddl", f'CREATE SCHEMA {"IF NOT EXISTS " if node.args.get("exists") else ""}"{name}"')
    raise NotSupported(f"CREATE {kind}")


def _drop(node: exp.Drop) -> Compiled:
    kind = (node.args.get("kind") or "").upper()
    if kind not in ("TABLE", "VIEW", "SCHEMA"):
        raise NotSupported(f"DROP {kind}")
    gone = [(table.db, table.name) for table in node.find_all(exp.Table)] if kind != "SCHEMA" else []
    return Compiled("ddl", _sql(node), dropped=tuple(gone), cascade=bool(node.args.get("cascade")))


def _alter(node: exp.Alter) -> Compiled:
    alter = alter_of(node)
    return Compiled("alter", alter=alter) if alter else Compiled("ddl", _sql(node))


def _set(node: exp.Set) -> Compiled:
    return Compiled("set", variable=set_variable(node.sql("redshift")))


_STATEMENTS: dict[type, Callable[[Any], Compiled]] = {
    exp.Create: _create,
    exp.Drop: _drop,
    exp.Alter: _alter,
    exp.Set: _set,
    exp.TruncateTable: lambda node: Compiled("truncate", _sql(node)),
    exp.Comment: lambda node: Compiled("comment", comment=comment_of(node)),
    exp.Analyze: lambda node: Compiled("maintenance", "ANALYZE"),
    **{kind: lambda node, word=word: Compiled(word) for kind, word in _TRANSACTION.items()},  # type: ignore[misc]
}


def _sql(node: exp.Expression) -> str:
    try:
        text = node.sql("duckdb", identify=True, comments=False, unsupported_level=sqlglot.ErrorLevel.RAISE)
    except SqlglotError as error:
        raise NotSupported(str(error)) from error
    lockdown.check(node, text)
    return text


def _lower_identifiers(node: exp.Expression) -> exp.Expression:
    """Redshift folds names to lower case, quoted ones too (enable_case_sensitive_identifier is off by default)."""
    for identifier in node.find_all(exp.Identifier):
        identifier.set("this", identifier.name.lower())
    return node
