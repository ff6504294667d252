"""Hides card numbers in texts and ids, as somebody would who wants one past the edge; seeded, to repeat a find."""

from __future__ import annotations

import random
import sys
import unicodedata
from collections.abc import Callable

# Not the project's own table: first digits and length of what the networks give out.
BRANDS = [
    ("4", 16), ("4", 13), ("4", 19), ("51", 16), ("55", 16), ("2221", 16), ("2720", 16), ("34", 15), ("37", 15),
    ("6011", 16), ("65", 16), ("644", 16), ("36", 14), ("38", 14), ("300", 14), ("305", 14), ("3528", 16),
    ("3589", 16), ("2131", 15), ("1800", 15), ("62", 16), ("62", 19), ("5018", 16), ("6304", 19), ("6759", 16),
    ("6761", 18), ("2200", 16), ("2204", 16), ("508500", 16), ("606282", 16), ("636368", 16),
]  # fmt: skip
_CATEGORIES = ("Zs", "Pd", "Ps", "Pe", "Po", "Pc", "Sm", "Sc", "Sk", "So", "Cf", "Mn", "Me")
_STORABLE = [c for c in map(chr, range(0x20, 0x3000)) if not "\x7f" <= c <= "\x9f"]
SEPARATORS = [c for c in _STORABLE if unicodedata.category(c) in _CATEGORIES and unicodedata.numeric(c, None) is None]
SEPARATORS = [c for c in SEPARATORS if not unicodedata.bidirectional(c).startswith(("LR", "RL", "PDF", "PDI", "FSI"))]
SEPARATORS += ["\u3164", "\u115f", "\uffa0", "\ufe0f", "\ufeff", "\u30fc", "\U000e0020"]
SCRIPTS = [
    [chr(code + value) for value in range(10)]
    for code in range(sys.maxunicode - 9)
    if unicodedata.category(chr(code)) == "Nd" and unicodedata.decimal(chr(code)) == 0
]
SCRIPTS += [list("⁰¹²³⁴⁵⁶⁷⁸⁹"), list("₀₁₂₃₄₅₆₇₈₉"), list("⓪①②③④⑤⑥⑦⑧⑨"), list("⓿❶❷❸❹❺❻❼❽❾")]
SCRIPTS += [list("0⑴⑵⑶⑷⑸⑹⑺⑻⑼"), list("🄀⒈⒉⒊⒋⒌⒍⒎⒏⒐"), list("o123456789"), list("〇一二三四五六七八九")]


def card_number(rng: random.Random) -> str:
    """A number with a good check digit, of a random network."""
    prefix, length = rng.choice(BRANDS)
    digits = prefix + "".join(rng.choice("0123456789") for _ in range(length - len(prefix) - 1))
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (1 if place % 2 else 2)
        total += doubled - 9 if doubled > 9 else doubled
    return digits + str(-total % 10)


def _grouped(number: str, separator: Callable[[], str], rng: random.Random) -> str:
    size = rng.choice((1, 2, 3, 4, 4, 4, 6))
    return "".join(("" if at == 0 or at % size else separator()) + digit for at, digit in enumerate(number))


def _script(number: str, rng: random.Random) -> str:
    script = rng.choice(SCRIPTS)
    mixed = rng.random() < 0.3
    return "".join(digit if mixed and rng.random() < 0.5 else script[int(digit)] for digit in number)


def hide_in_text(number: str, rng: random.Random) -> str:
    """A text of at most 200 characters that holds the number in some form."""
    separators = [rng.choice(SEPARATORS) for _ in range(rng.randint(1, 3))]
    way = rng.randrange(12)
    shown = number
    if way == 0:
        shown = _grouped(number, lambda: rng.choice(separators), rng)
    elif way == 1:
        shown = _grouped(number, lambda: "".join(rng.choices(separators, k=rng.randint(1, 4))), rng)
    elif way == 2:
        shown = _script(number, rng)
    elif way == 3:
        shown = _grouped(_script(number, rng), lambda: rng.choice(separators), rng)
    elif way == 4:
        shown = f"{rng.randint(1, 99999)} {_grouped(number, lambda: ' ', rng)}"
    elif way == 5:
        shown = f"{number} {rng.randint(1, 12):02d}/{rng.randint(26, 34)} {rng.randint(0, 999):03d}"
    elif way == 6:
        shown = number + rng.choice(("", " ", "/", "-")) + card_number(rng)
    elif way == 7:
        shown = "".join(rng.choices("0123456789", k=rng.randint(1, 9))) + number + str(rng.randint(0, 99999))
    elif way == 8:
        shown = rng.choice(("card", "No", "x", "PAN:")) + number + rng.choice(("", "!", "abc", "z"))
    elif way == 9:
        escape = rng.choice(("%{:02X}", "&#{};", "&#x{:x};", "\\u{:04x}", "\\x{:02x}"))
        shown = "".join(escape.format(ord(d), ord(d)) for d in number)
    elif way == 10:
        shown = _grouped(number, lambda: rng.choice(("%20", "&nbsp;", "&#160;", "%2D", "x", "\u00ad")), rng)
    elif way == 11:
        shown = number.replace("0", rng.choice("Oo\u041e")).replace("1", rng.choice("lI1"))
    before, after = rng.choice((("", ""), ("Flat ", " West"), ("", " Ave."), ("No. 7, ", ""), ("«", "»")))
    return f"{before}{shown}{after}"[:200] if len(shown) < 190 else shown


def hide_in_id(number: str, rng: random.Random) -> str:
    """An id of at most 64 characters of A-Z a-z 0-9 _ - that holds the number between its ends or separators."""
    separator = rng.choice(("", "-", "_", "--", "_-_", "-", "_"))
    shown = _grouped(number, lambda: separator, rng)
    before = rng.choice(("", "", "t-", "order_", "a1-", f"{rng.randint(1, 9999)}-", "_"))
    after = rng.choice(("", "", "-x", f"_{rng.randint(1, 999)}", "-", "-0a"))
    identifier = before + shown + after
    return identifier if len(identifier) <= 64 else shown if len(shown) <= 64 else number


def hide_own_in_id(number: str, rng: random.Random) -> str:
    """An id that holds the row's own number, be it beside letters and digits."""
    before, after = ("".join(rng.choices("abcdef0123456789", k=rng.randint(0, 12))) for _ in "12")
    return rng.choice((hide_in_id(number, rng), before + number + after))
