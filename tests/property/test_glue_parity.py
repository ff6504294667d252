"""The batch path and the API: the same rows give the same transactions and the same reasons, for any rows."""

from __future__ import annotations

import csv
import io
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from glue.table import TRANSACTION_ARROW
from shared.errors import RejectedError
from shared.transaction.model import parse_many
from shared.transaction.schema import Transaction
from tests.rows import CARD_KEYS
from tests.unit.glue.lines import COLUMNS, batch, good, header, line, parse, refused

# A cell of CSV: any text without line ends, which end a line here (docs/batch.md).
cells = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r\n\0"), max_size=30)
numbers = st.from_regex(r"-?[0-9]{1,4}(\.[0-9]{1,8})?", fullmatch=True).filter(str.isascii)
changes = st.dictionaries(st.sampled_from(COLUMNS[1:]), cells | numbers, max_size=3)


@given(st.lists(changes, min_size=1, max_size=8))
def test_any_line_has_the_outcome_that_the_stream_gives_the_same_row(rows: list[dict[str, str]]) -> None:
    lines = [line(**row) for row in rows]
    found = parse(batch([header(), *lines]))
    expected = parse_many([_as_the_client_reads(text) for text in lines], CARD_KEYS)
    assert good(found) == [_typed(one) for one in expected if isinstance(one, Transaction)]
    reasons = [(index + 2, one.errors) for index, one in enumerate(expected) if isinstance(one, RejectedError)]
    assert refused(found) == [(number, [list(error) for error in errors]) for number, errors in reasons]


@given(st.lists(changes, min_size=1, max_size=12), st.integers(1, 5))
def test_how_lines_are_cut_into_batches_makes_no_difference(rows: list[dict[str, str]], size: int) -> None:
    lines = [header(), *(line(**row) for row in rows)]
    pieces = [batch(lines[start : start + size]) for start in range(0, len(lines), size)]
    whole, cut = parse(batch(lines)), parse(*pieces)
    assert good(cut) == good(whole)
    assert refused(cut) == refused(whole)


@given(st.lists(st.binary(max_size=200).filter(lambda text: b"\n" not in text and b"\r" not in text), max_size=10))
def test_no_line_is_lost_and_none_stops_the_job(lines: list[bytes]) -> None:
    found = parse(batch([header(), *lines]))
    assert len(good(found)) + len(refused(found)) == sum(1 for text in lines if text)


def _as_the_client_reads(text: bytes) -> dict[str, str]:
    (row,) = csv.reader(io.StringIO(text.decode(), newline=""))
    return dict(zip(COLUMNS, row, strict=True))


def _typed(transaction: Transaction) -> dict[str, Any]:
    """A transaction in the warehouse's types, by Arrow's own conversion of the wire's text."""
    import pyarrow as pa

    row: dict[str, Any] = dict.fromkeys(("file", "block", "row", "reasons", "lines"))
    for field in TRANSACTION_ARROW:
        value = getattr(transaction, field.name)
        if pa.types.is_decimal(field.type):
            value = f"{value:.{field.type.scale}f}"
        is_text = isinstance(value, str)
        made = pa.array([value], pa.string()).cast(field.type) if is_text else pa.array([value], field.type)
        row[field.name] = made[0].as_py()
    return row
