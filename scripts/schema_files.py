"""Writes what other tools read of a transaction's description: column lists, COPY's jsonpaths, the data dictionary.

`python -m scripts.schema_files` writes them; `--check` exits with 1 when one is not what the description says.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from shared.transaction.codec import PLACES
from shared.transaction.content import base_sql, content_sql, order_sql
from shared.transaction.schema import FIELDS, SCHEMA_VERSION, Field

ROOT = Path(__file__).resolve().parents[1]
JSONPATHS = f"jsonpaths/transaction-{SCHEMA_VERSION}.json"


def columns() -> dict[str, str]:
    """Column lists, by their names in redshift/*.sql and resources/."""
    names = [field.name for field in FIELDS]
    return {
        "COLUMNS": ", ".join(names),
        "STAGED_COLUMNS": ", ".join(f"staged.{name}" for name in names),
        "KNOWN_COLUMNS": ", ".join(f"known.{name}" for name in names),
        "BASE_TEXT": base_sql("content"),
        "CONTENT_TEXT": content_sql("content"),
        "CONTENT_ORDER": order_sql("content"),
        "STREAM": ",".join(["schema_version", *names]),
        "JSONPATHS": JSONPATHS,
    }


def jsonpaths() -> dict[str, list[str]]:
    """Where COPY finds the version and each field in a line of the stream."""
    return {"jsonpaths": [f"$[{place}]" for place in (0, *PLACES)]}


def dictionary() -> str:
    """The data dictionary, as Markdown."""
    head = (
        "# Data dictionary\n\nGenerated from `shared/transaction/schema.py` by `make schema-files`: do not edit.\n\n"
        f"A transaction has {len(FIELDS)} fields; the line on the stream is version {SCHEMA_VERSION}. "
        "To add one, see [add a field](how-to/add-a-field.md).\n\n"
        "| field | sent as | Redshift | of | what it is | example | personal | in a derived ID | optional | since |\n"
        "|---|---|---|---|---|---|---|---|---|---|\n"
    )
    return head + "".join(map(_row, FIELDS))


def _row(field: Field) -> str:
    marks = ("yes" if flag else "" for flag in (field.personal, field.in_id, field.optional))
    sent = f"`{field.source}`" if field.source else "made at the edge"
    example = f"`{field.example}`" if field.example else ""
    cells = [f"`{field.name}`", sent, f"`{field.kind.redshift}`", field.of, field.expected, example, *marks]
    return f"| {' | '.join([*cells, str(field.since)])} |\n"


def contents() -> dict[Path, str]:
    """Give each file as the description would have it."""
    redshift = ROOT / "redshift"
    return {
        redshift / "columns.json": json.dumps(columns(), indent=2) + "\n",
        redshift / JSONPATHS: json.dumps(jsonpaths(), indent=2) + "\n",
        ROOT / "docs" / "data-dictionary.md": dictionary(),
    }


def main() -> None:
    """Write the files, or check them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    for path, text in contents().items():
        if not check:
            path.write_text(text, encoding="utf-8")
        elif not path.is_file() or path.read_text(encoding="utf-8") != text:
            sys.exit(f"{path.name} is not what the description says: run `make schema-files`")


if __name__ == "__main__":
    main()
