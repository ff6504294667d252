"""Database users: CREATE USER and ALTER USER with a password, and whether a password is a user's.

Of the options only PASSWORD is supported: in clear text, as an MD5 hash, and as a SHA-256 digest with its salt.
https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_USER.html
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Any

from local.redshift.errors import SqlError

SYSTEM = "CREATE TABLE IF NOT EXISTS main._user (user_name VARCHAR, password VARCHAR);"
_LEADING = r"\A(?:\s+|--[^\n]*\n|/\*.*?\*/)*"
_WORD = re.compile(rf"{_LEADING}(?:CREATE|ALTER|DROP)\s+USER\b", re.IGNORECASE | re.DOTALL)
_USER = re.compile(
    rf"{_LEADING}(CREATE|ALTER)\s+USER\s+(\"?[a-z_][a-z0-9_]*\"?)\s+(?:WITH\s+)?PASSWORD\s+'([^'\\]*)'\s*;?\s*\Z",
    re.IGNORECASE | re.DOTALL,
)
_MD5 = re.compile(r"md5[0-9a-f]{32}")
_SHA256 = re.compile(r"sha256\|[0-9a-f]{64}\|[0-9a-f]{64}")
_PLAIN = re.compile(r"(?=.*[A-Z])(?=.*[a-z])(?=.*[0-9])[!#-&(-.0-?A-\[\]-~]{8,64}")


@dataclass(frozen=True, repr=False)
class UserCommand:
    """`action` is create or alter; `password` is a hash, never clear text."""

    action: str
    name: str
    password: str


def is_user(sql: str) -> bool:
    """Whether this module reads the statement."""
    return _WORD.match(sql) is not None


def parse_user(sql: str) -> UserCommand:
    """Read a statement. Raises SqlError for what this server does not do, without the password."""
    found = _USER.fullmatch(sql)
    if not found:
        words = re.sub(r"'[^']*'?", "'***'", " ".join(sql.split()))
        raise SqlError(f'"{words}" is not supported by this server')
    name = found[2].strip('"').lower()
    if name == "public":
        raise SqlError('user name "public" is reserved')
    return UserCommand(found[1].lower(), name, _hashed(name, found[3]))


def _hashed(name: str, password: str) -> str:
    if _MD5.fullmatch(password) or _SHA256.fullmatch(password):
        return password
    if password.startswith("sha256|"):
        password = password.removeprefix("sha256|")
        if "|" in password:
            raise SqlError("invalid SHA-256 password: expected sha256|digest|salt, 64 hexadecimal digits each")
    if not _PLAIN.fullmatch(password):
        raise SqlError(
            "password must be 8 to 64 characters and contain at least one uppercase letter, one lowercase letter, "
            "and one number"
        )
    salt = secrets.token_bytes(32)
    return f"sha256|{hashlib.sha256(password.encode() + salt).hexdigest()}|{salt.hex()}"


def matches(name: str, stored: str, password: str) -> bool:
    """Whether a clear-text password is the one of a stored hash. The salt counts as the bytes that its digits mean."""
    if stored.startswith("md5"):
        digest = hashlib.md5(f"{password}{name}".encode(), usedforsecurity=False).hexdigest()
        return hmac.compare_digest(stored.removeprefix("md5"), digest)
    _, digest, salt = stored.split("|")
    return hmac.compare_digest(digest, hashlib.sha256(password.encode() + bytes.fromhex(salt)).hexdigest())


def apply(connection: Any, command: UserCommand) -> None:
    """Carry out a statement, within the session's transaction. Raises SqlError for what is there or missing."""
    known = exists(connection, command.name)
    if command.action == "create" and known:
        raise SqlError(f'user "{command.name}" already exists')
    if command.action == "alter" and not known:
        raise SqlError(f'user "{command.name}" does not exist')
    connection.execute("DELETE FROM main._user WHERE user_name = ?", [command.name])
    connection.execute("INSERT INTO main._user VALUES (?, ?)", [command.name, command.password])


def exists(connection: Any, name: str) -> bool:
    """Whether there is a user of that name, other than the database's owner."""
    return connection.execute("SELECT 1 FROM main._user WHERE user_name = ?", [name]).fetchone() is not None


def grantee(name: str) -> str:
    """The name under which a user's grants are kept among those of roles, whose names have no space."""
    return f"user {name}"
