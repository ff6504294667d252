"""The login: SCRAM-SHA-256 (RFC 5802, RFC 7677), against any of the passwords that are valid for the user.

Not `scramp`: its server refuses the empty user name that libpq sends, since the startup packet has named the user.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import stringprep
import unicodedata

from local.redshift.wire.users import Login

MECHANISM = "SCRAM-SHA-256"
ITERATIONS = 4096
_FIRST = re.compile(r"([ny]),(?:a=[^,]*)?,(n=[^,]*,r=([!-+\--~]+)(?:,.*)?)")
_FINAL = re.compile(r"(c=([A-Za-z0-9+/=]+),r=([!-+\--~]+)(?:,.*)?),p=([A-Za-z0-9+/=]+)")


class ScramError(Exception):
    """The client's message is malformed, or does not belong to the exchange."""


class Scram:
    """One exchange. It takes the same course for a user who doesn't exist as for a wrong password."""

    def __init__(self, candidates: list[tuple[str, Login]]) -> None:
        # One salt and nonce for all, so that the client's one proof can be checked against each password.
        self._salt, self._nonce = secrets.token_bytes(16), secrets.token_urlsafe(18)
        known: list[tuple[str, Login | None]] = [*candidates] or [(secrets.token_urlsafe(32), None)]
        self._candidates = [
            (hashlib.pbkdf2_hmac("sha256", _normalized(password).encode(), self._salt, ITERATIONS), login)
            for password, login in known
        ]
        self._header = self._client_first = self._server_first = ""

    def first(self, message: bytes) -> bytes:
        """The server's first message. Raises ScramError when the client's is malformed."""
        found = _FIRST.fullmatch(_text(message))
        if not found:
            raise ScramError("malformed client-first-message")
        self._header, self._client_first = found[0][: -len(found[2])], found[2]
        self._nonce = found[3] + self._nonce
        salt = base64.b64encode(self._salt).decode()
        self._server_first = f"r={self._nonce},s={salt},i={ITERATIONS}"
        return self._server_first.encode()

    def final(self, message: bytes) -> tuple[bytes, Login] | None:
        """(the server's last message, who has logged in), None when no password fits. Raises ScramError."""
        found = _FINAL.fullmatch(_text(message))
        if not found or found[2] != base64.b64encode(self._header.encode()).decode() or found[3] != self._nonce:
            raise ScramError("malformed client-final-message")
        try:
            proof = base64.b64decode(found[4], validate=True)
        except ValueError as error:
            raise ScramError("malformed proof") from error
        signed = f"{self._client_first},{self._server_first},{found[1]}".encode()
        for salted, login in self._candidates:
            stored = hashlib.sha256(_hmac(salted, b"Client Key")).digest()
            key = bytes(a ^ b for a, b in zip(proof, _hmac(stored, signed), strict=False))
            if hmac.compare_digest(hashlib.sha256(key).digest(), stored) and login is not None:
                signature = _hmac(_hmac(salted, b"Server Key"), signed)
                return b"v=" + base64.b64encode(signature), login
        return None


def _hmac(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, "sha256")


def _text(message: bytes) -> str:
    try:
        return message.decode()
    except UnicodeDecodeError as error:
        raise ScramError("malformed message") from error


def _normalized(password: str) -> str:
    """SASLprep without its prohibitions, as PostgreSQL falls back to the password as it is."""
    mapped = "".join(
        " " if stringprep.in_table_c12(c) else c for c in password if not stringprep.in_table_b1(c)
    )
    return unicodedata.normalize("NFKC", mapped)
