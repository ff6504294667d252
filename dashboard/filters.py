"""What the reader has chosen to see (dates, states, hours, amounts and so on), and the WHERE clause it becomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from dashboard.states import state_name
from dashboard.words import category_name, sql_amount_band

AGE_BANDS = ("0-17", "18-24", "25-34", "35-44", "45-54", "55-64", "65-74", "75+")
GENDERS = {"F": "Women", "M": "Men"}

# How a choice is compared where it is no column of mart.purchase's own, as a text.
_TERMS = {
    "hour": "CAST(p.hour_of_day AS VARCHAR(2)) IN (NAMES)",
    "amount": f"{sql_amount_band('p.amount')} IN (NAMES)",
    "named": "p.merchant_id IN (SELECT merchant_id FROM mart.merchant WHERE merchant IN (NAMES))",
}


@dataclass(frozen=True)
class Filters:
    """Dates are inclusive; an empty choice means all. ``None`` as a date: from the beginning, until the end."""

    first: date | None = None
    last: date | None = None
    states: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    genders: tuple[str, ...] = ()
    ages: tuple[str, ...] = ()
    hours: tuple[str, ...] = ()
    amounts: tuple[str, ...] = ()
    merchants: tuple[str, ...] = ()
    distances: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()

    @property
    def _choices(self) -> Mapping[str, tuple[str, ...]]:
        return {
            "state": self.states,
            "category": self.categories,
            "gender": self.genders,
            "age_band": self.ages,
            "hour": self.hours,
            "amount": self.amounts,
            "named": self.merchants,
            "distance_band": self.distances,
            "city_size": self.sizes,
        }

    @property
    def parameters(self) -> dict[str, str]:
        """Values of the placeholders in :attr:`where`."""
        found = {name: day.isoformat() for name, day in (("from_date", self.first), ("to_date", self.last)) if day}
        for column, values in self._choices.items():
            found |= {f"{column}_{number}": value for number, value in enumerate(values)}
        return found

    @property
    def where(self) -> str:
        """A WHERE clause over ``mart.purchase AS p``, or nothing; all values are placeholders."""
        terms = ["p.purchase_date >= CAST(:from_date AS DATE)"] if self.first else []
        terms += ["p.purchase_date <= CAST(:to_date AS DATE)"] if self.last else []
        for column, values in self._choices.items():
            if values:
                names = ", ".join(f":{column}_{number}" for number in range(len(values)))
                terms.append(_TERMS.get(column, f"p.{column} IN (NAMES)").replace("NAMES", names))
        return f"WHERE {' AND '.join(terms)}" if terms else ""

    @property
    def days(self) -> int | None:
        """How many days are in view, if both ends are known."""
        return (self.last - self.first).days + 1 if self.first and self.last else None

    def within(self, first: date | None, last: date | None) -> Filters:
        """The same, without the date bounds that the data have: all days ask one question, whatever arrives."""
        begin = None if self.first == first else self.first
        end = None if self.last == last else self.last
        return replace(self, first=begin, last=end)

    def described(self) -> str:
        """In words, such as ``2020-01-01 to 2020-01-31 (UTC); State: New York or Texas``."""
        several = {"State": self._named["state"], "Category": self._named["category"], "Gender": self._named["gender"]}
        several |= {
            "Age": self.ages,
            "Hour (UTC)": self.hours,
            "Amount (US dollars)": self.amounts,
            "Merchant": self.merchants,
        }
        several |= {"Distance from home (km)": self.distances, "Inhabitants of the town": self.sizes}
        days = f"{self.first or 'the first day'} to {self.last or 'the last day'} (UTC)"
        return "; ".join([days, *(f"{name}: {' or '.join(values)}" for name, values in several.items() if values)])

    def words(self) -> list[str]:
        """For a file's name."""
        days = [f"{self.first or 'first day'} to {self.last or 'last day'}"]
        return days + [value for values in self._named.values() for value in values]

    @property
    def _named(self) -> dict[str, tuple[str, ...]]:
        """The choices as the reader of the page sees them."""
        names: dict[str, Callable[[str], str]] = {"state": state_name, "category": category_name}
        names["gender"] = lambda code: GENDERS.get(code, code)
        return {key: tuple(map(names.get(key, str), values)) for key, values in self._choices.items()}
