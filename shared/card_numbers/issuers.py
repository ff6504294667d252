"""Which numbers card issuers give out: the ranges of leading digits, and how long the numbers of each are.

From ISO/IEC 7812's first digits and what the networks publish; 13 to 19 digits, as shorter Maestro numbers are too many
of all numbers to tell. https://en.wikipedia.org/wiki/Payment_card_number lists them with their sources.
"""

from __future__ import annotations

_ANY = range(13, 20)
_RANGES: tuple[tuple[str, str, range | tuple[int, ...]], ...] = (
    ("4", "4", (13, 16, 19)),  # Visa
    ("51", "55", (16,)),  # Mastercard
    ("2221", "2720", (16,)),
    ("34", "34", (15,)),  # American Express
    ("37", "37", (15,)),
    ("6011", "6011", range(16, 20)),  # Discover
    ("644", "649", range(16, 20)),
    ("65", "65", range(16, 20)),
    ("300", "305", range(14, 20)),  # Diners Club
    ("3095", "3095", range(14, 20)),
    ("309", "309", (14,)),
    ("36", "36", range(14, 20)),
    ("38", "39", range(14, 20)),
    ("3528", "3589", range(16, 20)),  # JCB
    ("2131", "2131", (15,)),
    ("1800", "1800", (15,)),
    ("62", "62", range(16, 20)),  # UnionPay
    ("81", "81", range(16, 20)),
    ("50", "50", _ANY),  # Maestro; also Elo, Verve, Dankort, Aura and RuPay within 50
    ("56", "58", _ANY),
    ("63", "63", _ANY),
    ("67", "67", _ANY),
    ("0604", "0604", _ANY),
    ("4571", "4571", (16,)),  # Dankort with Visa
    ("2200", "2205", range(16, 20)),  # Mir, Borica
    ("60", "60", (16,)),  # RuPay
    ("82", "82", (16,)),
    ("353", "353", (16,)),
    ("356", "356", (16,)),
    ("606282", "606282", (13, 16, 19)),  # Hipercard
    ("384100", "384100", (13, 16, 19)),
    ("384140", "384140", (13, 16, 19)),
    ("384160", "384160", (13, 16, 19)),
    ("636368", "636369", (16,)),  # Elo
    ("627780", "627780", (16,)),
    ("9792", "9792", (16,)),  # Troy
    ("8600", "8600", (16,)),  # UzCard
    ("9860", "9860", (16,)),  # Humo
    ("6054740", "6054744", (16,)),  # NPS Pridnestrovie
    ("1946", "1946", (16,)),  # GPN
)


def _lengths_by_prefix() -> dict[str, frozenset[int]]:
    found: dict[str, set[int]] = {}
    for low, high, lengths in _RANGES:
        for prefix in range(int(low), int(high) + 1):
            found.setdefault(str(prefix).zfill(len(low)), set()).update(lengths)
    return {prefix: frozenset(lengths) for prefix, lengths in found.items()}


_LENGTHS = _lengths_by_prefix()
_PREFIXES = sorted({len(prefix) for prefix in _LENGTHS})
_NONE: frozenset[int] = frozenset()


def lengths_at(digits: str, start: int) -> frozenset[int]:
    """Give the lengths that a card number beginning at a position of a run of digits may have; none, if none begins."""
    lengths = _NONE
    for size in _PREFIXES:
        lengths |= _LENGTHS.get(digits[start : start + size], _NONE)
    return lengths
