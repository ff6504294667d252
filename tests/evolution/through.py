"""Sends rows through everything that a release has, and prints what comes out, as JSON; run in the release's folder.

Standard input: {"rows": [...], "lines": [...]}: rows as senders write them, lines of the stream of any release.
"""

from __future__ import annotations

import gzip
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from functions.query_transactions.shape import to_json
from glue.rows import _transactions
from glue.table import TRANSACTION_ARROW
from local.tests.conformance.redshift.conftest import Redshift
from shared.sinks.item import to_item
from shared.sinks.lake import encoded
from shared.transaction.codec import BadLine, decode_line, encode_line
from shared.transaction.model import parse_many
from shared.transaction.schema import Transaction
from shared.warehouse.merging import merge_statements
from shared.warehouse.migrations import all_statements
from shared.warehouse.sql import DIRECTORY, columns, fill_in
from tests.rows import CARD_KEYS, NOW


def main() -> None:
    """Go through all of it."""
    given = json.load(sys.stdin)
    parsed = parse_many(given["rows"], CARD_KEYS, NOW)
    assert all(isinstance(one, Transaction) for one in parsed), parsed
    made = [encode_line(one).decode().rstrip() for one in parsed if isinstance(one, Transaction)]
    lines = made + given["lines"]
    decoded = [decode_line(line.encode()) for line in lines]
    bad = [one.reason for one in decoded if isinstance(one, BadLine)]
    assert not bad, bad
    read = [one for one in decoded if isinstance(one, Transaction)]
    arrow = _transactions(read).to_pylist()
    json.dump(
        {
            "made": made,
            "ids": [one.transaction_id for one in parsed if isinstance(one, Transaction)],
            "table": [to_json(to_item(one)) for one in read],
            "lake": [json.loads(encoded(one)) for one in read],
            "parquet": [{name: str(row[name]) for name in TRANSACTION_ARROW.names} for row in arrow],
            "warehouse": warehouse(lines),
        },
        sys.stdout,
    )


def warehouse(lines: list[str]) -> list[dict[str, Any]]:
    """What core has of lines of the stream: by migrations, Firehose's COPY and merge.sql."""
    with tempfile.TemporaryDirectory() as folder:
        redshift = Redshift(Path(folder))
        try:
            for sql in all_statements():
                redshift.ok(sql)
            paths = columns()["JSONPATHS"]
            redshift.s3.put(f"s3://b/{paths}", (DIRECTORY / paths).read_bytes())
            url = redshift.s3.put("s3://b/1.gz", gzip.compress("\n".join(lines).encode()))
            redshift.s3.put("s3://b/manifest", {"entries": [{"url": url, "mandatory": True}]})
            options = fill_in((DIRECTORY / "copy_options").read_text().strip(), {"DeliveryBucket": "b"})
            role = "arn:aws:iam::000000000000:role/copy"
            redshift.ok(
                f"COPY staging.transaction ({columns()['STREAM']}) FROM 's3://b/manifest' "
                f"CREDENTIALS 'aws_iam_role={role}' MANIFEST {options}"
            )
            redshift.ok(merge_statements())
            names = columns()["COLUMNS"].split(", ")
            rows = redshift.rows(f"SELECT {', '.join(names)} FROM core.transaction ORDER BY transaction_id")
            return [dict(zip(names, map(str, row), strict=True)) for row in rows]
        finally:
            redshift.stop()


if __name__ == "__main__":
    main()
