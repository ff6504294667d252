"""Posts batches to the API until each row is acknowledged, stored or refused, or the retry deadline passes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, NamedTuple

import requests
from requests.auth import AuthBase

from client.send.batch import Batch, Finding, idempotency_key
from shared.retry import MAX_WAITS, Budget

RETRY_BASE_SECONDS, RETRY_CAP_SECONDS = 0.2, 10.0
MAX_BODY_BYTES = 4_500_000  # below the API's 5 MB, so that a long row costs no refused request
_TIMEOUTS = (5, 40)  # to connect, and for an answer: API Gateway itself gives up after 29 s
_TOO_LARGE = "the row alone is larger than the API takes in one request"


class Failure(NamedTuple):
    """Why a batch was given up. `fatal`: another attempt would fail as well, for this and any other batch."""

    reason: str
    fatal: bool


class _Retry(NamedTuple):
    """The attempt failed for now."""

    reason: str
    after: float | None = None


class _Done(Enum):
    """What else an attempt can come to."""

    SETTLED = auto()  # every row is stored or refused
    TOO_LARGE = auto()


def batch_budget(seconds: float, sleep: Callable[[float], bool | None], **more: Any) -> Budget:
    """Retries of one batch: at most ``seconds`` without progress; ``sleep`` returns True once sending is stopped."""
    most_waits = max(MAX_WAITS, int(seconds))  # the mean wait is RETRY_CAP_SECONDS / 2 after the first few
    return Budget(seconds, base=RETRY_BASE_SECONDS, cap=RETRY_CAP_SECONDS, most_waits=most_waits, sleep=sleep, **more)


@dataclass(frozen=True)
class Endpoint:
    """Where and as whom to send."""

    url: str
    api_key: str
    stage: str
    trust_environment: bool = True  # proxies and such, from the environment; not for loopback
    auth: AuthBase | None = None  # signs each request
    run: str = ""  # of a run whose requests must not count as repeats of an earlier run's


class Api:
    """The API as the sender's threads use it: a keep-alive session for each."""

    def __init__(self, endpoint: Endpoint, budget: Callable[[], Budget]) -> None:
        """``budget`` is called once per batch."""
        self._endpoint = endpoint
        self._budget = budget
        self._threads = threading.local()

    def send(self, batch: Batch) -> Failure | None:
        """Send a batch, again and in parts as need be; the outcome of each row is in the batch afterwards."""
        budget, failures = self._budget(), 0
        parts = [batch.open_rows()]
        while parts:
            part = parts.pop()
            if not part:
                continue
            outcome = self._post(batch, part)
            if isinstance(outcome, Failure):
                return outcome
            if isinstance(outcome, _Retry):
                left = [p for p in part if not batch.acknowledged[p]]
                if len(left) < len(part):
                    budget.restart()
                    failures = 0
                parts.append(left)
                if left and not budget.wait(failures, outcome.after or 0.0):
                    return Failure(outcome.reason, fatal=False)
                failures += 1
            elif outcome is _Done.SETTLED:
                budget.restart()
                failures = 0
            elif len(part) > 1:
                parts += [part[len(part) // 2 :], part[: len(part) // 2]]
            else:
                batch.reject(part[0], [("", _TOO_LARGE)])
        return None

    def _post(self, batch: Batch, part: list[int]) -> _Retry | Failure | _Done:
        """Post some rows once."""
        body = batch.body(part)
        if len(body) > MAX_BODY_BYTES:
            return _Done.TOO_LARGE
        headers = {"Idempotency-Key": idempotency_key(self._endpoint.stage, body, self._endpoint.run)}
        try:
            answer = self._session().post(
                self._endpoint.url, data=body, headers=headers, timeout=_TIMEOUTS, allow_redirects=False
            )
            content = _json(answer)
        except requests.RequestException as error:
            return _Retry(f"no answer from the API ({_brief(error)})")
        rows = _reports_rows(content)
        if answer.status_code in (200, 202, 207) or (answer.status_code == 400 and rows):
            settled = rows and self._settle(batch, part, content, [])
            return _Done.SETTLED if settled else _Retry("the API's answer cannot be understood")
        if answer.status_code == 413:
            return _Done.TOO_LARGE
        if answer.status_code == 503 and rows and isinstance(content.get("unstored"), list):
            self._settle(batch, part, content, content["unstored"])
        return _refusal(answer, content)

    def _settle(self, batch: Batch, part: list[int], content: Any, unstored: list[int]) -> bool:
        """Note what the answer says of each row; False, and nothing noted, if it does not fit the request."""
        ids, errors = content["transaction_ids"], content["errors"]
        if len(ids) != len(part):
            return False
        findings: dict[int, list[Finding]] = {}
        for error in errors:
            findings.setdefault(int(error["index"]), []).append((str(error["field"]), str(error["reason"])))
        open_rows = {i for i, identity in enumerate(ids) if identity is None and i not in findings}
        if open_rows - set(unstored):
            return False  # a row without an id and without a reason: its outcome is unknown
        for i, position in enumerate(part):
            if ids[i] is not None:
                batch.accept(position, str(ids[i]))
            elif i in findings:
                batch.reject(position, findings[i])
        if content.get("duplicate") is True:
            batch.resent += sum(1 for identity in ids if identity is not None)
        return True

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._threads, "session", None)
        if session is None:
            session = requests.Session()
            session.trust_env = self._endpoint.trust_environment
            session.auth = self._endpoint.auth
            session.headers.update({"x-api-key": self._endpoint.api_key, "Content-Type": "application/json"})
            self._threads.session = session
        return session


def _reports_rows(content: Any) -> bool:
    return (
        isinstance(content, dict)
        and isinstance(content.get("transaction_ids"), list)
        and isinstance(content.get("errors"), list)
    )


def _refusal(answer: requests.Response, content: Any) -> _Retry | Failure:
    message = content.get("message") if isinstance(content, dict) else None
    reason = f"the API answered {answer.status_code}{f': {str(message)[:200]}' if message else ''}"
    if answer.status_code == 429 or answer.status_code >= 500:
        return _Retry(reason, _seconds(answer.headers.get("Retry-After")))
    if answer.status_code == 403:
        reason += " (is the API key known to the stage, and the stage deployed?)"
    return Failure(reason, fatal=True)


def _json(answer: requests.Response) -> Any:
    try:
        return answer.json()
    except requests.JSONDecodeError:
        return None


def _seconds(value: str | None) -> float | None:
    """Retry-After in seconds; its other form, a date, is not in use here and taken as absent."""
    return float(value) if value is not None and value.strip().isdecimal() else None


def _brief(error: requests.RequestException) -> str:
    """The kind of error only: its text may quote the request."""
    return type(error).__name__
