"""How values are called and written on the page."""

from __future__ import annotations

import math

CATEGORIES = {
    "entertainment": "Entertainment",
    "food_dining": "Food and dining",
    "gas_transport": "Gas and transport",
    "grocery_net": "Groceries, online",
    "grocery_pos": "Groceries, in store",
    "health_fitness": "Health and fitness",
    "home": "Home",
    "kids_pets": "Kids and pets",
    "misc_net": "Other, online",
    "misc_pos": "Other, in store",
    "personal_care": "Personal care",
    "shopping_net": "Shopping, online",
    "shopping_pos": "Shopping, in store",
    "travel": "Travel",
}
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
CITY_SIZES = ("under 2,500", "2,500-9,999", "10,000-49,999", "50,000-249,999", "250,000+")
# Bands of amounts in US dollars: name, and where it ends. They are those of mart.fraud_by_amount_band.
_AMOUNTS = (("under 10", 10), ("10-24", 25), ("25-49", 50), ("50-99", 100), ("100-249", 250), ("250-499", 500),
            ("500-999", 1000), ("1,000+", None))  # fmt: skip
AMOUNT_BANDS = tuple(name for name, _ in _AMOUNTS)
# Bands of mart.purchase.distance_band, km.
DISTANCE_BANDS = ("under 25", "25-49", "50-74", "75-99", "100-149", "150-499", "500+")
NOTHING = "–"


def sql_amount_band(column: str) -> str:
    """The CASE expression that names the band of an amount."""
    terms = " ".join(f"WHEN {column} < {end} THEN '{name}'" for name, end in _AMOUNTS if end is not None)
    return f"CASE {terms} ELSE '{_AMOUNTS[-1][0]}' END"


def category_name(code: str) -> str:
    """The data set's ``grocery_pos`` as people say it; a category that it does not know, without its underscores."""
    return CATEGORIES.get(code) or code.replace("_", " ").strip().capitalize()


def short(value: float | None, sign: str = "") -> str:
    """A number for a glance: whole below 10,000, else of three digits, as 1.23M. The exact one is beside it."""
    if value is None or math.isnan(value):
        return NOTHING
    size = abs(value)
    if size < 10_000:
        return f"{sign}{value:,.2f}" if sign else f"{value:,.0f}"
    for unit, name, until in ((1e3, "K", 999_500), (1e6, "M", 999_500_000), (1e9, "B", math.inf)):
        if size < until:
            digits = 0 if size >= 99.95 * unit else 1 if size >= 9.995 * unit else 2
            return f"{sign}{value / unit:,.{digits}f}{name}"
    return NOTHING


def percent(part: float | None, digits: int = 2) -> str:
    """A share of 0..1 in per cent."""
    return NOTHING if part is None or math.isnan(part) else f"{part * 100:.{digits}f}%"
