"""Who may log in: holders of temporary credentials, and the database's owner with the password of its secret."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

# https://docs.aws.amazon.com/redshift-serverless/latest/APIReference/API_GetCredentials.html
DEFAULT_SECONDS, LONGEST_SECONDS = 900, 3600


@dataclass(frozen=True)
class Login:
    """A database user. `roles` as Database.session has them: None for the database's owner."""

    user: str
    roles: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Credentials:
    """What GetCredentials gives out; `expires` is seconds since the epoch."""

    login: Login
    password: str
    database: str | None
    expires: float


class Users:
    """The users of a workgroup. Temporary passwords live in memory only, until they expire.

    `owner` gives the name and the password of the database's owner, or None while nothing is deployed.
    """

    def __init__(
        self, owner: Callable[[], tuple[str, str] | None] = lambda: None, now: Callable[[], float] = time.time
    ) -> None:
        self._owner, self._now = owner, now
        self._lock = threading.Lock()
        self._issued: list[Credentials] = []

    def is_owner(self, user: str, password: str) -> bool:
        """Whether this is the login of the database's owner."""
        return self._owner() == (user, password)

    def issue(self, login: Login, database: str | None, seconds: int) -> Credentials:
        """Temporary credentials of `login`; with `database`, good for that one only."""
        made = Credentials(login, secrets.token_urlsafe(32), database, self._now() + seconds)
        with self._lock:
            self._issued = [*(c for c in self._issued if c.expires > self._now()), made]
        return made

    def candidates(self, user: str, database: str) -> list[tuple[str, Login]]:
        """The passwords that are valid for a user now, the newest first, and what each logs in as."""
        with self._lock:
            found = [
                (c.password, c.login)
                for c in reversed(self._issued)
                if c.login.user == user and c.expires > self._now() and c.database in (None, database)
            ]
        owner = self._owner()
        if owner and owner[0] == user:
            found.append((owner[1], Login(user)))
        return found
