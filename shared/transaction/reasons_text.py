"""What is wrong with one value that is text or a code, and what would be right."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any

from shared.transaction.echo import echo
from shared.transaction.forms import LONGEST_COMPOSITION, TEXT_COLUMNS, TEXT_LIMITS, fraud_label
from shared.transaction.ids import merchant_name
from shared.transaction.text import first_unstorable


def _free_text(column: str, limit: int) -> Callable[[str], str | None]:
    def reason(text: str) -> str | None:
        if (character := first_unstorable(text)) is not None:
            return f"holds {character}, a control or other character that no store takes: remove it"
        if len(text) > LONGEST_COMPOSITION * max(TEXT_LIMITS):
            return f"has {len(text)} characters: right are at most {limit}"
        text = merchant_name(text) if column == "merchant" else unicodedata.normalize("NFC", text)
        if not text:
            return "is empty but for the data set's prefix: right is the merchant's name"
        return f"has {len(text)} characters: right are at most {limit}" if len(text) > limit else None

    return reason


def _label(value: Any) -> str | None:
    try:
        fraud_label(value)
    except ValueError:
        return f"is {echo(value)}: right is 0, 1, true, false or empty"
    return None


def _form_alone(text: str) -> None:
    """Leave it to the model: what would be right says it all."""


TEXT_REASONS: dict[str, Callable[[Any], str | None]] = {
    **{column: _free_text(column, limit) for column, limit in zip(TEXT_COLUMNS, TEXT_LIMITS, strict=True)},
    "gender": _form_alone,
    "state": _form_alone,
    "is_fraud": _label,
}
