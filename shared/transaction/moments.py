"""Times as senders write them, brought into the one form that the pipeline has."""

from __future__ import annotations

from datetime import UTC, datetime


def utc(text: str) -> str:
    """Turn Kaggle's or ISO 8601's form into ``2020-06-21T12:14:25.000Z``; without a zone the time is taken as UTC.

    Raises ValueError if the day does not exist, OverflowError if its UTC time is beyond the year 9999.
    """
    moment = datetime.fromisoformat(text)
    if len(text) == 19:  # no fraction, no zone: as in the Kaggle file
        return f"{text[:10]}T{text[11:]}.000Z"
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return moment.isoformat(timespec="milliseconds") + "Z"
