"""The login, against any of the passwords that are valid for the user.

Redshift's own drivers get the digest that Redshift asks them for, others SCRAM-SHA-256 (RFC 5802, RFC 7677).
Not `scramp`: its server refuses the empty user name that libpq sends, since the startup packet has named the user.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import stringprep
import struct
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


class Digest:
    """Redshift's own AuthenticationDigest (13): SHA256(SHA256(password + salt) + server nonce + client nonce)."""

    def __init__(self, candidates: list[tuple[str, Login]]) -> None:
        self._candidates = candidates
        self._salt, self._nonce = secrets.token_bytes(16), secrets.token_bytes(16)

    def request(self) -> bytes:
        """What follows the code in the server's message: the algorithm (0 is SHA-256), the salt and the nonce."""
        sized = struct.pack("!i", len(self._salt)) + self._salt + struct.pack("!i", len(self._nonce)) + self._nonce
        return struct.pack("!i", 0) + sized

    def final(self, digest: bytes, client_nonce: bytes) -> Login | None:
        """Who has logged in, None when no password fits."""
        for password, login in self._candidates:
            inner = hashlib.sha256(password.encode() + self._salt).digest()
            if hmac.compare_digest(digest, hashlib.sha256(inner + self._nonce + client_nonce).digest()):
                return login
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
    mapped = "".join(" " if stringprep.in_table_c12(c) else c for c in password if not stringprep.in_table_b1(c))
    return unicodedata.normalize("NFKC", mapped)
