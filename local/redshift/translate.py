"""Redshift SQL to DuckDB SQL: parsing, the differences sqlglot leaves, and refusal of what isn't supported."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from local.redshift.comments import Comment, comment_of
from local.redshift.copy_parse import CopyCommand, is_copy, parse_copy
from local.redshift.ddl import CreateTable, create_table
from local.redshift.errors import SqlError
from local.redshift.privileges import PrivilegeCommand, is_privilege, parse_privilege, reads
from local.redshift.types import parse_type

logging.getLogger("sqlglot").setLevel(logging.ERROR)

_QUERY = (exp.Select, exp.SetOperation, exp.Subquery)
_DML = (exp.Insert, exp.Update, exp.Delete, exp.Merge)
_NOW = "CAST(current_timestamp AS TIMESTAMP)"


@dataclass(frozen=True)
class Compiled:
    """A statement ready to run.

    `kind` is query, dml, ddl, create, copy, truncate, lock, maintenance, comment, privilege or nothing. `named` are a
    query's relations (see privileges.py); `dropped` are the relations that a DROP takes away.
    """

    kind: str
    sql: str = ""
    create: CreateTable | None = None
    copy: CopyCommand | None = None
    tables: list[str] = field(default_factory=list)
    comment: Comment | None = None
    privilege: PrivilegeCommand | None = None
    named: frozenset[tuple[str, str]] = frozenset()
    dropped: tuple[tuple[str, str], ...] = ()
    source: str = ""  # as it was sent, for access.py

    @property
    def writes(self) -> bool:
        return self.kind not in ("query", "nothing")


def parse(sql: str) -> exp.Expression | CopyCommand | PrivilegeCommand | None:
    """One statement. None for an empty one. Raises SqlError on bad syntax and on several statements in one."""
    if is_copy(sql):
        return parse_copy(sql)
    if is_privilege(sql):
        return parse_privilege(sql)
    try:
        found = [e for e in sqlglot.parse(sql, read="redshift") if e is not None and not isinstance(e, exp.Semicolon)]
    except SqlglotError as error:
        detail = (getattr(error, "errors", None) or [{}])[0]
        near = detail.get("highlight") or str(error).splitlines()[0]
        raise SqlError(f'syntax error at or near "{near}" (line {detail.get("line", 1)})') from error
    if len(found) > 1:
        raise SqlError("cannot insert multiple commands into a prepared statement")
    return found[0] if found else None


@lru_cache(maxsize=256)
def compile_text(sql: str) -> Compiled:
    """parse() and compile_statement(), remembered: a merge sends the same statements every few seconds."""
    return compile_statement(parse(sql))


def compile_statement(parsed: exp.Expression | CopyCommand | PrivilegeCommand | None) -> Compiled:
    """DuckDB SQL for a parsed statement. Raises SqlError naming what isn't supported."""
    if parsed is None:
        return Compiled("nothing")
    if isinstance(parsed, CopyCommand):
        return Compiled("copy", copy=parsed)
    if isinstance(parsed, PrivilegeCommand):
        return Compiled("privilege", privilege=parsed)
    node = _lower_identifiers(parsed.copy())
    if isinstance(node, exp.Command):
        return _command(node)
    node = node.transform(_redshift_semantics)
    if isinstance(node, _QUERY):
        if isinstance(node, exp.Select) and node.args.get("into"):
            raise SqlError("SELECT INTO is not supported by this server: use CREATE TABLE AS")
        return Compiled("query", _sql(_name_columns(node)), named=reads(node))
    if isinstance(node, _DML):
        return Compiled("dml", _sql(_plain_target(node)))
    if isinstance(node, exp.TruncateTable):
        return Compiled("truncate", _sql(node))
    if isinstance(node, exp.Create):
        return _create(node)
    if isinstance(node, (exp.Drop, exp.Alter)):
        return _alter(node)
    if isinstance(node, exp.Comment):
        return Compiled("comment", comment=comment_of(node))
    if isinstance(node, exp.Analyze):
        return Compiled("maintenance", "ANALYZE")
    raise SqlError(f"{_first_words(parsed.sql('redshift', comments=False))} is not supported by this server")


def _command(node: exp.Command) -> Compiled:
    text = node.sql("redshift", comments=False).strip()
    lock = re.fullmatch(r"LOCK\s+(?:TABLE\s+)?([\w.\"]+(?:\s*,\s*[\w.\"]+)*)", text, re.IGNORECASE)
    if lock:
        return Compiled("lock", tables=[name.strip().lower() for name in lock[1].split(",")])
    if re.match(r"VACUUM\b", text, re.IGNORECASE):
        return Compiled("maintenance", "CHECKPOINT")
    raise SqlError(f"{_first_words(text)} is not supported by this server")


def _first_words(sql: str) -> str:
    return " ".join(sql.split()[:2]).upper() or "the statement"


def _create(node: exp.Create) -> Compiled:
    kind = (node.args.get("kind") or "").upper()
    if node.find(exp.MaterializedProperty):
        raise SqlError("CREATE MATERIALIZED VIEW is not supported by this server")
    if kind == "TABLE":
        return Compiled("create", create=create_table(node, _sql))
    if kind == "VIEW":
        node.set("no_schema_binding", None)
        return Compiled("ddl", _sql(node))
    if kind == "SCHEMA":
        name = node.this.db or node.this.name
        return Compiled("ddl", f'CREATE SCHEMA {"IF NOT EXISTS " if node.args.get("exists") else ""}"{name}"')
    raise SqlError(f"CREATE {kind} is not supported by this server")


def _alter(node: exp.Drop | exp.Alter) -> Compiled:
    if isinstance(node, exp.Drop):
        kind = (node.args.get("kind") or "").upper()
        if kind not in ("TABLE", "VIEW", "SCHEMA"):
            raise SqlError(f"DROP {kind} is not supported by this server")
        gone = [(table.db, table.name) for table in node.find_all(exp.Table)] if kind != "SCHEMA" else []
        return Compiled("ddl", _sql(node), dropped=tuple(gone))
    for action in node.args.get("actions") or []:
        if not isinstance(action, (exp.AlterRename, exp.RenameColumn)) and not (
            isinstance(action, exp.Drop) and action.args.get("kind") == "COLUMN"
        ):
            raise SqlError(f"ALTER TABLE {_first_words(action.sql('redshift'))} is not supported by this server")
    return Compiled("ddl", _sql(node))


def _sql(node: exp.Expression) -> str:
    try:
        return node.sql("duckdb", identify=True, comments=False, unsupported_level=sqlglot.ErrorLevel.RAISE)
    except SqlglotError as error:
        raise SqlError(f"{error} (not supported by this server)") from error


def _lower_identifiers(node: exp.Expression) -> exp.Expression:
    """Redshift folds names to lower case, quoted ones too (enable_case_sensitive_identifier is off by default)."""
    for identifier in node.find_all(exp.Identifier):
        identifier.set("this", identifier.name.lower())
    return node


def _redshift_semantics(node: exp.Expression) -> exp.Expression:
    if isinstance(node, (exp.CurrentTimestamp, exp.CurrentTimestampLTZ)):
        # SYSDATE carries sysdate=True: the transaction's start with microseconds. GETDATE has whole seconds.
        now: exp.Expression = exp.cast(exp.Anonymous(this="now"), "timestamp", dialect="duckdb")
        return now if node.args.get("sysdate") else exp.Anonymous(this="date_trunc", expressions=[_text("second"), now])
    if isinstance(node, (exp.Cast, exp.TryCast)) and isinstance(node.to, exp.DataType):
        return _cast(node)
    if isinstance(node, exp.GroupConcat) and not node.args.get("separator"):
        node.set("separator", _text(""))
    if isinstance(node, exp.SHA2):
        bits = node.args.get("length")
        if bits and bits.name not in ("0", "256"):
            raise SqlError(f"SHA2 with {bits.name} bits is not supported by this server")
    if isinstance(node, exp.Trunc) and node.args.get("decimals") is None and isinstance(node.this, exp.Cast):
        return node
    if isinstance(node, exp.Placeholder):
        raise SqlError(f'there is no parameter ":{node.name}"')
    return node


def _cast(node: exp.Expression) -> exp.Expression:
    """An explicit cast to VARCHAR(n) or CHAR(n) cuts at n bytes; an implicit one, on INSERT, fails."""
    declared = parse_type(node.args["to"].sql("redshift")) if node.args["to"].expressions else None
    if declared is None or not declared.is_text:
        if node.args["to"].is_type("decimal") and not node.args["to"].expressions:
            node.set("to", exp.DataType.build("decimal(18,0)"))
        return node
    text = exp.cast(node.this, "text")
    return exp.Anonymous(this="rs_cut", expressions=[text, exp.Literal.number(declared.length)])


def _text(value: str) -> exp.Literal:
    return exp.Literal.string(value)


def _plain_target(node: exp.Expression) -> exp.Expression:
    """INSERT ... RETURNING and the like don't exist in Redshift."""
    for name in ("returning", "conflict"):
        if node.args.get(name):
            raise SqlError(f"{'ON CONFLICT' if name == 'conflict' else 'RETURNING'} does not exist in Redshift")
    return node


def _name_columns(node: Any) -> exp.Expression:
    """Name the columns of a result as Redshift does: a function's name, or ?column?."""
    if isinstance(node, exp.SetOperation):
        _name_columns(node.this)
        return node
    if isinstance(node, exp.Select):
        node.set("expressions", [_named(e) for e in node.expressions])
    return node


def _named(e: exp.Expression) -> exp.Expression:
    if isinstance(e, (exp.Alias, exp.Column, exp.Star)) or e.is_star:
        return e
    inner = e.this if isinstance(e, (exp.Window, exp.Cast, exp.WithinGroup)) else e
    if isinstance(inner, exp.Column):
        return exp.alias_(e, inner.name, quoted=True)
    if isinstance(inner, exp.Anonymous):
        name = str(inner.this)
    elif isinstance(inner, exp.Func) and not isinstance(inner, (exp.Case, exp.Cast)):
        name = inner.sql_name().lower()
    else:
        name = "case" if isinstance(inner, exp.Case) else "?column?"
    return exp.alias_(e, name, quoted=True)
