"""Sets a damaged profile aside in quarantine, so that its card continues with a new one and its shard does not stop."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from fraud.serving.profiles import Damaged
from shared.errors import TransientError
from shared.sinks import quarantine
from shared.sinks.bucket import Bucket
from shared.sinks.consumer import Position, Unreadable
from shared.transaction.codec import BadLine

FUNCTION = "detect-fraud"


class Damage:
    """The quarantine, for items of the table of profiles."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def set_aside(self, damaged: Mapping[str, Damaged], first: Mapping[str, Position]) -> bool:
        """Keep damaged items, by card, under the position of their card's first record in the batch.

        Gives False if S3 cannot take them now. Raises ClientError on what no retry can fix.
        """
        kept = [
            Unreadable(first[card_id], number, BadLine(_as_json(one.item), f"profile of card {card_id}: {one.reason}"))
            for number, (card_id, one) in enumerate(sorted(damaged.items(), key=lambda pair: first[pair[0]]))
        ]
        try:
            quarantine.set_aside(self._bucket, FUNCTION, kept)
        except TransientError:
            return False
        return True


def _as_json(item: Mapping[str, Any]) -> bytes:
    """Give an item as DynamoDB's JSON, binary values as base64."""
    return json.dumps(item, sort_keys=True, default=lambda value: base64.b64encode(bytes(value)).decode()).encode()
