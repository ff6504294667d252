"""A mapping for a file whose columns have other names: from their names and values; a person has to confirm it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from client.files import checks
from client.files.convert import DATE, DOB, ISO, TIME
from client.files.mapping import Reading
from client.files.names import REQUIRED, api_name, may_be_row_number, plain_name
from client.files.row import Row
from shared.card_numbers.search import luhn_valid
from shared.transaction.schema import IGNORED_SOURCES

# Names seen in public data sets and exports, the likeliest first; compared as plain_name gives them.
SYNONYMS: dict[str, tuple[str, ...]] = {
    TIME: ("tx_datetime", "transaction_datetime", "trans_datetime", "datetime", "date_time", "timestamp", "occurred_at",
           "transaction_time", "transaction_date", "trans_date", "tx_time", "date", "time"),
    "cc_num": ("card_number", "cardnumber", "credit_card_number", "ccnum", "cc_number", "pan", "card_no", "card_num",
               "credit_card", "card"),
    "merchant": ("merchant_name", "merchantname", "merchant_id", "store", "shop", "payee", "vendor", "terminal_id",
                 "namedest"),
    "category": ("merchant_category", "merchant_category_code", "category_name", "mcc", "tx_type", "type"),
    "amt": ("amount", "amount_usd", "tx_amount", "transaction_amount", "trans_amount", "amount(usd)", "usd", "total",
            "price", "value", "amount_cents"),
    "first": ("first_name", "firstname", "given_name", "forename"),
    "last": ("last_name", "lastname", "surname", "family_name"),
    "gender": ("sex",),
    "street": ("address", "street_address", "address1"),
    "city": ("customer_city", "town"),
    "state": ("customer_state", "us_state", "region"),
    "zip": ("zip_code", "zipcode", "postal_code", "postcode"),
    "lat": ("latitude", "customer_lat", "cust_lat"),
    "long": ("longitude", "lon", "lng", "customer_long", "cust_long"),
    "city_pop": ("population", "city_population"),
    "job": ("occupation", "profession", "job_title"),
    "dob": ("date_of_birth", "birth_date", "birthdate", "birthday", "dateofbirth"),
    "trans_num": ("transaction_id", "transactionid", "trans_id", "tx_id", "txn_id", "transaction_number", "id"),
    "merch_lat": ("merchant_lat", "merchant_latitude"),
    "merch_long": ("merchant_long", "merchant_longitude", "merch_lon", "merchant_lon"),
    "is_fraud": ("is_fraud?", "isfraud", "fraud", "tx_fraud", "fraud_label", "class", "label", "target"),
}  # fmt: skip
_PEOPLE = ("customer_id", "client_id", "user_id", "user", "account_id", "account", "nameorig", "cardholder_id")
# For columns that a file lacks. They say nothing about anybody: whoever confirms the mapping sets better ones.
STAND_INS = {
    "merchant": "unknown merchant", "category": "unknown", "first": "Unknown", "last": "Unknown", "gender": "F",
    "street": "unknown", "city": "Unknown", "state": "DC", "zip": "20001", "lat": "38.9", "long": "-77.0",
    "city_pop": "1", "job": "unknown", "dob": "1970-01-01", "merch_lat": "38.9", "merch_long": "-77.0",
}  # fmt: skip
_YES = {"yes": "1", "no": "0", "y": "1", "n": "0", "fraud": "1", "genuine": "0", "legit": "0", "normal": "0"}


@dataclass
class Suggestion:
    """A mapping, why it is that, and what is not in the file."""

    reading: Reading
    reasons: list[str] = field(default_factory=list)
    stand_ins: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)  # that nothing can stand in for

    def toml(self, file: str) -> str:
        """The mapping file: the reasons as comments, then the mapping."""
        lines = [f"# How swipeline reads {file}. Suggested from names and values: check each line."]
        lines += [f"# {reason}" for reason in self.reasons]
        if self.stand_ins:
            lines.append(f"# Not in the file, so [constants] has stand-ins: {', '.join(self.stand_ins)}.")
        if self.missing:
            lines.append(f"# Not in the file, and nothing can stand in: {', '.join(self.missing)}.")
        return "\n".join([*lines, "", self.reading.toml()])


def suggest(columns: Sequence[str], head: Sequence[Row], base: Reading) -> Suggestion:
    """Propose a mapping for the columns that the API does not know; `base` has what is settled."""
    plain = [plain_name(name) for name in columns]
    values = {name: _values(index, head) for index, name in enumerate(columns)}
    settled = {*base.columns, *base.constants, *base.stand_ins}
    named = {name: target for name in columns if (target := api_name(name)) and _fits(target, values[name])}
    have = {*named.values(), *settled}
    found: dict[str, str] = dict(base.columns)
    reasons, formats = [], dict(base.formats)
    used = {*named, *base.sources()}
    stand_ins = dict(base.stand_ins)
    if TIME not in have and (made := _from_parts(columns, plain)):
        found[TIME], form = made
        used |= {name for name in columns if "{" + name in found[TIME]}
        formats |= {TIME: form} if form else {}
        reasons.append(f"{TIME} is put together from several columns")
    for target, names in SYNONYMS.items():
        if target in have or target in found:
            continue
        fits = [name for wanted in names for name, one in zip(columns, plain, strict=True) if one == wanted]
        name = next((one for one in fits if one not in used and _fits(target, values[one])), None)
        if name is not None:
            found[target] = name
            used.add(name)
            reasons.append(f"{target} is {name!r}, by its name and values")
    step = next((name for name, one in zip(columns, plain, strict=True) if one == "step"), "")
    if step and TIME not in {*have, *found}:
        found[TIME], formats[TIME] = step, "hours since 2020-01-01"
        used.add(step)
        reasons.append(f"{TIME} is {step!r}, taken as hours since a day that has to be set")
    if "cc_num" not in {*have, *found}:
        _card(columns, plain, values, used, found, stand_ins, reasons)
    if (name := found.get("merchant", "")) and all(re.fullmatch(r"-?\d{12,}", text) for text in values.get(name, ())):
        del found["merchant"]
        stand_ins["merchant"] = f"{{{name}}}"
        reasons.append(f"{name!r} holds numbers as long as card numbers, which no text may: merchants get other names")
    fraud = found.get("is_fraud") or next((name for name in columns if api_name(name) == "is_fraud"), "")
    labels = {text: _YES[text.lower()] for text in values.get(fraud, ()) if text.lower() in _YES}
    written = [found.get(name, "") for name in (TIME, DOB)]
    dates = _dates([(at, text) for name in written for at, text in enumerate(values.get(name, ()))])
    missing = [name for name in REQUIRED if name not in {*have, *found, *stand_ins}]
    constants = {name: STAND_INS[name] for name in missing if name in STAND_INS}
    drop = [
        name for name in columns
        if name not in used and plain_name(name) not in IGNORED_SOURCES and name.strip() and not may_be_row_number(name)
    ]  # fmt: skip
    reading = Reading(
        columns=found,
        constants=constants,
        stand_ins=stand_ins,
        formats=formats,
        values={"is_fraud": labels} if labels else {},
        drop=tuple(drop),
        dates=dates,
        amount_unit="cents" if "cent" in found.get("amt", "").lower() else None,
    ).over(base)
    return Suggestion(reading, reasons, list(constants), [name for name in missing if name not in STAND_INS])


def _values(index: int, head: Sequence[Row]) -> list[str]:
    found = [row.cells[index] for row in head[:2_000] if row.problem is None and index < len(row.cells)]
    return [text.strip() for text in found if text is not None and text.strip()]


def _fits(target: str, values: Sequence[str]) -> bool:
    """Whether most values have the form of a column; texts have any."""
    forms = {
        TIME: lambda text: bool(ISO.match(text) or DATE.fullmatch(text)),
        DOB: lambda text: bool(ISO.match(text) or DATE.fullmatch(text)),
        "cc_num": lambda text: bool(re.fullmatch(r"\d[\d -]{10,22}", text)),
        "amt": lambda text: bool(re.fullmatch(r"[-$€ ]*[\d.,]+(?:\s*USD)?", text)),
        "gender": lambda text: text in ("F", "M"),
        "zip": lambda text: bool(re.fullmatch(r"\d{3,5}(?:-\d{4})?", text)),
        "is_fraud": lambda text: text.lower() in {*_YES, "0", "1", "true", "false", "0.0", "1.0"},
        "city_pop": lambda text: text.isdecimal(),
    }
    degrees = ("lat", "long", "merch_lat", "merch_long")
    form = forms.get(target) or ((lambda text: bool(re.fullmatch(r"-?[\d.,]+", text))) if target in degrees else None)
    return form is None or not values or sum(map(form, values)) >= 0.9 * len(values)


def _from_parts(columns: Sequence[str], plain: Sequence[str]) -> tuple[str, str] | None:
    """A time from the columns year, month, day and time, or from date and time."""
    at = {name: columns[index] for index, name in enumerate(plain)}
    if all(part in at for part in ("year", "month", "day", "time")):
        return f"{{{at['year']}}}-{{{at['month']}:2}}-{{{at['day']}:2}} {{{at['time']}}}", "%Y-%m-%d %H:%M"
    if "date" in at and "time" in at:
        return f"{{{at['date']}}} {{{at['time']}}}", ""
    return None


def _card(
    columns: Sequence[str],
    plain: Sequence[str],
    values: dict[str, list[str]],
    used: set[str],
    found: dict[str, str],
    stand_ins: dict[str, str],
    reasons: list[str],
) -> None:
    """A column of numbers with check digits, else an id to make stand-in numbers from."""
    for name in columns:
        numbers = [text for text in values[name] if re.fullmatch(r"\d{13,19}", text)]
        if name in used or not numbers or len(numbers) < len(values[name]):
            continue
        if sum(map(luhn_valid, numbers)) > 0.5 * len(numbers):
            found["cc_num"] = name
            used.add(name)
            reasons.append(f"cc_num is {name!r}, by the check digits of its values")
            return
    ids = [name for wanted in _PEOPLE for name, one in zip(columns, plain, strict=True) if one == wanted]
    if ids:
        card = [name for name, one in zip(columns, plain, strict=True) if one in ("card", "card_id", "card_index")]
        parts = [*ids[:1], *card[:1]]
        stand_ins["cc_num"] = "-".join(f"{{{name}}}" for name in parts)
        used.update(parts)
        reasons.append(f"the file has no card numbers: stand-ins of 19 digits are made from {' and '.join(parts)}")


def _dates(values: Sequence[tuple[int, str]]) -> str | None:
    orders = checks.check_dates(TIME, values, Reading()).dates
    return orders.get(TIME)
