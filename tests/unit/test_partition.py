"""A card's partition decides its shard, hence the order of its transactions."""

from __future__ import annotations

from collections import Counter

import pytest

from shared.stream.partition import PARTITIONS, partition_key
from shared.transaction.ids import card_id


def test_a_card_always_has_the_same_partition():
    assert partition_key("00000021" + "f" * 24) == partition_key("00000021" + "0" * 24) == "01"


def test_a_partition_key_has_two_digits():
    assert partition_key("0" * 32) == "00"
    assert partition_key("0000001f" + "0" * 24) == "31"


def test_cards_spread_evenly_over_all_partitions():
    cards = 32_000
    counts = Counter(partition_key(card_id(b"key", f"{4_000_000_000_000_000 + n}")) for n in range(cards))
    assert len(counts) == PARTITIONS
    assert max(counts.values()) < 1.2 * cards / PARTITIONS


def test_what_is_no_card_id_has_no_partition():
    with pytest.raises(ValueError, match="invalid literal"):
        partition_key("4111-1111")
