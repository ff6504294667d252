"""Sets damaged items of the detector's tables aside in quarantine, so that its shard does not stop."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from fraud.serving.damaged import Damaged
from shared.errors import TransientError
from shared.sinks import quarantine
from shared.sinks.bucket import Bucket
from shared.sinks.consumer import Position, Unreadable
from shared.transaction.codec import BadLine

FUNCTION = "detect-fraud"


class Damage:
    """The quarantine, for items of the table of profiles and of the risk table."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._kept: set[str] = set()  # keys of risk items that this container has set aside

    def set_aside(self, damaged: Mapping[str, Damaged], first: Mapping[str, Position]) -> bool:
        """Keep damaged items, by card, under the position of their card's first record in the batch.

        Gives False if S3 cannot take them now. Raises ClientError on what no retry can fix.
        """
        kept = [
            Unreadable(first[card_id], number, BadLine(_as_json(one.item), f"profile of card {card_id}: {one.reason}"))
            for number, (card_id, one) in enumerate(sorted(damaged.items(), key=lambda pair: first[pair[0]]))
        ]
        return self._put(kept)

    def keep_risks(self, damaged: Mapping[str, Damaged], first: Position) -> int | None:
        """Keep damaged risk items, by id; the detector does not write their table, so each batch may meet them again.

        An item is kept once per content and day. Gives how many this container had not kept yet, or None if S3 cannot
        take them now. Raises ClientError on what no retry can fix.
        """
        kept: dict[str, Unreadable] = {}
        for name, one in damaged.items():
            data = _as_json(one.item)
            sha = hashlib.sha256(data).hexdigest()[:16]
            if sha not in self._kept:
                position = Position(f"risk-{name}", sha, name, first.arrived_at)
                kept[sha] = Unreadable(position, 0, BadLine(data, one.reason))
        if not self._put(list(kept.values())):
            return None
        self._kept |= kept.keys()
        return len(kept)

    def _put(self, kept: list[Unreadable]) -> bool:
        try:
            quarantine.set_aside(self._bucket, FUNCTION, kept)
        except TransientError:
            return False
        return True


def _as_json(item: Mapping[str, Any]) -> bytes:
    """Give an item as DynamoDB's JSON, binary values as base64."""
    return json.dumps(item, sort_keys=True, default=lambda value: base64.b64encode(bytes(value)).decode()).encode()
