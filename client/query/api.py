"""The reading API as the command line uses it: pages, one after the other, and errors in one line."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import requests

from client.errors import ClientError

PAGE = 1000
ATTEMPTS = 4
UNAVAILABLE = frozenset({429, 500, 502, 503, 504})


class Question(NamedTuple):
    """What is looked for: exactly one of card id, card number and merchant; and when."""

    card_id: str | None = None
    card_number: str | None = None
    merchant: str | None = None
    begin: str | None = None
    end: str | None = None
    newest_first: bool = True

    def paging(self) -> dict[str, Any]:
        """Give the parameters that every form of the question has."""
        given = {"from": self.begin, "to": self.end, "order": "newest" if self.newest_first else "oldest"}
        return {name: value for name, value in given.items() if value is not None}


class Page(NamedTuple):
    """Some transactions, and the cursor of those after them."""

    transactions: list[dict[str, Any]]
    cursor: str | None


class ReadApi:
    """A stage's reading API. ``trust_environment``: whether the person's proxy settings are for it."""

    def __init__(
        self, url: str, key: str, *, trust_environment: bool = True, auth: requests.auth.AuthBase | None = None
    ) -> None:
        self._url = url
        self._session = requests.Session()
        self._session.trust_env, self._session.auth = trust_environment, auth
        self._session.headers["x-api-key"] = key

    def page(self, question: Question, limit: int, cursor: str | None) -> Page:
        """Give one page. Raises ClientError with what the API says."""
        asked = question.paging() | {"limit": limit} | ({"cursor": cursor} if cursor else {})
        if question.card_number is not None:
            asked["card_number"] = question.card_number
            answer = self._ask("POST", "/transactions/search", json=asked)
        else:
            of = {"card_id": question.card_id} if question.card_id is not None else {"merchant": question.merchant}
            answer = self._ask("GET", "/transactions", params=asked | of)
        return Page(answer["transactions"], answer["next_cursor"])

    def transactions(self, question: Question, most: int) -> Iterator[dict[str, Any]]:
        """Yield at most ``limit`` items, fetching page by page."""
        cursor: str | None = None
        while most > 0:
            page = self.page(question, min(most, PAGE), cursor)
            yield from page.transactions
            most -= len(page.transactions)
            cursor = page.cursor
            if cursor is None:
                return

    def merchants(self, prefix: str, limit: int) -> list[str]:
        """Give names of merchants that begin so."""
        answer = self._ask("GET", "/merchants", params={"prefix": prefix, "limit": limit})
        return [one["merchant"] for one in answer["merchants"]]

    def _ask(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        for attempt in range(ATTEMPTS):
            try:
                answer = self._session.request(method, self._url + path, timeout=30, **more)
            except requests.RequestException as error:
                # Not its text: an address may be in it, and in that what was asked.
                raise ClientError(f"The API does not answer: {type(error).__name__}.") from None
            if answer.status_code == 200:
                return dict(answer.json())
            if answer.status_code not in UNAVAILABLE or attempt == ATTEMPTS - 1:
                break
            time.sleep(float(answer.headers.get("Retry-After") or 0.2 * 2**attempt))
        raise ClientError(f"The API refuses ({answer.status_code}): {_message(answer)}.")


def _message(answer: requests.Response) -> str:
    try:
        body = answer.json()
        errors = "; ".join(f"{one['field']} {one['reason']}" for one in body.get("errors") or [])
        return errors or str(body["message"])
    except (ValueError, KeyError, TypeError):
        return "no reason given"
