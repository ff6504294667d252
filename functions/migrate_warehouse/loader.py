"""The user that Firehose logs in as: it may COPY into the staging tables that Firehose fills, and nothing else.

COPY takes INSERT on its table: https://docs.aws.amazon.com/redshift/latest/dg/r_COPY.html
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from typing import NamedTuple

from shared.card_keys.cache import SecretsClient
from shared.warehouse.data_api import Warehouse

TABLES = ("staging.transaction", "staging.alert_event")  # resources/delivery.yml, resources/fraud.yml
_NAME = re.compile(r"[a-z_][a-z0-9_]*")


class LoaderError(Exception):
    """The secret or the user is not fit for a loader; the message says what was found, without the password."""


class Login(NamedTuple):
    """A user of the warehouse, by name, and the password."""

    user: str
    password: str

    def __repr__(self) -> str:
        """Leave the password out of logs and tracebacks."""
        return f"Login(user={self.user!r})"


def read_login(client: SecretsClient, secret_arn: str) -> Login:
    """Read the secret that Firehose logs in with. Raises LoaderError if it holds no login, and what boto3 does."""
    text = client.get_secret_value(SecretId=secret_arn)["SecretString"]
    try:
        found = json.loads(text)
        login = Login(str(found["username"]), str(found["password"]))
    except (ValueError, KeyError, TypeError):
        raise LoaderError(f"{secret_arn}: expected a JSON object with username and password") from None
    if not _NAME.fullmatch(login.user):
        raise LoaderError(f"{secret_arn}: expected a user name such as swipeline_firehose")
    return login


def password_hash(password: str) -> str:
    """Hash a password with a new salt, as CREATE USER takes it: it stands in no statement, nor in a log of those.

    The salt counts as the 32 bytes that its digits mean: https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_USER.html
    """
    salt = secrets.token_bytes(32)
    return f"sha256|{hashlib.sha256(password.encode() + salt).hexdigest()}|{salt.hex()}"


def install(warehouse: Warehouse, login: Login, seconds: float) -> None:
    """Create the user, or give it the secret's password, and grant its rights. Idempotent.

    Each of two transactions takes up to ``seconds``. Raises LoaderError for a superuser, whom no grant limits, and as
    Warehouse.run does.
    """
    query = f"SELECT usesuper FROM pg_user WHERE usename = '{login.user}'"  # noqa: S608  a checked name
    found = warehouse.run("migrate-loader", [query], seconds)
    if any(row["usesuper"] for row in found):
        raise LoaderError(f"user {login.user} is a superuser: put another user name into the loader's secret")
    verb = "ALTER" if found else "CREATE"
    statements = [
        f"{verb} USER {login.user} PASSWORD '{password_hash(login.password)}'",
        f"GRANT USAGE ON SCHEMA staging TO {login.user}",
        *(f"GRANT INSERT ON TABLE {table} TO {login.user}" for table in TABLES),
    ]
    warehouse.run("migrate-loader", statements, seconds)
