"""The form of a sender's row: which text each column may hold, and the quick check that nearly all rows pass.

Without pydantic, whose import takes as long as all the rest of a function: :mod:`shared.transaction.row` has the model.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from operator import itemgetter
from typing import Any

from shared.transaction.schema import DATE_FORM, FIELDS

TEXT_COLUMNS = ("merchant", "category", "first", "last", "street", "city", "job")
_LIMITS = {field.source: field.max_length for field in FIELDS}
TEXT_LIMITS = tuple(_LIMITS[column] or 0 for column in TEXT_COLUMNS)  # characters, after NFC
LONGEST_COMPOSITION = 4  # characters that NFC makes one, at most: so much longer may a text be before it

_FRAUD_LABELS: dict[Any, bool | None] = {
    None: None, "": None, 0: False, 1: True, "0": False, "1": True, "0.0": False, "1.0": True,
    "false": False, "true": True, "False": False, "True": True, "FALSE": False, "TRUE": True,
}  # fmt: skip

_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,3})?"
_ZONE = r"(?:Z|[+-](?:0[0-9]|1[0-4]):?[0-5][0-9])"
_DEGREES = r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?"
FORMS = {  # of trimmed text
    "trans_date_trans_time": f"{DATE_FORM}[ T]{_CLOCK}{_ZONE}?",
    "cc_num": "[0-9](?:[ -]?[0-9]){10,18}",
    "amt": r"[0-9]{1,10}(?:\.[0-9]{1,2})?",
    "gender": "[FM]",
    "state": "[A-Za-z]{2}",
    "zip": "(?:[0-9]{3,5}|[0-9]{5}-[0-9]{4})",
    "lat": _DEGREES,
    "long": _DEGREES,
    "city_pop": "[0-9]{1,10}",
    "dob": DATE_FORM,
    "merch_lat": _DEGREES,
    "merch_long": _DEGREES,
}
ID_FORM = "[A-Za-z0-9_-]{0,64}"
_USUAL = FORMS | {"cc_num": "[0-9]{11,19}"}
_USUAL |= dict.fromkeys(("lat", "long", "merch_lat", "merch_long"), r"-?[0-9]{1,3}\.[0-9]{1,6}")
_USUAL |= {
    column: rf"[!-~](?:[ -~]{{0,{limit - 2}}}[!-~])?" for column, limit in zip(TEXT_COLUMNS, TEXT_LIMITS, strict=True)
}
_CHECKED = (*TEXT_COLUMNS, *FORMS)
_checked_of = itemgetter(*_CHECKED)
_match_usual = re.compile("\n".join([*(_USUAL[column] for column in _CHECKED), ID_FORM])).fullmatch


def is_usual(row: Mapping[str, Any]) -> bool:
    """Tell whether a row is of the form that nearly all have: required columns all text, printable ASCII, trimmed.

    Coordinates have six decimals at most.

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
