"""Rows as senders might write them: good ones in every accepted form, and broken ones of every kind."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from shared.transaction.kinds import BLANKS, first_unstorable
from shared.transaction.schema import SOURCES
from tests.rows import CSV_ROW

TEXT_COLUMNS = tuple(source for source, field in SOURCES.items() if field.kind.is_free_text)


def _is_text(text: str) -> bool:
    return bool(text.strip(BLANKS)) and first_unstorable(text.strip(BLANKS)) is None


def texts(limit: int) -> st.SearchStrategy[str]:
    """Text of any script that survives its checks: without digits, so that it holds no card number by chance."""
    characters = st.characters(exclude_categories=("Cs", "Cc", "Nd"))
    return (
        st.text(characters, min_size=1, max_size=limit)
        .filter(_is_text)
        .filter(lambda text: len(unicodedata.normalize("NFC", text.strip())) <= limit)
        .filter(lambda text: not text.strip().startswith("fraud_"))
    )


card_numbers = st.from_regex(r"[0-9]{10,18}[1-9]", fullmatch=True).filter(str.isascii)
cents = st.integers(0, 10**12 - 1)
moments = st.integers(0, 36 * 365 * 86_400_000).map(
    lambda ms: datetime(1990, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
)
zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def degrees(limit: int) -> st.SearchStrategy[Decimal]:
    return st.decimals(-limit, limit, places=9)


# What a transaction says, before it is written down: column -> value of its natural type.
facts = st.fixed_dictionaries(
    {
        **{column: texts(SOURCES[column].kind.limit or 0) for column in TEXT_COLUMNS},
        "trans_date_trans_time": moments,
        "cc_num": card_numbers,
        "amt": cents.map(lambda n: Decimal(n).scaleb(-2)),
        "gender": st.sampled_from("FM"),
        "state": st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=2, max_size=2),
        "zip": st.integers(501, 99999),
        "lat": degrees(90),
        "long": degrees(180),
        "city_pop": st.integers(0, 2**31 - 1),
        "dob": st.dates(date(1900, 1, 1), date(1989, 12, 31)),
        "merch_lat": degrees(90),
        "merch_long": degrees(180),
        "trans_num": st.none() | st.from_regex(r"[a-f][a-z_-]{0,63}", fullmatch=True),
        "is_fraud": st.sampled_from((None, False, True)),
    }
)


def as_csv(fact: dict[str, Any]) -> dict[str, Any]:
    """Write a transaction down as csv.DictReader would read it from a Kaggle file, ZIP codes without leading zeros."""
    moment = fact["trans_date_trans_time"]
    fraction = f".{moment.microsecond // 1000:03d}" if moment.microsecond else ""
    return {
        "": "17",
        **{column: str(value) for column, value in fact.items()},
        "trans_date_trans_time": f"{moment:%Y-%m-%d %H:%M:%S}{fraction}",
        "merchant": f"fraud_{fact['merchant']}",
        "amt": f"{fact['amt']:f}",
        **{column: f"{fact[column]:f}" for column in ("lat", "long", "merch_lat", "merch_long")},
        "trans_num": fact["trans_num"] or "",
        "is_fraud": {None: "", False: "0", True: "1"}[fact["is_fraud"]],
        "unix_time": "1372665600",
    }


def as_json(fact: dict[str, Any], zone: timezone = UTC) -> dict[str, Any]:
    """Write the same transaction down as the API's JSON gives it: numbers, ISO 8601, text decomposed and padded."""
    row = {
        **fact,
        **{column: f" {unicodedata.normalize('NFD', fact[column])}\t" for column in TEXT_COLUMNS},
        "trans_date_trans_time": fact["trans_date_trans_time"].astimezone(zone).isoformat(timespec="milliseconds"),
        "cc_num": int(fact["cc_num"]) if fact["cc_num"][0] != "0" else " ".join(fact["cc_num"]),
        "dob": fact["dob"].isoformat(),
        "state": fact["state"].lower(),
    }
    return {column: value for column, value in row.items() if value is not None}


good_rows = facts.map(as_csv) | st.builds(as_json, facts, zones)

# Anything that JSON or CSV can carry.
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals()
    | st.text()
    | st.text("0123456789.,-/: eE+TZ")
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)
tweaks = st.sampled_from((" ", "\x00", "\x1f", "\ud800", "é", "0", "-", ".", "e", "/", ":", "T", "Z", "+", "９"))


@st.composite
def broken_rows(draw: st.DrawFn) -> dict[Any, Any]:
    """A good row with a few values replaced, tweaked by a character, swapped, removed or added."""
    row = dict(draw(good_rows))
    for _ in range(draw(st.integers(1, 4))):
        column = draw(st.sampled_from(sorted(CSV_ROW)))
        how = draw(st.integers(0, 5))
        if how == 0:
            row[column] = draw(values)
        elif how == 1 and isinstance(row.get(column), str):
            at = draw(st.integers(0, len(row[column])))
            row[column] = row[column][:at] + draw(tweaks) + row[column][at + draw(st.integers(0, 1)) :]
        elif how == 2:
            row[column] = row.get(draw(st.sampled_from(sorted(CSV_ROW))))
        elif how == 3:
            row.pop(column, None)
        elif how == 4:
            row[draw(st.text() | st.none())] = draw(values)
        else:
            row[column] = draw(scalars)
    return row
