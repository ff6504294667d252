"""The root credentials of an embedded AWS: drawn when its home is first used, kept there, readable by its owner alone.

The file is one that AWS's own tools read: AWS_SHARED_CREDENTIALS_FILE may name it.
"""

from __future__ import annotations

import configparser
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from local.private import FILE_MODE, open_private, private_folder

NAME = "credentials"
_PROFILE = "default"
_ID_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_ID_LENGTH = 16
_SECRET_BYTES = 30  # 40 characters in Base64, as AWS's are


class CredentialsError(ValueError):
    """The home's credentials can't be read; the message names the file."""


@dataclass(frozen=True)
class RootKey:
    """The access key of the account's root user."""

    access_key_id: str
    secret_access_key: str = field(repr=False)

    def for_botocore(self) -> dict[str, str]:
        """Named as `create_client` takes them."""
        return {"aws_access_key_id": self.access_key_id, "aws_secret_access_key": self.secret_access_key}


def root_key(home: Path) -> RootKey:
    """The root key of a home, drawn if it has none yet.

    Raises CredentialsError for a file that has no key, NotPrivateError for a home or file of another user.
    """
    path = home / NAME
    try:
        return _read(path)
    except FileNotFoundError:
        _draw(path)
        return _read(path)


def _read(path: Path) -> RootKey:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(descriptor, encoding="ascii") as file:
        if os.fstat(descriptor).st_uid != os.geteuid():
            raise CredentialsError(f"{path} belongs to another user")
        if os.fstat(descriptor).st_mode & 0o077:
            os.fchmod(descriptor, FILE_MODE)
        parser = configparser.ConfigParser(interpolation=None)
        try:
            parser.read_file(file)
            profile = parser[_PROFILE]
            return RootKey(profile["aws_access_key_id"], profile["aws_secret_access_key"])
        except (configparser.Error, KeyError, UnicodeDecodeError) as error:
            raise CredentialsError(f"{path} contains no access key: delete it to create a new one") from error


def _draw(path: Path) -> None:
    """Write a new key in one step: of several processes that come at once, the first one's is kept."""
    private_folder(path.parent)
    key_id = "AKIA" + "".join(secrets.choice(_ID_CHARACTERS) for _ in range(_ID_LENGTH))
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    new = path.with_name(f".{NAME}-{secrets.token_hex(8)}")
    try:
        with os.fdopen(open_private(new, os.O_EXCL), "w", encoding="ascii") as file:
            file.write(f"[{_PROFILE}]\naws_access_key_id = {key_id}\naws_secret_access_key = {secret}\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(new, path)
    except FileExistsError:
        pass
    finally:
        new.unlink(missing_ok=True)
