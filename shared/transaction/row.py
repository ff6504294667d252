"""The pydantic model of a sender's row: of what the API and the Kaggle files carry."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from shared.transaction.forms import FORMS, ID_FORM, LONGEST_COMPOSITION, TEXT_LIMITS
from shared.transaction.text import UNSTORABLE_RUST


def _form(column: str) -> Any:
    return Field(pattern=f"^{FORMS[column]}$")  # Rust's ^ and $: the ends of the text, never of a line


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
    trans_num: Annotated[str | None, Field(pattern=f"^{ID_FORM}$", coerce_numbers_to_str=True)] = None
    is_fraud: Any = None
