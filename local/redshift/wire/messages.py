"""Messages of the wire protocol: reading them within limits, and writing them.

https://www.postgresql.org/docs/current/protocol-message-formats.html
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import Protocol

PROTOCOL_3 = 196608
CANCEL_REQUEST, SSL_REQUEST, GSSENC_REQUEST = 80877102, 80877103, 80877104
MAX_STARTUP_BYTES = 10_000  # PostgreSQL's own MAX_STARTUP_PACKET_LENGTH
MAX_MESSAGE_BYTES = 32 * 1024 * 1024  # Redshift's limit on a statement is 16 MB; parameters come on top
MAX_PARAMETERS = 32_767  # Redshift's limit for a prepared statement

AUTHENTICATION_OK = b"R\x00\x00\x00\x08\x00\x00\x00\x00"
PARSE_COMPLETE, BIND_COMPLETE, CLOSE_COMPLETE = b"1\x00\x00\x00\x04", b"2\x00\x00\x00\x04", b"3\x00\x00\x00\x04"
NO_DATA, EMPTY_QUERY, PORTAL_SUSPENDED = b"n\x00\x00\x00\x04", b"I\x00\x00\x00\x04", b"s\x00\x00\x00\x04"


class Stream(Protocol):
    """Where messages are read from; fewer bytes than asked for mean its end."""

    def read(self, size: int, /) -> bytes: ...


class ProtocolError(Exception):
    """What the client sent is not a message of the protocol: the connection ends (SQLSTATE 08P01)."""


class Disconnected(Exception):
    """The client closed the connection."""


def read_startup(stream: Stream) -> tuple[int, bytes]:
    """The untyped first packet: (protocol version or request code, payload)."""
    length, code = struct.unpack("!ii", _exactly(stream, 8))
    if not 8 <= length <= MAX_STARTUP_BYTES:
        raise ProtocolError("invalid length of startup packet")
    return code, _exactly(stream, length - 8)


def read_message(stream: Stream, limit: int = MAX_MESSAGE_BYTES) -> tuple[bytes, bytes]:
    """(type byte, payload) of the next message. Raises Disconnected at the end of the stream."""
    kind = stream.read(1)
    if not kind:
        raise Disconnected
    (length,) = struct.unpack("!i", _exactly(stream, 4))
    if not 4 <= length <= limit:
        raise ProtocolError(f"invalid message length {length}")
    return kind, _exactly(stream, length - 4)


def _exactly(stream: Stream, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise Disconnected
    return data


class Payload:
    """Reads the fields of one message. Raises ProtocolError when it ends too early or holds bad text."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, size: int) -> bytes:
        if size < 0 or self._at + size > len(self._data):
            raise ProtocolError("insufficient data left in message")
        self._at += size
        return self._data[self._at - size : self._at]

    def int16(self) -> int:
        return int(struct.unpack("!h", self.take(2))[0])

    def count(self) -> int:
        """An unsigned number of items to follow."""
        return int(struct.unpack("!H", self.take(2))[0])

    def int32(self) -> int:
        return int(struct.unpack("!i", self.take(4))[0])

    def uint32(self) -> int:
        return int(struct.unpack("!I", self.take(4))[0])

    def text(self) -> str:
        end = self._data.find(b"\0", self._at)
        if end < 0:
            raise ProtocolError("invalid string in message")
        raw, self._at = self._data[self._at : end], end + 1
        try:
            return raw.decode()
        except UnicodeDecodeError as error:
            raise ProtocolError("invalid byte sequence for encoding UTF8") from error

    def bytes_or_null(self) -> bytes | None:
        size = self.int32()
        return None if size == -1 else self.take(size)

    def rest(self) -> bytes:
        return self.take(len(self._data) - self._at)

    def end(self) -> None:
        if self._at != len(self._data):
            raise ProtocolError("invalid message format")


def startup_parameters(payload: bytes) -> dict[str, str]:
    """The name and value pairs of a StartupMessage."""
    fields, found = Payload(payload), {}
    while name := fields.text():
        found[name] = fields.text()
    return found


def message(kind: bytes, payload: bytes = b"") -> bytes:
    return kind + struct.pack("!i", len(payload) + 4) + payload


def authentication(code: int, payload: bytes = b"") -> bytes:
    return message(b"R", struct.pack("!i", code) + payload)


def parameter_status(name: str, value: str) -> bytes:
    return message(b"S", _texts(name, value))


def backend_key(pid: int, secret: int) -> bytes:
    return message(b"K", struct.pack("!iI", pid, secret))


def ready(status: str) -> bytes:
    """`status` is I (idle), T (in a transaction) or E (in one that failed)."""
    return message(b"Z", status.encode())


def error_response(sqlstate: str, text: str, severity: str = "ERROR", detail: str = "") -> bytes:
    return message(b"E", _notice(severity, sqlstate, text, detail))


def notice_response(text: str, severity: str = "NOTICE", sqlstate: str = "00000") -> bytes:
    return message(b"N", _notice(severity, sqlstate, text, ""))


def _notice(severity: str, sqlstate: str, text: str, detail: str) -> bytes:
    fields = {"S": severity, "V": severity, "C": sqlstate, "M": text, "D": detail}
    return b"".join(key.encode() + _texts(value) for key, value in fields.items() if value) + b"\0"


def command_complete(tag: str) -> bytes:
    return message(b"C", _texts(tag))


def parameter_description(oids: Sequence[int]) -> bytes:
    return message(b"t", struct.pack(f"!H{len(oids)}I", len(oids), *oids))


def row_description(fields: Sequence[tuple[str, int, int, int, int]]) -> bytes:
    """`fields` are (name, type OID, type size, type modifier, format code)."""
    parts = [struct.pack("!H", len(fields))]
    for name, oid, size, modifier, code in fields:
        parts.append(_texts(name) + struct.pack("!IhIhih", 0, 0, oid, size, modifier, code))
    return message(b"T", b"".join(parts))


def data_row(values: Iterable[bytes | None]) -> bytes:
    cells = [b"\xff\xff\xff\xff" if value is None else struct.pack("!i", len(value)) + value for value in values]
    return message(b"D", struct.pack("!H", len(cells)) + b"".join(cells))


def _texts(*values: str) -> bytes:
    return b"".join(value.replace("\0", "").encode() + b"\0" for value in values)
