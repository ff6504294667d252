"""The database's owner: the login in the stage's secret, which Firehose and the functions use on AWS."""

from __future__ import annotations

import json
import threading
import time

from botocore.exceptions import BotoCoreError, ClientError

from local.clients import Clients
from local.settings import Settings

CACHE_SECONDS = 5.0


class Owner:
    """Call it for (user name, password) as the secret has them now, None while there is no secret."""

    def __init__(self, settings: Settings, secret: str) -> None:
        self._client = Clients(settings, "redshift").root("secretsmanager")
        self._secret = secret
        self._lock = threading.Lock()
        self._known: tuple[float, tuple[str, str] | None] = (0.0, None)

    def __call__(self) -> tuple[str, str] | None:
        with self._lock:
            until, found = self._known
            if time.monotonic() < until:
                return found
            found = self._read()
            self._known = (time.monotonic() + CACHE_SECONDS if found else 0.0, found)
            return found

    def _read(self) -> tuple[str, str] | None:
        try:
            text = self._client.get_secret_value(SecretId=self._secret)["SecretString"]
            secret = json.loads(text)
            return str(secret["username"]), str(secret["password"])
        except (ClientError, BotoCoreError, ValueError, KeyError):
            return None
