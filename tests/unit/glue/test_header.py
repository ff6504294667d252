"""A file with other columns than the schema is refused before anything of it is read, and says which."""

from __future__ import annotations

import pytest

from glue.header import DriftError, read_header
from tests.unit.glue.lines import COLUMNS, header


def test_the_kaggle_header_is_read_with_or_without_a_byte_order_mark() -> None:
    assert tuple(read_header(header(), "a.csv")) == COLUMNS
    assert tuple(read_header(b"\xef\xbb\xbf" + header() + b"\r", "a.csv")) == COLUMNS


def test_columns_may_come_in_any_order_and_optional_ones_may_be_absent() -> None:
    columns = [name for name in reversed(COLUMNS) if name not in ("trans_num", "is_fraud", "unix_time", "")]
    assert read_header(header(columns), "a.csv") == columns


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ([name for name in COLUMNS if name != "amt"], "missing column amt"),
        (["amount" if name == "amt" else name for name in COLUMNS], "missing column amt; unknown column 'amount'"),
        ([*COLUMNS, "loyalty"], "unknown column 'loyalty'"),
        ([*COLUMNS, "amt"], "column twice: amt"),
        (["1", "2"], "no header"),
        ([], "no header"),
    ],
)
def test_what_has_drifted_is_named_with_the_file(columns: list[str], said: str) -> None:
    with pytest.raises(DriftError) as error:
        read_header(header(columns), "s3://raw/a.csv")
    assert said in str(error.value)
    assert str(error.value).startswith("s3://raw/a.csv: ")


def test_a_header_that_is_no_text_is_refused() -> None:
    with pytest.raises(DriftError, match="not CSV in UTF-8"):
        read_header(b"PAR1\xff\xfe", "a.csv")
