"""The listener: TLS, login, one thread per connection, cancel requests, and the limits that keep it standing."""

from __future__ import annotations

import logging
import secrets
import socket
import socketserver
import ssl
import struct
import threading
from typing import Any

from local.redshift.control import Installation
from local.redshift.errors import SqlError
from local.redshift.runner import Runner
from local.redshift.wire import auth, messages
from local.redshift.wire.connection import Conversation
from local.redshift.wire.messages import Disconnected, Payload, ProtocolError, Stream
from local.redshift.wire.session import WireSession
from local.redshift.wire.users import Login, Users

MAX_CONNECTIONS = 100  # each has a thread; Redshift Serverless allows 2,000
LOGIN_SECONDS = 30
IDLE_SECONDS = 3600  # Redshift Serverless ends sessions after an hour without a statement
IDLE_IN_TRANSACTION_SECONDS = 600  # a transaction that has written holds up the merge
_TOO_MANY = f"connection limit ({MAX_CONNECTIONS}) exceeded"
log = logging.getLogger("redshift.wire")


class LoginError(Exception):
    """A login that is refused: `sqlstate` and the text go to the client, then the connection ends."""

    def __init__(self, sqlstate: str, text: str) -> None:
        super().__init__(text)
        self.sqlstate = sqlstate


class WireServer(socketserver.ThreadingTCPServer):
    """Serves one workgroup on the loopback address; port 0 picks a free one."""

    daemon_threads = True
    allow_reuse_address = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, installed: Installation, runner: Runner, users: Users, tls: ssl.SSLContext) -> None:
        super().__init__((installed.host, installed.port), _Handler)
        self.installed, self.runner, self.users, self.tls = installed, runner, users, tls
        self._lock = threading.Lock()
        self._sessions: dict[int, tuple[int, WireSession | None]] = {}
        self._sockets: set[socket.socket] = set()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def enter(self) -> tuple[int, int]:
        """(process id, cancel key) of a new connection. Raises LoginError when there are too many."""
        with self._lock:
            if len(self._sessions) >= MAX_CONNECTIONS:
                raise LoginError("53300", _TOO_MANY)
            pid = next(n for n in iter(lambda: 2**20 + secrets.randbelow(2**29), None) if n not in self._sessions)
            key = secrets.randbits(32)
            self._sessions[pid] = (key, None)
            return pid, key

    def attach(self, pid: int, session: WireSession) -> None:
        with self._lock:
            self._sessions[pid] = (self._sessions[pid][0], session)

    def leave(self, pid: int) -> None:
        with self._lock:
            self._sessions.pop(pid, None)

    def watch(self, connection: socket.socket, present: bool) -> None:
        """Know the open sockets. Raises LoginError when there are too many that have not logged in."""
        with self._lock:
            (self._sockets.add if present else self._sockets.discard)(connection)
            if present and len(self._sockets) > 2 * MAX_CONNECTIONS:
                raise LoginError("53300", _TOO_MANY)

    def cancel(self, pid: int, key: int) -> None:
        """A CancelRequest; one with another key does nothing, without a reply."""
        with self._lock:
            known, session = self._sessions.get(pid, (0, None))
        if session and secrets.compare_digest(struct.pack("!I", known), struct.pack("!I", key)):
            session.cancel()

    def close(self) -> None:
        """After serve_forever() has returned: end every connection."""
        self.server_close()
        with self._lock:
            sockets, sessions = list(self._sockets), [session for _, session in self._sessions.values() if session]
        for session in sessions:
            session.cancel()
        for connection in sockets:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        log.exception("a connection failed")


class _Handler(socketserver.BaseRequestHandler):
    server: WireServer

    def handle(self) -> None:
        connection = self.request
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(LOGIN_SECONDS)
        self._socket = connection
        try:
            self.server.watch(connection, True)
            self._serve()
        except (Disconnected, ConnectionError, ssl.SSLError):
            return
        except TimeoutError:
            self._refuse("57P05", "terminating connection due to idle-session timeout")
        except ProtocolError as error:
            self._refuse("08P01", str(error))
        except LoginError as error:
            self._refuse(error.sqlstate, str(error))
        finally:
            self.server.watch(connection, False)
            self._socket.close()

    def _serve(self) -> None:
        # Unbuffered until TLS is settled: what came in before the handshake must not be taken for what came under it.
        stream: Any = _Unbuffered(self._socket)
        code, payload = messages.read_startup(stream)
        while code in (messages.SSL_REQUEST, messages.GSSENC_REQUEST):
            if code == messages.SSL_REQUEST and not isinstance(self._socket, ssl.SSLSocket):
                self._socket.sendall(b"S")
                self.server.watch(self._socket, False)
                self._socket = self.server.tls.wrap_socket(self._socket, server_side=True)
                self.server.watch(self._socket, True)
                stream = _Unbuffered(self._socket)
            else:
                self._socket.sendall(b"N")
            code, payload = messages.read_startup(stream)
        if code == messages.CANCEL_REQUEST:
            fields = Payload(payload)
            self.server.cancel(fields.int32(), fields.uint32())
            return
        if code >> 16 != messages.PROTOCOL_3 >> 16:
            raise LoginError(
                "0A000", f"unsupported frontend protocol {code >> 16}.{code & 0xFFFF}: server supports 3.0"
            )
        pid, key = self.server.enter()
        try:
            self._converse(self._socket.makefile("rb"), messages.startup_parameters(payload), pid, key)
        finally:
            self.server.leave(pid)

    def _converse(self, stream: Stream, startup: dict[str, str], pid: int, key: int) -> None:
        user, database = startup.get("user", ""), startup.get("database") or startup.get("user", "")
        if not user:
            raise LoginError("28000", "no PostgreSQL user name specified in startup packet")
        login = self._authenticate(stream, startup, user, database)
        workgroup = self.server.installed.workgroup
        if database not in (self.server.installed.database, *self.server.runner.names(workgroup)):
            raise LoginError("3D000", f'database "{database}" does not exist')
        session = WireSession(self.server.runner, workgroup, database, login, pid)
        try:
            self.server.attach(pid, session)
            self._greet(session, startup, pid, key)
            conversation = Conversation(session, _Timed(stream, self._socket, session), self._socket.sendall)
            conversation.run()
        finally:
            session.close()

    def _greet(self, session: WireSession, startup: dict[str, str], pid: int, key: int) -> None:
        for name in ("application_name", "client_encoding", "datestyle"):
            value = {k.lower(): v for k, v in startup.items()}.get(name)
            if value is not None:
                try:
                    session.parameters.put(name, value)
                except SqlError as error:
                    raise LoginError("22023", str(error).removeprefix("ERROR: ")) from error
        parts = [messages.AUTHENTICATION_OK]
        parts += [messages.parameter_status(*item) for item in session.parameters.reported().items()]
        self._socket.sendall(b"".join([*parts, messages.backend_key(pid, key)]))

    def _authenticate(self, stream: Stream, startup: dict[str, str], user: str, database: str) -> Login:
        candidates = self.server.users.candidates(user, database)
        # Redshift's drivers name their protocol version in the startup packet.
        exchange = self._digest if "client_protocol_version" in startup else self._scram
        login = exchange(stream, candidates)
        if login is None:
            raise LoginError("28P01", f'password authentication failed for user "{user}"')
        return login

    def _digest(self, stream: Stream, candidates: list[tuple[str, Login]]) -> Login | None:
        exchange = auth.Digest(candidates)
        self._socket.sendall(messages.authentication(13, exchange.request()))
        fields = self._password_message(stream, b"d")
        return exchange.final(fields.bytes_or_null() or b"", fields.bytes_or_null() or b"")

    def _scram(self, stream: Stream, candidates: list[tuple[str, Login]]) -> Login | None:
        exchange = auth.Scram(candidates)
        self._socket.sendall(messages.authentication(10, auth.MECHANISM.encode() + b"\0\0"))
        fields = self._password_message(stream)
        if fields.text() != auth.MECHANISM:
            raise ProtocolError("client selected an invalid SASL authentication mechanism")
        try:
            self._socket.sendall(messages.authentication(11, exchange.first(fields.bytes_or_null() or b"")))
            done = exchange.final(self._password_message(stream).rest())
        except auth.ScramError as error:
            raise ProtocolError(str(error)) from error
        if done is None:
            return None
        self._socket.sendall(messages.authentication(12, done[0]))
        return done[1]

    def _password_message(self, stream: Stream, expected: bytes = b"p") -> Payload:
        kind, data = messages.read_message(stream, messages.MAX_STARTUP_BYTES)
        if kind != expected:
            raise ProtocolError(f"expected a password message, got message type {kind[0]}")
        return Payload(data)

    def _refuse(self, sqlstate: str, text: str) -> None:
        try:
            self._socket.settimeout(5)
            self._socket.sendall(messages.error_response(sqlstate, text, "FATAL"))
        except OSError:
            return


class _Unbuffered:
    """Reads exactly what is asked for from a socket."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def read(self, size: int) -> bytes:
        data = b""
        while len(data) < size and (more := self._connection.recv(size - len(data))):
            data += more
        return data


class _Timed:
    """The stream, with the time-out that the session's state allows between messages."""

    def __init__(self, stream: Stream, connection: socket.socket, session: WireSession) -> None:
        self._stream, self._connection, self._session = stream, connection, session

    def read(self, size: int) -> bytes:
        if size == 1:  # the first byte of a message
            idle = IDLE_SECONDS if self._session.state == "I" else IDLE_IN_TRANSACTION_SECONDS
            self._connection.settimeout(idle)
        return self._stream.read(size)
