"""Records that nobody can read, and what each must leave in quarantine."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random

from shared.transaction.schema import FIELDS

_NAMES = [field.name for field in FIELDS]
KINESIS_RECORD_BYTES = 1024 * 1024

Poison = Callable[[Random, bytes], bytes]


def _not_utf8(random: Random, good: bytes) -> bytes:
    return b"\xff\xfe" + random.randbytes(random.randint(1, 200)).replace(b"\n", b"") + b"\xff"


def _not_json(random: Random, good: bytes) -> bytes:
    return good[: random.randint(2, len(good) - 2)]


def _other_version(random: Random, good: bytes) -> bytes:
    return json.dumps([random.choice([0, 2, 99]), *json.loads(good)[1:]]).encode()


def _wrong_arity(random: Random, good: bytes) -> bytes:
    values = json.loads(good)
    return json.dumps(values[: random.randint(1, len(values) - 2)]).encode()


def _not_an_array(random: Random, good: bytes) -> bytes:
    return random.choice([b"{}", b"null", b"7", b'"text"', b'{"transaction_id": "1"}'])


def _wrong_type(random: Random, good: bytes) -> bytes:
    values = json.loads(good)
    at = 1 + random.choice([_NAMES.index("occurred_at"), _NAMES.index("amount")])  # the schema's version is first
    values[at] = random.choice(["soon", "", {"a": 1}])
    return json.dumps(values).encode()


def _one_mebibyte(random: Random, good: bytes) -> bytes:
    return b"[1," + b"7" * (KINESIS_RECORD_BYTES - 10)


def _deep(random: Random, good: bytes) -> bytes:
    return b"[" * random.randint(1_000, 100_000) + b"]" * 1_000


def _nul(random: Random, good: bytes) -> bytes:
    at = random.randint(1, len(good) - 1)
    return random.choice([b"\x00" * 40, good[:at] + b"\x00" + good[at:]])


KINDS: dict[str, Poison] = {
    "not UTF-8": _not_utf8,
    "not JSON": _not_json,
    "another version": _other_version,
    "wrong arity": _wrong_arity,
    "not an array": _not_an_array,
    "wrong type": _wrong_type,
    "1 MiB": _one_mebibyte,
    "deep nesting": _deep,
    "NUL bytes": _nul,
}


def make(kind: str, random: Random, good: bytes) -> bytes:
    """A record of one bad line, made of nothing or of a good line; without a newline."""
    return KINDS[kind](random, good)
