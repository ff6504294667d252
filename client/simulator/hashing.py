"""Hashes by the row for whole columns: stable picks, and transaction numbers that cannot repeat."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Words = npt.NDArray[np.uint64]

_HEX = np.array([f"{i:02x}".encode() for i in range(256)], dtype="S2")


def mix(words: Words) -> Words:
    """SplitMix64's finaliser (Steele, Lea, Flood 2014): a bijection of 64-bit words that looks random."""
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


def hex_ids(key: int, index: npt.NDArray[np.int64]) -> pa.Array:
    """32 hex digits per index, different for each index of a key, and for different keys by 64 bits of chance."""
    words = index.astype(np.uint64)
    high = mix(words * np.uint64(0x9E3779B97F4A7C15) + np.uint64(key))  # a bijection of the index: no repeats
    low = mix(high ^ mix(words + np.uint64(key ^ 0xD1B54A32D192ED03)))
    raw = np.stack([high, low], axis=1).astype(">u8").view(np.uint8)
    text = np.ascontiguousarray(_HEX[raw]).tobytes()
    offsets = np.arange(len(index) + 1, dtype=np.int32) * 32
    return pa.StringArray.from_buffers(len(index), pa.py_buffer(offsets), pa.py_buffer(text))
