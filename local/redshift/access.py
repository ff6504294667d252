"""What a statement that writes needs: whom it creates, changes or writes to, and what it reads on the way."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from local.redshift.parameters import number_placeholders
from local.redshift.privileges import place, reads


@dataclass(frozen=True)
class Access:
    """`action` is create, own (ALTER, DROP, COMMENT), insert or write; places are (schema, relation), "" for no schema.

    `renamed` is the relation's new name.
    """

    action: str
    targets: tuple[tuple[str, str], ...]
    reads: frozenset[tuple[str, str]] = frozenset()
    renamed: str = ""


@lru_cache(maxsize=512)
def access_of(sql: str) -> Access | None:
    """None for a statement that takes more than rights on relations: only the database's owner may run it."""
    try:
        found = [item for item in sqlglot.parse(number_placeholders(sql)[0], read="redshift") if item is not None]
    except SqlglotError:
        return None
    if len(found) != 1:
        return None
    node = found[0]
    for identifier in node.find_all(exp.Identifier):
        identifier.set("this", identifier.name.lower())
    if isinstance(node, exp.Create):
        return _create(node)
    if isinstance(node, exp.Drop) and str(node.args.get("kind")).upper() in ("TABLE", "VIEW"):
        return Access("own", tuple(place(table) for table in node.find_all(exp.Table)))
    if isinstance(node, exp.Alter) and isinstance(node.this, exp.Table):
        names = [a.this.name for a in node.args.get("actions") or [] if isinstance(a, exp.AlterRename)]
        return Access("own", (place(node.this),), renamed=names[0] if names else "")
    if isinstance(node, exp.Comment):
        return _comment(node)
    if isinstance(node, exp.TruncateTable):
        return Access("own", tuple(place(table) for table in node.expressions))
    if isinstance(node, (exp.Insert, exp.Update, exp.Delete, exp.Merge)):
        return _write(node)
    return None


def _create(node: exp.Create) -> Access | None:
    if str(node.args.get("kind")).upper() not in ("TABLE", "VIEW") or node.find(exp.TemporaryProperty):
        return None
    table = node.this.this if isinstance(node.this, exp.Schema) else node.this
    if not isinstance(table, exp.Table) or table.name.startswith("#"):
        return None
    like = node.find(exp.LikeProperty)
    read = reads(node.expression) if node.expression else frozenset()
    return Access("create", (place(table),), read | (reads(like) if like else frozenset()))


def _comment(node: exp.Comment) -> Access | None:
    target = node.this
    if isinstance(target, exp.Table):
        return Access("own", (place(target),))
    if isinstance(target, exp.Column) and target.table:
        return Access("own", ((target.text("db"), target.table),))
    return None


def _write(node: exp.Expression) -> Access | None:
    target = node.this.this if isinstance(node.this, exp.Schema) else node.this
    if not isinstance(target, exp.Table):
        return None
    return Access(
        "insert" if isinstance(node, exp.Insert) else "write", (place(target),), reads(node) - {place(target)}
    )
