"""Rows to write in many ways, and what the reader makes of a file."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import zstandard

from client.files.mapping import Reading
from client.files.stream import open_input
from client.files.table import Table

CARDS = ("4111111111111111", "5555555555554444", "378282246310005", "6011111111111117", "30569309025904")
MERCHANTS = ("fraud_Rippin, Kub and Mann", "O'Connell; Sons", 'The "Corner" Shop', "Lind|Buckridge", "Plain")


def row(number: int, **changes: str) -> dict[str, str]:
    """A good row; texts with every delimiter and quote come by turns."""
    made = {
        "trans_date_trans_time": f"2019-01-01 00:{number // 60 % 60:02d}:{number % 60:02d}",
        "cc_num": CARDS[number % len(CARDS)],
        "merchant": MERCHANTS[number % len(MERCHANTS)],
        "category": "grocery_pos",
        "amt": f"{number % 90 + 10}.97",
        "first": "Ann",
        "last": "Able",
        "gender": "F",
        "street": "100 Sample Street",
        "city": "Orient",
        "state": "WA",
        "zip": "02138",
        "lat": "48.8878",
        "long": "-118.2105",
        "city_pop": "149",
        "job": "Psychologist, counselling",
        "dob": "1978-06-21",
        "trans_num": f"t{number:06d}",
        "merch_lat": "49.159047",
        "merch_long": "-118.186462",
        "is_fraud": "0",
    }
    return made | changes


def rows(count: int) -> list[dict[str, str]]:
    return [row(number) for number in range(count)]


def csv_text(content: list[dict[str, str]], header: list[str] | None = None, end: str = "\n", **dialect: Any) -> str:
    """The rows as the csv module writes them."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator=end, **dialect)
    writer.writerow(header or list(content[0]))
    writer.writerows(list(one.values()) for one in content)
    return out.getvalue()


def zipped(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data/file.csv", data)
        archive.writestr("__MACOSX/data/._file.csv", b"\0\5\26\7")
    return out.getvalue()


CONTAINERS: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda data: data,
    "gzip": gzip.compress,
    "two gzip members": lambda data: gzip.compress(data[:1000]) + gzip.compress(data[1000:]),
    "zip": zipped,
    "zstd": lambda data: zstandard.ZstdCompressor().compress(data),
    "two zstd frames": lambda data: b"".join(zstandard.ZstdCompressor().compress(d) for d in (data[:500], data[500:])),
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "gzip in zip": lambda data: zipped(gzip.compress(data)),
}


def open_table(path: Path, **how: Any) -> Table:
    return Table(open_input(str(path)), Reading(**how))


def read(path: Path, **how: Any) -> list[dict[str, str]]:
    """What the API would get, row by row; a row with a problem is the problem."""
    table = open_table(path, **how)
    found = [{"problem": one.problem} if one.problem else table.plan.record(one) for one in table]
    table.close()
    return found
