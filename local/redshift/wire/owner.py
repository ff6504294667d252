"""The database's owner: the login in the stage's secret, which the functions use on AWS."""

from __future__ import annotations

import json
import threading
import time

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local.settings import REGION, Settings

CACHE_SECONDS = 5.0


class Owner:
    """Call it for (user name, password) as the secret has them now, None while there is no secret."""

    def __init__(self, settings: Settings, secret: str) -> None:
        config = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 1})  # a login waits for it
        self._client = boto3.client(
            "secretsmanager",
            endpoint_url=settings.endpoint,
            region_name=REGION,
            config=config,
            **settings.root_key.for_botocore(),
        )
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
