"""What each call of the API does: parameters in, rows and a cursor out. Knows neither HTTP nor AWS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from shared.query.cursor import CursorError, seal, unseal
from shared.query.reader import Asked, Found
from shared.query.refusal import RefusalError, bad
from shared.query.shape import merchant_to_json, to_json
from shared.query.window import Window, read_window
from shared.sinks.item import Item
from shared.transaction.ids import card_id, merchant_id
from shared.transaction.text import first_unstorable


class ReaderPort(Protocol):
    """The tables: :class:`shared.query.reader.Reader`."""

    def transactions(self, asked: Asked, limit: int, position: list[str] | None) -> Found:
        """Give a page of transactions."""

    def transaction(self, transaction_id: str) -> Item | None:
        """Give one, or None."""

    def merchants(self, prefix: str, limit: int, position: list[str] | None) -> Found:
        """Give a page of merchants."""

    def check(self) -> None:
        """Raise TransientError if the table does not answer."""


class CardKeyPort(Protocol):
    """The key of the card ids: :class:`shared.card_key.CardKey`."""

    def get(self) -> bytes:
        """Give the key, or raise TransientError."""


class Paging(NamedTuple):
    """What the calls that list transactions have in common."""

    begin: str | None = None
    end: str | None = None
    limit: int = 100
    order: str = "newest"
    cursor: str | None = None


class Counts(NamedTuple):
    """Items read from DynamoDB, and rows given, of one call."""

    read: int = 0
    given: int = 0


class Queries:
    """The API's reading operations. All raise RefusalError, or TransientError when a store is away."""

    def __init__(self, reader: ReaderPort, card_key: CardKeyPort) -> None:
        self._reader, self._card_key = reader, card_key
        self.counts = Counts()

    def of_card(self, token: str, paging: Paging) -> dict[str, Any]:
        """Give transactions of a card id."""
        return self._page("card", token, paging)

    def of_card_number(self, number: str, paging: Paging) -> dict[str, Any]:
        """Give transactions of a card number; it goes no further than this line."""
        return self._page("card", card_id(self._key(), number), paging)

    def of_merchant(self, name: str, paging: Paging) -> dict[str, Any]:
        """Give transactions of a merchant, by its name with or without the data set's prefix."""
        _require_storable("merchant", name)
        return self._page("merchant", merchant_id(name), paging)

    def transaction(self, transaction_id: str) -> dict[str, Any]:
        """Give one transaction."""
        item = self._reader.transaction(transaction_id)
        if item is None:
            raise RefusalError(404, "there is no transaction of this id")
        self.counts = Counts(1, 1)
        return to_json(item)

    def merchants(self, prefix: str, limit: int, cursor: str | None) -> dict[str, Any]:
        """Give merchants whose name starts so."""
        _require_storable("prefix", prefix)
        query = ["merchants", prefix]
        found = self._reader.merchants(prefix, limit, self._open(query, cursor))
        rows = [merchant_to_json(item) for item in found.items]
        self.counts = Counts(found.read, len(rows))
        return {"merchants": rows, "next_cursor": self._seal(query, found.position)}

    def health(self) -> dict[str, Any]:
        """Say that the function runs, and the table answers it."""
        self._reader.check()
        return {"status": "ok"}

    def _page(self, kind: str, of: str, paging: Paging) -> dict[str, Any]:
        asked = Asked(kind, of, _window(paging), paging.order == "newest")
        found = self._reader.transactions(asked, paging.limit, self._open(asked.words(), paging.cursor))
        rows = [to_json(item) for item in found.items]
        self.counts = Counts(found.read, len(rows))
        return {"transactions": rows, "next_cursor": self._seal(asked.words(), found.position)}

    def _key(self) -> bytes:
        return self._card_key.get()

    def _open(self, query: Sequence[str], cursor: str | None) -> list[str] | None:
        if cursor is None:
            return None
        try:
            return unseal(self._key(), query, cursor)
        except CursorError:
            raise bad("cursor", "is not one that this query has issued: leave it out to start anew") from None

    def _seal(self, query: Sequence[str], position: list[str] | None) -> str | None:
        return None if position is None else seal(self._key(), query, position)


def _window(paging: Paging) -> Window:
    try:
        return read_window(paging.begin, paging.end)
    except ValueError as error:
        raise bad(*error.args) from None


def _require_storable(field: str, text: str) -> None:
    """Refuse what no name holds and DynamoDB cannot be asked for, such as half a surrogate pair."""
    character = first_unstorable(text)
    if character:
        raise bad(field, f"holds {character}, which no name does")
