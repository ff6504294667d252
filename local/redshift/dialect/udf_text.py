"""Text functions in Python: POSIX expressions, hashes, bases and Redshift's own."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import Any

from local.redshift.errors import SqlError

_CLASSES = {"alpha": "a-zA-Z", "digit": "0-9", "alnum": "a-zA-Z0-9", "upper": "A-Z", "lower": "a-z", "blank": r" \t",
            "space": r"\s", "punct": r"!-/:-@\[-`{-~", "xdigit": "0-9A-Fa-f", "word": r"\w"}  # fmt: skip


@lru_cache(maxsize=512)
def pattern(written: str, flags: str = "c") -> re.Pattern[str]:
    """A POSIX regular expression, compiled. Raises ValueError."""
    translated = re.sub(r"\[:(\w+):\]", lambda m: _CLASSES.get(m[1], m[0]), written)
    options = re.IGNORECASE if "i" in flags else 0
    try:
        return re.compile(translated, options | re.DOTALL)
    except re.error as error:
        raise ValueError(f"invalid regular expression: {error}") from error


def _matches(value: str, written: str, flags: str) -> bool:
    return pattern(written, flags).search(value) is not None


@lru_cache(maxsize=512)
def similar_pattern(written: str, escape: str) -> str:
    """SIMILAR TO's pattern as a regular expression that must match the whole text."""
    found, escaped, within = "", False, False
    for character in written:
        if escaped:
            found, escaped = found + re.escape(character), False
        elif character == escape:
            escaped = True
        elif within:
            found += character
            within = character != "]"
        elif character == "[":
            found, within = found + character, True
        elif character in "%_":
            found += ".*" if character == "%" else "."
        elif character in ".^$":
            found += "\\" + character
        else:
            found += character
    return f"(?:{found})"


def _similar(value: str, written: str, escape: str) -> bool:
    return pattern(similar_pattern(written, escape)).fullmatch(value) is not None


def _regexp_replace(value: str, written: str, replacement: str, position: int, flags: str) -> str:
    start = max(position - 1, 0)
    return value[:start] + pattern(written, flags).sub(lambda _: replacement, value[start:])


def _regexp_count(value: str, written: str, position: int, flags: str) -> int:
    return sum(1 for match in pattern(written, flags).finditer(value[max(position - 1, 0) :]) if match.group())


def _occurrence(value: str, written: str, position: int, occurrence: int, flags: str) -> Any:
    matches = pattern(written, flags).finditer(value, max(position - 1, 0))
    for number, match in enumerate(matches, start=1):
        if number == occurrence:
            return match
    return None


def _regexp_substr(value: str, written: str, position: int, occurrence: int, flags: str) -> str:
    match = _occurrence(value, written, position, occurrence, flags)
    if match is None:
        return ""
    return str(match.group(1) or "") if "e" in flags and match.re.groups else str(match.group())


def _regexp_instr(value: str, written: str, position: int, occurrence: int, option: int, flags: str) -> int:
    match = _occurrence(value, written, position, occurrence, flags)
    if match is None:
        return 0
    group = 1 if "e" in flags and match.re.groups else 0
    return int(match.end(group) if option else match.start(group)) + 1


def _initcap(value: str) -> str:
    return re.sub(r"[^\W_]+", lambda m: _capital(m[0][:1]) + m[0][1:].lower(), value)


def _capital(letter: str) -> str:
    """The capital of a letter, where it is one letter."""
    return letter.upper() if len(letter.upper()) == 1 else letter


def _strtol(value: str, base: int) -> int:
    held = value.strip().lower()
    if not 2 <= base <= 36:
        raise ValueError(f"The input base {base} is out of range: must be between 2 and 36")
    try:
        number = int(held.replace("_", "?"), base)
    except ValueError as error:
        raise ValueError(f"The input {value} is not valid to be converted to base {base}") from error
    if not -(2**63) <= number < 2**63:
        raise ValueError(f"The input {value} is out of range")
    return number


def _sha2(value: str, bits: int) -> str:
    return hashlib.new(f"sha{bits}", value.encode()).hexdigest()


def _crc_table() -> list[int]:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


_CRC = _crc_table()


def _crc32(value: str) -> str:
    """CRC-32C, the polynomial that Redshift's CRC32 is of."""
    crc = 0xFFFFFFFF
    for byte in value.encode():
        crc = crc >> 8 ^ _CRC[(crc ^ byte) & 0xFF]
    return f"{crc ^ 0xFFFFFFFF:08x}"


def _soundex(value: str) -> str:
    letters = [c for c in value.upper() if c.isascii() and c.isalpha()]
    if not letters:
        return ""
    codes = {c: str(d) for d, group in enumerate(("BFPV", "CGJKQSXZ", "DT", "L", "MN", "R"), start=1) for c in group}
    found, last = letters[0], codes.get(letters[0], "")
    for letter in letters[1:]:
        code = codes.get(letter, "")
        if code and code != last:
            found += code
        if letter not in "HW":
            last = code
    return (found + "000")[:4]


def _quote_ident(value: str) -> str:
    return value if re.fullmatch(r"[a-z_][a-z0-9_]*", value) else '"' + value.replace('"', '""') + '"'


def _quote_literal(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


V, N, B, L = "VARCHAR", "INTEGER", "BOOLEAN", "BIGINT"
FUNCTIONS: list[tuple[str, Any, list[str], str]] = [
    ("rs_matches", _matches, [V, V, V], B),
    ("rs_similar", _similar, [V, V, V], B),
    ("rs_regexp_replace", _regexp_replace, [V, V, V, N, V], V),
    ("rs_regexp_count", _regexp_count, [V, V, N, V], N),
    ("rs_regexp_substr", _regexp_substr, [V, V, N, N, V], V),
    ("rs_regexp_instr", _regexp_instr, [V, V, N, N, N, V], N),
    ("rs_initcap", _initcap, [V], V),
    ("rs_strtol", _strtol, [V, N], L),
    ("rs_sha2", _sha2, [V, N], V),
    ("rs_crc32", _crc32, [V], V),
    ("rs_soundex", _soundex, [V], V),
    ("rs_quote_ident", _quote_ident, [V], V),
    ("rs_quote_literal", _quote_literal, [V], V),
]

__all__ = ["FUNCTIONS", "SqlError", "pattern", "similar_pattern"]
