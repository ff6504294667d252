"""The day's counts of features and scores by bin, in DynamoDB: added up batch by batch, read by the daily measure.

An item per day of arrival, model and shard, with a number for each bin that anything fell into. Adding is not
idempotent, so it is done after the profiles are written: a kill in between loses a batch's counts, and none is counted
twice. Shares do not mind a batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, timedelta
from decimal import Decimal
from typing import Any, Protocol

from fraud.drift import Drift
from fraud.features import FEATURES
from fraud.model import Model
from fraud.scoring import Scored
from shared.aws import error_code, is_transient, pages
from shared.sinks.consumer import Position

KEPT_DAYS = 400  # so that a year can be compared with the one before
_NAMES = (*FEATURES, "score")


class DriftClient(Protocol):
    """The part of boto3's DynamoDB client that is used here."""

    def update_item(self, **parameters: Any) -> dict[str, Any]:
        """Change one item."""

    def query(self, **parameters: Any) -> dict[str, Any]:
        """Give items of one partition."""


class DriftCounts:
    """The table of counts."""

    def __init__(self, client: DriftClient, name: str) -> None:
        self._client, self._name = client, name

    def add(self, model: Model, scored: Sequence[Scored], first: Position) -> bool:
        """Add the rows of a batch, at least one, to the day on which its first record arrived.

        Gives False if the table does not answer, or its item is damaged: scoring continues.

        Raises ClientError on terminal errors.
        """
        drift = Drift(model.reference)
        drift.add((one.row for one in scored), (one.score for one in scored))
        names, values = _numbers(drift.counts)
        day = first.arrived_at.astimezone(UTC)
        expires = int((day + timedelta(days=KEPT_DAYS)).timestamp())
        try:
            self._client.update_item(
                TableName=self._name,
                Key={"day": {"S": day.date().isoformat()}, "part": {"S": f"{model.version}#{first.shard_id}"}},
                UpdateExpression="SET expires_at = :expires ADD " + ", ".join(f"#{n} :{n}" for n in range(len(names))),
                ExpressionAttributeNames={f"#{n}": name for n, name in enumerate(names)},
                ExpressionAttributeValues={":expires": {"N": str(expires)}}
                | {f":{n}": {"N": str(value)} for n, value in enumerate(values)},
            )
        except Exception as error:
            # An item of another type takes no count: detection continues without it, and the batch counts as uncounted.
            if not is_transient(error) and error_code(error) != "ValidationException":
                raise
            return False
        return True

    def read(self, model: Model, day: str) -> Drift:
        """Give the counts of a day (2026-11-24) that were made with this model, of all shards together."""
        drift = Drift(model.reference)
        for page in pages(
            self._client.query,
            TableName=self._name,
            KeyConditionExpression="#day = :day AND begins_with(part, :model)",
            ExpressionAttributeNames={"#day": "day"},
            ExpressionAttributeValues={":day": {"S": day}, ":model": {"S": f"{model.version}#"}},
        ):
            for item in page["Items"]:
                drift.merge(_counts(drift.counts, item))
        return drift


def _numbers(counts: Mapping[str, Sequence[int]]) -> tuple[list[str], list[int]]:
    """Give attribute names, as `amount.3` for the fourth bin, and values; of the bins with anything in them."""
    pairs = [(f"{name}.{n}", count) for name in _NAMES for n, count in enumerate(counts[name]) if count]
    return [name for name, _ in pairs], [count for _, count in pairs]


def _counts(like: Mapping[str, Sequence[int]], item: Mapping[str, Any]) -> dict[str, list[int]]:
    """Give an item's counts, with as many bins as the others have; what is no number, by hand, counts as none."""
    return {
        name: [int(Decimal(item.get(f"{name}.{n}", {}).get("N", "0"))) for n in range(len(bins))]
        for name, bins in like.items()
    }
