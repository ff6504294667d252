"""The model's file: loading it, refusing a wrong one, scoring rows. Needs the standard library only.

The file is JSON (written by :mod:`fraud.train`): trees, the features' tables, the threshold, the names
and version of the features it was trained with, and a fixture of transactions of an invented card with the scores they
must get. It begins with the SHA-256 of all that follows it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from math import exp
from pathlib import Path
from typing import Any

from fraud.contributions import Explainer
from fraud.event import DAY, event_of
from fraud.features import COLUMNS, FEATURE_VERSION, FEATURES, Row, Tables, features
from fraud.profile import Profile
from fraud.risk import NONE, Fraud, Risk
from fraud.trees import compile_trees
from shared.transaction.schema import Transaction

FORMAT = 2
SHIPPED = Path(__file__).parent / "models" / "swipeline.json"
_PREFIX = b'{"sha256":"'
_HASH_END = len(_PREFIX) + 64
FIXTURE_FIELDS = ("transaction_id", "occurred_at", "category", "amount", "gender", "date_of_birth")
TOLERANCE = 1e-9  # of the fixture's scores: exp and log may differ in the last bit between C libraries


class ModelError(ValueError):
    """The file is not a model this code can serve."""


class Model:
    """A model ready to score: ``tables`` for the features, ``threshold`` for alerts, ``about`` where it is from."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        """Take the parsed file.

        Raises
        ------
        ModelError
            If it is of another format or feature version, or does not give its fixture's scores.

        """
        _expect("format", document.get("format"), FORMAT)
        _expect("feature version", document.get("feature_version"), FEATURE_VERSION)
        _expect("features", document.get("features"), list(FEATURES))
        try:
            self._take(document)
        except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
            if isinstance(error, ModelError):
                raise
            raise ModelError(f"the model's file is incomplete or malformed: {error}") from error

    def _take(self, document: Mapping[str, Any]) -> None:
        self.version: str = document["version"]
        self.threshold: float = document["threshold"]
        if (
            isinstance(self.threshold, bool)
            or not isinstance(self.threshold, int | float)
            or not 0 <= self.threshold <= 1
        ):
            raise ValueError("the threshold is not a number from 0 to 1")
        self.reference: Mapping[str, Any] = document["reference"]  # what fraud.drift compares with
        for name in (*FEATURES, "score"):
            if len(self.reference[name]["shares"]) != len(self.reference[name]["edges"]) + 1:
                raise ValueError(f"the reference of {name} has not one share more than edges")
        self.about: Mapping[str, Any] = document["about"]
        self.tables = Tables(tuple(document["tables"]["evidence"]), tuple(document["tables"]["usual"]))
        self.tables.check()
        self.trees: Sequence[Any] = document["trees"]  # as fraud.trees describes them
        self._raw = compile_trees(self.trees, len(FEATURES), len(COLUMNS))
        fixture = document["fixture"]
        got = self.score(fixture_rows(fixture["transactions"], self.tables))
        off = max((abs(a - b) for a, b in zip(got, fixture["scores"], strict=True)), default=1.0)
        if off > TOLERANCE:
            raise ModelError(f"the scores of the model's fixture are off by {off:.3g}: features or trees have changed")

    @cached_property
    def explainer(self) -> Explainer:
        """What each feature contributed to a score."""
        return Explainer(self.trees, len(FEATURES))

    def raw(self, rows: Sequence[Row]) -> list[float]:
        """Log-odds of fraud of rows of ``COLUMNS``, equal to LightGBM's ``predict(..., raw_score=True)``."""
        return self._raw(rows)

    def score(self, rows: Sequence[Row]) -> list[float]:
        """Probability of fraud, 0 to 1, of rows of ``COLUMNS``, equal to LightGBM's ``predict``."""
        return [1.0 / (1.0 + exp(-raw)) for raw in self._raw(rows)]


def load(path: Path = SHIPPED) -> Model:
    """Read a model's file.

    Raises
    ------
    ModelError
        If it is damaged, or not one that this code can serve.

    """
    return parse(path.read_bytes())


def parse(data: bytes) -> Model:
    """Read the bytes of a model's file; raises as :func:`load`."""
    if not data.startswith(_PREFIX) or len(data) < _HASH_END:
        raise ModelError(f"a model's file begins with {_PREFIX.decode()}, this one with {data[:16]!r}")
    recorded, found = data[len(_PREFIX) : _HASH_END].decode("ascii", "replace"), _digest(data[_HASH_END:])
    if recorded != found:
        raise ModelError(f"the model's file is damaged: its hash is {found}, it says {recorded}")
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ModelError("the model's file is not JSON that can be read") from error
    if not isinstance(document, dict):
        raise ModelError("the model's file is not a JSON object")
    return Model(document)


def serialize(document: Mapping[str, Any]) -> bytes:
    """The bytes of a model's file, hash first."""
    rest = b'",' + json.dumps(document, separators=(",", ":")).encode()[1:] + b"\n"
    return _PREFIX + _digest(rest).encode() + rest


def fixture_rows(transactions: Sequence[Sequence[str]], tables: Tables) -> list[Row]:
    """The rows of a fixture's transactions (``FIXTURE_FIELDS``), taken as one card's at one merchant, in order.

    Of every third nothing of card and merchant is known; of the next one something bad is.
    """
    profile, rows = Profile(), []
    for number, values in enumerate(transactions):
        event = event_of(_transaction(dict(zip(FIXTURE_FIELDS, values, strict=True))))
        card, merchant = ((None, None), (NONE, NONE), _known(event.at))[number % 3]
        rows.append(features(profile, event, tables, card, merchant))
        profile.add(event)
    return rows


def _known(at: int) -> tuple[Risk, Risk]:
    """A card with one fraud yesterday, and a merchant with three within three weeks."""
    card, merchant = Risk(), Risk()
    card.mark(Fraud(at - DAY, at - 3600, 1, plain=False))
    for days in (1, 9, 20):
        merchant.mark(Fraud(at - days * DAY, at - 3600, days, plain=True))
    merchant.count({at // DAY - days: 2 + days % 3 for days in range(40)})
    return card, merchant


def _transaction(values: Mapping[str, str]) -> Transaction:
    blank: dict[str, Any] = dict.fromkeys(Transaction._fields, "")
    return Transaction(**(blank | dict(values) | {"amount": Decimal(values["amount"])}))


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _expect(what: str, got: object, expected: object) -> None:
    if got != expected:
        raise ModelError(f"the model's {what} is {got!r}, this code serves {expected!r}")
