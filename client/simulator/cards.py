"""Card numbers: unique, valid by Luhn's check, in the brands and lengths (12 to 19 digits) that the data set has."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

MAX_CARDS = 10_000_000  # the 12-digit brand has seven free digits, so that this many numbers are sure to differ


class Brand(NamedTuple):
    """A brand's share of the cards, its prefixes, and its length in digits."""

    share: float
    prefixes: tuple[int, ...]
    length: int


BRANDS = (
    Brand(0.09, (5018, 5020, 5038, 5893, 6304, 6759, 6761, 6763), 12),
    Brand(0.08, (4,), 13),
    Brand(0.095, (3000, 3014, 3020, 3037, 3042, 3055, 3600, 3800), 14),
    Brand(0.155, (34, 37, 2131, 1800), 15),
    Brand(0.16, (4,), 16),
    Brand(0.17, (2242, 2300, 2455, 2610, 2703, 5100, 5245, 5359, 5421, 5586), 16),
    Brand(0.165, (3502, 3514, 3528, 3541, 3563, 3575, 3589, 6011, 6500, 6544), 16),
    Brand(0.085, (4,), 19),  # a 19-digit number that starts with 4 still fits 64 bits
)


def card_numbers(random: np.random.Generator, count: int) -> Ints:
    """`count` different card numbers as 64-bit integers, none with a leading zero.

    The account digits of the i-th card are ``(a * i + b) mod 10**free`` with ``a`` prime to 10: no two cards of a
    prefix can be equal, without a set of those already given.
    """
    if count > MAX_CARDS:
        raise ValueError(f"at most {MAX_CARDS} different cards")
    index = np.arange(count, dtype=np.int64)
    brand = random.choice(len(BRANDS), size=count, p=[b.share for b in BRANDS])
    choice = random.integers(0, 2**31, size=count)
    step = int(random.integers(10**16, 10**17)) * 10 + 3  # ends in 3: prime to 10
    offset = int(random.integers(0, 10**18))
    numbers = np.zeros(count, dtype=np.int64)
    for which, (_, prefixes, length) in enumerate(BRANDS):
        rows = np.flatnonzero(brand == which)
        prefix = np.array(prefixes, dtype=np.int64)[choice[rows] % len(prefixes)]
        free = length - 1 - np.char.str_len(prefix.astype(str)).astype(np.int64)
        modulus = 10**free
        account = ((index[rows].astype(object) * step + offset) % modulus).astype(np.int64)  # exact: beyond 64 bits
        body = prefix * modulus + account
        numbers[rows] = body * 10 + check_digit(body)
    return numbers


def check_digit(body: Ints) -> Ints:
    """The digit that makes each number valid by Luhn's check (ISO/IEC 7812-1) when appended."""
    total = np.zeros(len(body), dtype=np.int64)
    rest = body.copy()
    double = True
    while rest.any():
        digit = rest % 10
        rest //= 10
        if double:
            digit = digit * 2
            digit = np.where(digit > 9, digit - 9, digit)
        total += digit
        double = not double
    return (10 - total % 10) % 10
