"""Files that are broken at random are read without a traceback, and no row of them is lost.

``python -m tests.fuzz.files --cases 10000 [--seed 1]``; the normal tests run a few hundred.
"""

from __future__ import annotations

import argparse
import io
import json
import re
import resource
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq

from client.errors import ClientError
from client.files.csv_table import CsvTable
from client.files.mapping import Reading
from client.files.stream import open_input
from client.files.table import Table
from client.send.rejected_rows import RejectedLayout
from tests.unit.client.files.tables import CONTAINERS, csv_text, rows

MOST_SECONDS = 20.0  # for one file of some 20 KB, on a busy machine
MOST_MEGABYTES = 1_500
_ID = re.compile(r"t\d{6}")
_BITS = (
    b'"',
    b"'",
    b",",
    b";",
    b"\n",
    b"\r",
    b"\r\n",
    b"\0",
    b"\xff",
    b"\\",
    b"\xe9",
    b"{",
    b"}",
    b"[",
    b"\xef\xbb\xbf",
    b"\x1a",
)


@dataclass
class Outcome:
    """The outcome of a broken file."""

    kind: str  # read, refused
    rows: int = 0
    problems: int = 0


def samples() -> list[bytes]:
    """Good files in every container and format."""
    content = rows(60)
    texts = [
        csv_text(content),
        csv_text(content, delimiter=";", end="\r\n"),
        csv_text(content, delimiter="\t", quotechar="'"),
        csv_text(content, doublequote=False, escapechar="\\"),
        "\n".join(map(json.dumps, content)),
        json.dumps(content),
        json.dumps({"transactions": content}, indent=1),
    ]
    made = [text.encode(encoding) for text in texts for encoding in ("utf-8", "utf-16", "utf-16-le")]
    made += [wrap(texts[0].encode()) for wrap in CONTAINERS.values()]
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(content), out)
    return [*made, out.getvalue()]


def broken(data: bytes, random: Random) -> bytes:
    """A file with a few of the things that happen to files."""
    made = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 5, 30))):
        at = random.randrange(len(made) + 1)
        end = min(len(made), at + random.choice((1, 2, 10, 300, 3_000)))
        action = random.randrange(8)
        if action == 0:
            made[at:at] = random.choice(_BITS)
        elif action == 1:
            made[at : at + 1] = random.choice(_BITS)
        elif action == 2:
            del made[at:end]
        elif action == 3:
            made[at:at] = made[at:end]
        elif action == 4 and made:
            made[min(at, len(made) - 1)] ^= 1 << random.randrange(8)
        elif action == 5 and random.random() < 0.2:
            del made[at:]
        elif action == 6:
            made[at:at] = random.randbytes(random.choice((1, 5, 200)))
        elif action == 7:
            made[at:at] = random.choice(_BITS) * random.choice((1, 2, 3, 100))
    return bytes(made)


def check(path: Path) -> Outcome:
    """Read a file. Raises AssertionError if a row is lost, and whatever else reading raises but ClientError."""
    began = time.monotonic()
    seen: set[str] = set()
    outcome = Outcome("read")
    line = 0
    source = open_input(str(path))
    try:
        table = Table(source, Reading(drop=("*",), accept_rounded_card_numbers=True))
        layout = RejectedLayout(table.columns)
        for number, row in enumerate(table):
            assert row.number == number
            assert row.line > line or not isinstance(table.reader, CsvTable)
            line = row.line
            outcome.rows += 1
            outcome.problems += row.problem is not None
            text = " ".join(map(str, layout.record(row, [("", row.problem or "")])))
            text.encode("utf-8", "surrogateescape")  # can be written
            seen.update(_ID.findall(text))
            if row.problem is None:
                json.dumps(table.plan.record(row)).encode()
        if isinstance(table.reader, CsvTable):
            assert _ids(table) <= seen, f"rows are lost: {sorted(_ids(table) - seen)[:3]}"
        table.close()
    except ClientError:
        outcome.kind = "refused"
    finally:
        source.close()
    seconds = time.monotonic() - began
    assert seconds < MOST_SECONDS, f"{seconds:.1f} s"
    return outcome


def _ids(table: Table) -> set[str]:
    """The ids in the text behind the header, by a way of reading that knows no quotes."""
    reader = table.reader
    assert isinstance(reader, CsvTable)
    with table.content.open() as stream:
        text = stream.read()[len(reader.encoding.bom) :].decode(
            reader.encoding.name, "surrogateescape" if reader.encoding.name == "utf-8" else "ignore"
        )
    lines = list(io.StringIO(text, newline=""))
    return set(_ID.findall("".join(lines[reader.dialect.before :])))


def run(cases: int, seed: int, folder: Path) -> Counter[str]:
    """Break and read files. Raises at the first that does not end well; the file is left in the folder."""
    good, found = samples(), Counter[str]()
    path = folder / "broken"
    for case in range(cases):
        random = Random(f"{seed}-{case}")
        path.write_bytes(broken(random.choice(good), random))
        try:
            outcome = check(path)
        except Exception as error:
            raise AssertionError(f"case {case} of seed {seed}: {type(error).__name__}: {error}") from error
        found[outcome.kind] += 1
        found["rows"] += outcome.rows
        found["problems"] += outcome.problems
    return found


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = run(given.cases, given.seed, Path(folder))
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{given.cases:,} files: {dict(found)}; at most {megabytes} MB")
    return 0 if megabytes < MOST_MEGABYTES else 1


if __name__ == "__main__":
    sys.exit(main())
