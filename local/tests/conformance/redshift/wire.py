"""A wire server beside the Data API of the tests, and a bare client that speaks the protocol byte by byte."""

from __future__ import annotations

import hashlib
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scramp import ScramClient

from local.redshift.control import Installation
from local.redshift.wire.certificate import tls_context
from local.redshift.wire.server import WireServer
from local.redshift.wire.users import Login, Users
from local.tests.conformance.redshift.conftest import TARGET, Redshift

OWNER = ("swipeline_loader", "the owner's password")


class Door:
    """The wire server in front of a `Redshift`'s databases."""

    def __init__(self, redshift: Redshift, folder: Path) -> None:
        self.redshift, self.users = redshift, Users(lambda: OWNER)
        redshift.ok("SELECT 1")  # the database is made by its first statement
        runner = redshift.server.runner
        self.certificate = folder / "wire.crt"
        installed = Installation(TARGET["WorkgroupName"], TARGET["Database"], port=0)
        self.server = WireServer(installed, runner, self.users, tls_context(folder, "127.0.0.1"))
        self._thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return self.server.port

    def stop(self) -> None:
        self.server.shutdown()
        self._thread.join()
        self.server.close()

    def login(self, user: str, *roles: str) -> tuple[str, str]:
        """Temporary credentials of somebody with these database roles."""
        made = self.users.issue(Login(user, roles), TARGET["Database"], 900)
        return made.login.user, made.password

    def connect(self, credentials: tuple[str, str] = OWNER, **startup: str) -> Client:
        return Client(self.port, *credentials, **startup)


@dataclass
class Answer:
    """What came back until ReadyForQuery, by message type; `rows` are text."""

    messages: list[tuple[bytes, bytes]]

    def of(self, kind: bytes) -> list[bytes]:
        return [data for found, data in self.messages if found == kind]

    @property
    def kinds(self) -> str:
        return b"".join(kind for kind, _ in self.messages).decode()

    @property
    def rows(self) -> list[list[str | None]]:
        return [[None if cell is None else cell.decode() for cell in row] for row in self.cells]

    @property
    def cells(self) -> list[list[bytes | None]]:
        return [_cells(data) for data in self.of(b"D")]

    @property
    def tags(self) -> list[str]:
        return [data.rstrip(b"\0").decode() for data in self.of(b"C")]

    @property
    def status(self) -> str:
        return self.of(b"Z")[-1].decode()

    @property
    def errors(self) -> list[tuple[str, str]]:
        """(SQLSTATE, message)."""
        found = []
        for data in self.of(b"E"):
            fields = {part[:1]: part[1:].decode() for part in data.split(b"\0") if part}
            found.append((fields[b"C"], fields[b"M"]))
        return found

    @property
    def columns(self) -> list[tuple[str, int, int]]:
        """(name, OID, modifier)."""
        data, found = self.of(b"T")[-1], []
        at = 2
        for _ in range(struct.unpack_from("!H", data)[0]):
            end = data.index(b"\0", at)
            _, _, oid, _, modifier, _ = struct.unpack_from("!IhIhih", data, end + 1)
            found.append((data[at:end].decode(), oid, modifier))
            at = end + 19
        return found


def _cells(data: bytes) -> list[bytes | None]:
    at, found = 2, []
    for _ in range(struct.unpack_from("!H", data)[0]):
        (size,) = struct.unpack_from("!i", data, at)
        at += 4
        found.append(None if size < 0 else data[at : at + size])
        at += max(size, 0)
    return found


class RefusedError(Exception):
    """The server ended the login: the arguments are SQLSTATE and message."""


def _digest(password: str, request: bytes) -> bytes:
    """The answer to AuthenticationDigest, as redshift_connector gives it."""
    size = struct.unpack_from("!i", request, 4)[0]
    salt = request[8 : 8 + size]
    server_nonce, client_nonce = request[12 + size :], b"1700000000000"
    inner = hashlib.sha256(password.encode() + salt).digest()
    digest = hashlib.sha256(inner + server_nonce + client_nonce).digest()
    return struct.pack("!i", len(digest)) + digest + struct.pack("!i", len(client_nonce)) + client_nonce


class Client:
    """No driver between the test and the protocol."""

    def __init__(self, port: int, user: str, password: str, **startup: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.stream = self.socket.makefile("rb")
        self.parameters: dict[str, str] = {}
        fields = {"user": user, "database": TARGET["Database"]} | startup
        body = b"".join(f"{k}\0{v}\0".encode() for k, v in fields.items()) + b"\0"
        self.socket.sendall(struct.pack("!ii", len(body) + 8, 196608) + body)
        self._login(user, password)

    def _login(self, user: str, password: str) -> None:
        scram = ScramClient(["SCRAM-SHA-256"], user, password)
        for kind, data in self._messages():
            if kind == b"R":
                code, rest = struct.unpack("!i", data[:4])[0], data[4:]
                if code == 10:
                    first = scram.get_client_first().encode()
                    self.send(b"p", b"SCRAM-SHA-256\0" + struct.pack("!i", len(first)) + first)
                elif code == 13:
                    self.send(b"d", _digest(password, rest))
                elif code == 11:
                    scram.set_server_first(rest.decode())
                    self.send(b"p", scram.get_client_final().encode())
                elif code == 12:
                    scram.set_server_final(rest.decode())
            elif kind == b"S":
                name, value = data.rstrip(b"\0").split(b"\0")
                self.parameters[name.decode()] = value.decode()
            elif kind == b"K":
                self.pid, self.key = struct.unpack("!iI", data)
            elif kind == b"E":
                raise RefusedError(*Answer([(kind, data)]).errors[0])
            elif kind == b"Z":
                return

    def send(self, kind: bytes, body: bytes = b"") -> None:
        self.socket.sendall(kind + struct.pack("!i", len(body) + 4) + body)

    def _messages(self) -> Iterator[tuple[bytes, bytes]]:
        while kind := self.stream.read(1):
            (size,) = struct.unpack("!i", self.stream.read(4))
            yield kind, self.stream.read(size - 4)
        raise ConnectionError("the server closed the connection")

    def answer(self) -> Answer:
        found = []
        for kind, data in self._messages():
            found.append((kind, data))
            if kind == b"Z":
                break
        return Answer(found)

    def query(self, sql: str) -> Answer:
        self.send(b"Q", sql.encode() + b"\0")
        return self.answer()

    def parse(self, sql: str, name: str = "", oids: tuple[int, ...] = ()) -> None:
        self.send(b"P", f"{name}\0{sql}\0".encode() + struct.pack(f"!H{len(oids)}I", len(oids), *oids))

    def bind(
        self, *values: bytes | None, name: str = "", portal: str = "", binary: bool = False, results: int = 0
    ) -> None:
        body = f"{portal}\0{name}\0".encode() + struct.pack("!HhH", 1, int(binary), len(values))
        for value in values:
            body += struct.pack("!i", -1) if value is None else struct.pack("!i", len(value)) + value
        self.send(b"B", body + struct.pack("!Hh", 1, results))

    def describe(self, what: str = "P", name: str = "") -> None:
        self.send(b"D", what.encode() + name.encode() + b"\0")

    def execute(self, limit: int = 0, portal: str = "") -> None:
        self.send(b"E", portal.encode() + b"\0" + struct.pack("!i", limit))

    def sync(self) -> Answer:
        self.send(b"S")
        return self.answer()

    def run(self, sql: str, *values: bytes | None, oids: tuple[int, ...] = (), **how: Any) -> Answer:
        """The whole of the extended protocol for one statement."""
        self.parse(sql, oids=oids)
        self.bind(*values, **how)
        self.describe()
        self.execute()
        return self.sync()

    def close(self) -> None:
        self.stream.close()
        self.socket.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
