"""The form of a sender's row: the pydantic model of what the API and the Kaggle files carry."""

from __future__ import annotations

import re
from collections.abc import Mapping
from operator import itemgetter
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from shared.transaction.schema import FIELDS
from shared.transaction.text import UNSTORABLE_RUST

MAX_INTEGER = 2**31 - 1  # Redshift's INTEGER
TEXT_COLUMNS = ("merchant", "category", "first", "last", "street", "city", "job")
_LIMITS = {field.source: field.max_length for field in FIELDS}
TEXT_LIMITS = tuple(_LIMITS[column] or 0 for column in TEXT_COLUMNS)  # characters, after NFC
LONGEST_COMPOSITION = 4  # characters that NFC makes one, at most: so much longer may a text be before it

_FRAUD_LABELS: dict[Any, bool | None] = {
    None: None, "": None, 0: False, 1: True, "0": False, "1": True, "0.0": False, "1.0": True,
    "false": False, "true": True, "False": False, "True": True, "FALSE": False, "TRUE": True,
}  # fmt: skip

_DATE = r"(?:19|[2-9][0-9])[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,3})?"
_ZONE = r"(?:Z|[+-](?:0[0-9]|1[0-4]):?[0-5][0-9])"
_DEGREES = r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?"
_FORMS = {  # of trimmed text
    "trans_date_trans_time": f"{_DATE}[ T]{_CLOCK}{_ZONE}?",
    "cc_num": "[0-9](?:[ -]?[0-9]){10,18}",
    "amt": r"[0-9]{1,10}(?:\.[0-9]{1,2})?",
    "gender": "[FM]",
    "state": "[A-Za-z]{2}",
    "zip": "(?:[0-9]{3,5}|[0-9]{5}-[0-9]{4})",
    "lat": _DEGREES,
    "long": _DEGREES,
    "city_pop": "[0-9]{1,10}",
    "dob": _DATE,
    "merch_lat": _DEGREES,
    "merch_long": _DEGREES,
}
_ID = "[A-Za-z0-9_-]{0,64}"


def _form(column: str) -> Any:
    return Field(pattern=f"^{_FORMS[column]}$")  # Rust's ^ and $: the ends of the text, never of a line


# NFC takes quadratic time on a long run of combining characters, hence a bound before it, too.
_Text = Annotated[str, Field(pattern=f"^[^{UNSTORABLE_RUST}]+$", max_length=LONGEST_COMPOSITION * max(TEXT_LIMITS))]
_Number = Annotated[str, Field(coerce_numbers_to_str=True)]  # a CSV cell or a JSON number: the same digits


class TransactionIn(BaseModel):
    """A row as senders send it, named as the columns of the Kaggle file; from CSV text or from JSON values.

    It checks the form of each value; :mod:`shared.transaction.model` checks what the values mean, and the columns.
    Its error messages are for us: :mod:`shared.transaction.explain` has those for senders.
    """

    model_config = ConfigDict(str_strip_whitespace=True, hide_input_in_errors=True)

    trans_date_trans_time: Annotated[str, _form("trans_date_trans_time")]
    cc_num: Annotated[_Number, _form("cc_num")]
    merchant: _Text
    category: _Text
    amt: Annotated[_Number, _form("amt")]
    first: _Text
    last: _Text
    gender: Annotated[str, _form("gender")]
    street: _Text
    city: _Text
    state: Annotated[str, _form("state")]
    zip: Annotated[_Number, _form("zip")]
    lat: Annotated[_Number, _form("lat")]
    long: Annotated[_Number, _form("long")]
    city_pop: Annotated[_Number, _form("city_pop")]
    job: _Text
    dob: Annotated[str, _form("dob")]
    merch_lat: Annotated[_Number, _form("merch_lat")]
    merch_long: Annotated[_Number, _form("merch_long")]
    trans_num: Annotated[str | None, Field(pattern=f"^{_ID}$", coerce_numbers_to_str=True)] = None
    is_fraud: Any = None


_USUAL = _FORMS | {"cc_num": "[0-9]{11,19}"}
_USUAL |= {
    column: rf"[!-~](?:[ -~]{{0,{limit - 2}}}[!-~])?" for column, limit in zip(TEXT_COLUMNS, TEXT_LIMITS, strict=True)
}
_CHECKED = (*TEXT_COLUMNS, *_FORMS)
_checked_of = itemgetter(*_CHECKED)
_match_usual = re.compile("\n".join([*(_USUAL[column] for column in _CHECKED), _ID])).fullmatch


def is_usual(row: Mapping[str, Any]) -> bool:
    """Tell whether a row is of the form that nearly all have: required columns all text, printable ASCII, trimmed.

    One match of all values at once is a third of the model's price. What it takes, the model would leave as it is.
    """
    trans_num = row.get("trans_num")
    try:
        return _match_usual("\n".join((*_checked_of(row), "" if trans_num is None else trans_num))) is not None
    except (KeyError, TypeError):  # a column is missing, or is no text
        return False


def fraud_label(value: Any) -> bool | None:
    """Read ``is_fraud``: 0 or 1, true or false, as text or as JSON, or nothing. Raises ValueError on anything else."""
    try:
        return _FRAUD_LABELS[value.strip() if isinstance(value, str) else value]
    except (KeyError, TypeError):  # TypeError: a list or an object
        raise ValueError("not a label") from None
