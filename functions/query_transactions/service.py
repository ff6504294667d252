"""What each call of the API does: parameters in, rows and a cursor out. Knows neither HTTP nor AWS."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from functions.query_transactions.cursor import CardKeyPort, Cursors
from functions.query_transactions.pager import Found
from functions.query_transactions.reader import Asked
from functions.query_transactions.refusal import RefusalError, bad
from functions.query_transactions.shape import UNREADABLE, merchant_to_json, shown, to_json
from shared.sinks.item import Item
from shared.transaction.ids import merchant_id
from shared.transaction.kinds import first_unstorable
from shared.window import Window, read_window


class ReaderPort(Protocol):
    """The tables: :class:`functions.query_transactions.reader.Reader`."""

    def transactions(self, asked: Asked, limit: int, position: list[str] | None) -> Found:
        """Give a page of transactions."""

    def transaction(self, transaction_id: str) -> Item | None:
        """Give one, or None."""

    def merchants(self, prefix: str, limit: int, position: list[str] | None) -> Found:
        """Give a page of merchants."""

    def check(self) -> None:
        """Raise TransientError if the table does not answer."""


class Paging(NamedTuple):
    """What the calls that list transactions have in common."""

    begin: str | None = None
    end: str | None = None
    limit: int = 100
    order: str = "newest"
    cursor: str | None = None


class Counts(NamedTuple):
    """Of one call: items read from DynamoDB, rows given, and items left out since somebody changed them."""

    read: int = 0
    given: int = 0
    damaged: int = 0

    def by_metric(self) -> dict[str, int]:
        """Give the counts by metric; no damage is no metric, which would cost by being there."""
        found = {"ItemsRead": self.read, "ItemsReturned": self.given}
        return found | ({"ItemsDamaged": self.damaged} if self.damaged else {})

    def plus(self, more: Counts) -> Counts:
        """Give the sums."""
        return Counts(self.read + more.read, self.given + more.given, self.damaged + more.damaged)


class Queries:
    """The API's reading operations. All raise RefusalError, or TransientError when a store is unavailable."""

    def __init__(self, reader: ReaderPort, card_key: CardKeyPort) -> None:
        self._reader, self._card_key, self._cursors = reader, card_key, Cursors(card_key)
        self.counts = Counts()

    def of_card(self, token: str, paging: Paging) -> dict[str, Any]:
        """Give transactions of a card id."""
        return self._page("card", (token,), paging)

    def of_card_number(self, number: str, paging: Paging) -> dict[str, Any]:
        """Give transactions of a card number, under all keys there were; it goes no further than this line."""
        return self._page("card", tuple(self._card_key.get().card_ids(number)), paging)

    def of_merchant(self, name: str, paging: Paging) -> dict[str, Any]:
        """Give transactions of a merchant, by its name with or without the data set's prefix."""
        require_storable("merchant", name)
        return self._page("merchant", (merchant_id(name),), paging)

    def transaction(self, transaction_id: str) -> dict[str, Any]:
        """Give one transaction."""
        item = self._reader.transaction(transaction_id)
        if item is None:
            raise RefusalError(404, "no transaction has this ID")
        self.counts = Counts(1, 1)
        try:
            return to_json(item)
        except UNREADABLE:
            raise RefusalError(409, "the stored transaction cannot be read: repair it first") from None

    def merchants(self, prefix: str, limit: int, cursor: str | None) -> dict[str, Any]:
        """Give merchants whose name starts so."""
        require_storable("prefix", prefix)
        query = ["merchants", prefix]
        found = self._reader.merchants(prefix, limit, self._cursors.open(query, cursor))
        rows = shown(found.items, merchant_to_json)
        self.counts = Counts(found.read, len(rows), len(found.items) - len(rows))
        return {"merchants": rows, "next_cursor": self._cursors.seal(query, found.position)}

    def health(self) -> dict[str, Any]:
        """Say that the function runs, and the table answers it."""
        self._reader.check()
        return {"status": "ok"}

    def _page(self, kind: str, of: tuple[str, ...], paging: Paging) -> dict[str, Any]:
        asked = Asked(kind, of, window(paging.begin, paging.end), paging.order == "newest")
        found = self._reader.transactions(asked, paging.limit, self._cursors.open(asked.words(), paging.cursor))
        rows = shown(found.items, to_json)
        self.counts = Counts(found.read, len(rows), len(found.items) - len(rows))
        return {"transactions": rows, "next_cursor": self._cursors.seal(asked.words(), found.position)}


def window(begin: str | None, end: str | None) -> Window:
    """Read the bounds of a window. Raises RefusalError."""
    try:
        return read_window(begin, end)
    except ValueError as error:
        raise bad(*error.args) from None


def require_storable(field: str, text: str) -> None:
    """Refuse what no name holds and DynamoDB cannot be asked for, such as half a surrogate pair."""
    character = first_unstorable(text)
    if character:
        raise bad(field, f"holds {character}, which no name does")
