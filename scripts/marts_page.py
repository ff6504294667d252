"""docs/marts.md, from redshift/marts: `python -m scripts.marts_page`, or --check, which `make lint` runs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import sqlglot
from sqlglot import exp

from shared.warehouse.marts import FILES
from shared.warehouse.sql import read_statements

PAGE = Path(__file__).resolve().parents[1] / "docs" / "marts.md"
MARKER = "<!-- From here on made by `python -m scripts.marts_page` from redshift/marts/comments.sql. -->\n"


def comments() -> dict[str, dict[str, str]]:
    """By mart: what it is (under ""), then its columns, in their order."""
    found: dict[str, dict[str, str]] = {}
    for sql in read_statements("marts/comments.sql"):
        node = sqlglot.parse_one(sql, read="redshift")
        target = node.this
        mart, column = (target.table, target.name) if isinstance(target, exp.Column) else (target.name, "")
        found.setdefault(mart, {})[column] = node.expression.name
    return found


def types() -> dict[str, str]:
    """Types of the columns of mart.purchase, which other marts take over."""
    for sql in read_statements("marts/tables.sql"):
        node = sqlglot.parse_one(sql, read="redshift")
        if isinstance(node, exp.Create) and node.args["kind"] == "TABLE" and node.this.this.name == "purchase":
            return {column.name: column.args["kind"].sql("redshift") for column in node.this.expressions}
    raise ValueError("marts/tables.sql has no mart.purchase")


def views() -> list[str]:
    """Names of the marts in the order of the files."""
    nodes = (sqlglot.parse_one(sql, read="redshift") for name in FILES for sql in read_statements(f"marts/{name}.sql"))
    return [node.this.name for node in nodes if isinstance(node, exp.Create) and node.args["kind"] == "VIEW"]


def generated() -> Iterator[str]:
    """The lines below the marker. Raises KeyError for a mart without a comment."""
    said, kinds = comments(), types()
    for mart in ("purchase", *views()):
        about = said[mart][""]
        yield f"\n## mart.{mart}\n\n{about}\n\n| column | meaning |\n|---|---|\n"
        for column, meaning in said[mart].items():
            if column:
                kind = f" {kinds[column]}" if mart == "purchase" else ""
                yield f"| `{column}`{kind} | {meaning} |\n"


def main() -> int:
    """Write the page's generated part, or compare it; 1 if it is not what the SQL says."""
    text = PAGE.read_text(encoding="utf-8")
    head = text.partition(MARKER)[0]
    wanted = head + MARKER + "".join(generated())
    if "--check" in sys.argv[1:]:
        if text != wanted:
            sys.stderr.write("docs/marts.md is not what redshift/marts says: run `python -m scripts.marts_page`\n")
        return int(text != wanted)
    PAGE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
