"""What a sample of the values says about a file as a whole: things that no single row shows, or that all rows share."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from client.errors import ClientError
from client.files.convert import DATE, DECIMALS, ISO, parts_of
from client.files.mapping import ORDERS, Reading
from shared.card_numbers.search import luhn_valid, plain

SHARE = 0.1  # of the rows: from here on it is the file, and not some rows of it
_ROUNDED_TO = 15  # digits that a spreadsheet keeps of a number
_EXPONENT = re.compile(r"\d(?:[.,]\d+)?[eE]\+?\d{1,2}")
_COMMA = re.compile(r"-?\d+(?:\.\d{3})*,\d+")
_ZONED = re.compile(r"(?:Z|[+-]\d{2}:?\d{2})$")
_MOST_KNOWN = 100_000  # different card numbers that are remembered
_STRETCH = 1_000  # rows with long numbers that are checked on their own
_FEWEST_DIFFERENT = 2
_MOST_OFFSET = 14 * 3600


@dataclass
class Findings:
    """Of a sample: `refusals` stop the file, `warnings` are said before it is sent."""

    refusals: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    dates: dict[str, str] = field(default_factory=dict)  # column -> the order that its dates prove


@dataclass
class Cards:
    """Card numbers of a file, as far as it was read: which look rounded to 15 digits by a spreadsheet.

    A number of 16 digits or more whose digits beyond the 15th are all zero, and whose check digit is wrong. In data
    whose numbers have no check digits at all this proves nothing, hence `other_failures`.
    """

    rows: int = 0  # with a number of more than 15 digits
    rounded: int = 0
    other_failures: int = 0  # different numbers of more than 15 digits that fail Luhn and are not rounded
    exponents: int = 0
    lines: list[int] = field(default_factory=list)
    numbers: set[str] = field(default_factory=set)
    dense: set[str] = field(default_factory=set)  # kinds that fill a stretch, as where files were joined
    _known: dict[str, str] = field(default_factory=dict)
    _stretch: Counter[str] = field(default_factory=Counter)  # rows by kind
    _different: set[str] = field(default_factory=set)  # rounded numbers of the stretch

    def add(self, text: str, line: int) -> None:
        """Look at the number of one row."""
        kind = self._known.get(text)
        if kind is None:
            kind = card_kind(text)
            if len(self._known) < _MOST_KNOWN:
                self._known[text] = kind
                self.other_failures += kind == "fails"
        if kind == "short":
            return
        self._note_in_stretch(text, kind)
        if kind == "exponent":
            self.exponents += 1
        else:
            self.rows += 1
        if kind in ("rounded", "exponent"):
            self.rounded += kind == "rounded"
            if kind == "rounded" and len(self.numbers) < _MOST_KNOWN:
                self.numbers.add(text)
            if len(self.lines) < 3:
                self.lines.append(line)

    def _note_in_stretch(self, text: str, kind: str) -> None:
        self._stretch[kind] += 1
        if kind == "rounded":
            self._different.add(text)
        if self._stretch.total() == _STRETCH:
            self.end_stretch()

    def end_stretch(self) -> None:
        """Check the last rows. One bad number alone is none: in a sorted file it fills many rows."""
        for kind, different in (("rounded", len(self._different)), ("exponent", _FEWEST_DIFFERENT)):
            many = self._stretch[kind] >= max(_FEWEST_DIFFERENT, SHARE * self._stretch.total())
            if many and different >= _FEWEST_DIFFERENT:
                self.dense.add(kind)
        self._stretch.clear()
        self._different.clear()

    @property
    def prove(self) -> bool:
        """Whether the rounded ones are that, and not numbers without check digits."""
        return len(self.numbers) > self.other_failures

    @property
    def many(self) -> bool:
        """Whether the column, or a part of it, was rounded as a whole."""
        return self.prove and ("rounded" in self.dense or self.rounded >= SHARE * self.rows)


def card_kind(text: str) -> str:
    """``rounded``, ``exponent``, ``fails`` or ``good`` for a card number of more than 15 digits; else ``short``."""
    digits = plain(text.strip())
    if not digits.isdecimal():
        return "exponent" if _EXPONENT.fullmatch(text.strip()) else "short"
    if len(digits) <= _ROUNDED_TO or len(digits) > 19:
        return "short"
    if luhn_valid(digits):
        return "good"
    return "rounded" if not digits[_ROUNDED_TO:].strip("0") else "fails"


def check_cards(cards: Cards, reading: Reading, file: str) -> Findings:
    """What the card numbers say. The numbers themselves are not shown."""
    found = Findings()
    lines = ", ".join(map(str, cards.lines))
    cards.end_stretch()
    if cards.exponents and ("exponent" in cards.dense or cards.exponents >= SHARE * (cards.exponents + cards.rows)):
        found.refusals.append(
            f"{cards.exponents:,} card numbers are in scientific notation, e.g. 2.29E+15 (lines {lines}): a "
            "spreadsheet dropped their last digits. Export the column again as text, from its source"
        )
    if not cards.rounded or reading.accept_rounded_card_numbers:
        return found
    what = (
        f"card numbers were rounded to 15 digits by a spreadsheet and are other cards now: {cards.rounded:,} of the "
        f"{cards.rows:,} rows whose number is longer (first in line {lines}) end in zeros after the 15th digit and "
        "fail the Luhn check"
    )
    if cards.many:
        found.refusals.append(
            f"{what}. Export the column again as text, from its source; if the numbers are right all the "
            "same, add --accept-rounded-card-numbers"
        )
    elif cards.prove:
        found.warnings.append(f"{what}. They are sent as they stand; export them again as text if that is wrong")
    return found


def check_dates(column: str, values: Sequence[tuple[int, str]], reading: Reading) -> Findings:
    """Whether the dates of a column can be read in one way only. ``values`` are (line, text)."""
    found = Findings()
    if reading.dates or column in reading.formats:
        return found
    matches = [(line, text, match) for line, text in values if not ISO.match(text) and (match := DATE.fullmatch(text))]
    if len(matches) < SHARE * len(values) or not matches:
        return found
    proofs: dict[str, tuple[int, str]] = {}
    ways: Counter[str] = Counter()
    for line, text, match in matches:
        fits = [order for order in ORDERS if _fits(match, order)]
        ways.update(fits)
        if len(fits) == 1:
            proofs.setdefault(fits[0], (line, text))
    if len(proofs) == 1:
        ((order, _),) = proofs.items()
        if ways[order] == len(matches):
            found.dates[column] = order
            return found
    line, text, _ = matches[0]
    if len(proofs) > 1:
        shown = " and ".join(f"{text!r} in line {line} is {order}" for order, (line, text) in list(proofs.items())[:2])
        found.refusals.append(
            f"{column} mixes orders of day and month: {shown}. A spreadsheet does that to dates of another country: "
            "export the column again in the form 2020-06-21"
        )
    else:
        likely = [order for order, count in ways.items() if count == len(matches)] or ["day-first", "month-first"]
        flags = " or ".join(f"--dates {order}" for order in likely)
        found.refusals.append(
            f"{column} can be read in more than one way: {text!r} in line {line} is {_ways(text)}, and no row proves "
            f"which. Add {flags}"
        )
    return found


def _ways(text: str) -> str:
    match = DATE.fullmatch(text)
    assert match is not None
    days = []
    for order in ORDERS:
        if _fits(match, order):
            year, month, day = parts_of(match, order)
            shown = year if len(year) == 4 else f"20{year}"
            days.append(f"{datetime(2000, int(month), 1):%B} {int(day)}, {shown}")  # noqa: DTZ001
    return " or ".join(days) or "no day"


def _fits(match: re.Match[str], order: str) -> bool:
    try:
        year, month, day = parts_of(match, order)
        datetime(int(year) if len(year) == 4 else 2000 + int(year), int(month), int(day))  # noqa: DTZ001
    except ValueError:
        return False
    return True


def check_decimals(column: str, values: Sequence[tuple[int, str]], reading: Reading) -> Findings:
    """Whether numbers have a decimal comma."""
    found = Findings()
    if column not in DECIMALS or reading.decimal_comma:
        return found
    commas = [(line, text) for line, text in values if _COMMA.fullmatch(text)]
    if commas and len(commas) >= SHARE * len(values):
        line, text = commas[0]
        found.refusals.append(
            f"{column} has commas in its numbers, {text!r} in line {line}: if they are decimal commas, add "
            "--decimal-comma"
        )
    return found


def check_zone(times: Sequence[tuple[int, str]], unix: Iterable[str | None], reading: Reading) -> Findings:
    """Whether times are local ones: some have a zone and others none, or the seconds since 1970 beside them differ."""
    found = Findings()
    if reading.time_zone:
        return found
    zoned = [(line, text) for line, text in times if _ZONED.search(text)]
    naive = [(line, text) for line, text in times if not _ZONED.search(text)]
    if min(len(zoned), len(naive)) >= max(1, SHARE * len(times)):
        found.refusals.append(
            f"some times have a zone ({zoned[0][1]!r} in line {zoned[0][0]}) and others have none ({naive[0][1]!r} in "
            f"line {naive[0][0]}): say which zone the latter are in, e.g. --time-zone UTC or --time-zone "
            "America/New_York"
        )
    offsets = Counter(filter(None, (_offset(text, seconds) for (_, text), seconds in zip(times, unix, strict=False))))
    if offsets:
        offset, count = offsets.most_common(1)[0]
        if count >= 0.5 * len(times) and offset:
            sign = "+" if offset > 0 else "-"
            shown = f"UTC{sign}{abs(offset) // 3600:02d}:{abs(offset) % 3600 // 60:02d}"
            found.refusals.append(
                f"the times look local: unix_time differs from trans_date_trans_time by {shown} in {count:,} rows. "
                "Give the time zone, e.g. --time-zone America/New_York, or --time-zone UTC to take them as they are"
            )
    return found


def _offset(text: str, seconds: str | None) -> int | None:
    """How many seconds a time without zone is ahead of the seconds since 1970, if that can be a zone's offset."""
    try:
        naive = datetime.fromisoformat(text + "+00:00" if not _ZONED.search(text) else "").timestamp()
        offset = round(naive - float(seconds or ""))
    except ValueError:
        return None
    return offset if abs(offset) <= _MOST_OFFSET and offset % 900 == 0 and offset else None


def refuse(findings: Sequence[Findings], file: str, line: int = 0) -> None:
    """Raise one ClientError with everything that stops a file, before its first row or, of a pipe, at a line."""
    if refusals := [text for one in findings for text in one.refusals]:
        end = f"Only rows before line {line} were read." if line else "Nothing was sent."
        raise ClientError(f"{file}: {'. Also: '.join(refusals)}. {end}")
