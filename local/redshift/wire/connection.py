"""One connection's conversation after the login: the simple and the extended query protocol.

https://www.postgresql.org/docs/current/protocol-flow.html
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from local.redshift.errors import SqlError
from local.redshift.parameters import number_placeholders
from local.redshift.sqlstates import INTERNAL_ERROR, sqlstate_of
from local.redshift.wire import literals, messages, statements
from local.redshift.wire.codec import OIDS, Field, encoder
from local.redshift.wire.messages import Disconnected, Payload, ProtocolError, Stream
from local.redshift.wire.session import FETCH_ROWS, Cursor, Outcome, WireSession

MAX_STATEMENT_BYTES = 16 * 1024 * 1024  # Redshift's limit on a statement
MAX_PREPARED = 1000
FLUSH_BYTES = 64 * 1024
log = logging.getLogger("redshift.wire")


@dataclass
class Prepared:
    """A named or unnamed statement; `oids` are the parameters' types, 0 for one the client left open."""

    sql: str
    oids: list[int]
    fields: list[Field] | None = None


@dataclass
class Portal:
    """A statement with its parameters; its rows are in `cursor` once a part of them has been asked for."""

    prepared: Prepared
    values: list[exp.Expression]
    formats: list[int]
    fields: list[Field] | None = None  # as they were described
    cursor: Cursor | None = None
    done: bool = False


@dataclass
class Output:
    """Bytes for the client, sent when there are enough of them."""

    send: Callable[[bytes], None]
    waiting: list[bytes] = field(default_factory=list)
    size: int = 0

    def write(self, data: bytes) -> None:
        self.waiting.append(data)
        self.size += len(data)
        if self.size >= FLUSH_BYTES:
            self.flush()

    def flush(self) -> None:
        if self.waiting:
            data, self.waiting, self.size = b"".join(self.waiting), [], 0
            self.send(data)


class Conversation:
    """Reads messages until the client goes. Raises Disconnected, ProtocolError and the socket's errors."""

    def __init__(self, session: WireSession, stream: Stream, send: Callable[[bytes], None]) -> None:
        self._session, self._stream, self._out = session, stream, Output(send)
        self._prepared: dict[str, Prepared] = {}
        self._portals: dict[str, Portal] = {}
        self._skipping = False  # after an error in the extended protocol, until Sync
        self._handlers: dict[bytes, Callable[[Payload], None]] = {
            b"P": self._parse,
            b"B": self._bind,
            b"D": self._describe,
            b"E": self._execute,
            b"C": self._close,
        }

    def run(self) -> None:
        """Until the client ends the connection."""
        self._ready()
        while True:
            kind, data = messages.read_message(self._stream)
            if kind == b"X":
                raise Disconnected
            if kind == b"S":
                self._sync()
            elif kind == b"H":
                self._out.flush()
            elif kind == b"Q":
                self._query(Payload(data))
            elif kind in self._handlers:
                if not self._skipping:
                    with self._reporting(extended=True):
                        self._handlers[kind](Payload(data))
            elif kind in (b"d", b"c", b"f"):
                continue  # COPY data after a COPY FROM STDIN that was refused
            else:
                raise ProtocolError(f"invalid frontend message type {kind[0]}")

    # -- the simple protocol

    def _query(self, payload: Payload) -> None:
        self._skipping = False
        text = payload.text()
        payload.end()
        with self._reporting():
            if len(text.encode()) > MAX_STATEMENT_BYTES:
                raise SqlError("Statement is too large. Statement Size: over the limit of 16777216 bytes")
            parts = statements.split(text)
            for sql in parts:
                self._discard(sql)
                outcome = self._session.execute(sql)
                if outcome.fields is not None:
                    self._out.write(_row_description(outcome.fields, []))
                self._complete(outcome, self._rows(outcome.fields or [], [], outcome.rows))
            if not parts:
                self._out.write(messages.EMPTY_QUERY)
            self._session.finish()
        self._end_of_portals()
        self._ready()

    def _discard(self, sql: str) -> None:
        """DEALLOCATE and DISCARD are about this object's statements."""
        words = statements.words(sql, 3)
        if words[:1] == ["DISCARD"]:
            self._prepared.clear()
        elif words[:1] == ["DEALLOCATE"]:
            name = statements.bare(sql).split()[-1].strip('"')
            if name.lower() == "all":
                self._prepared.clear()
            elif self._prepared.pop(name, None) is None and self._prepared.pop(name.lower(), None) is None:
                raise SqlError(f'prepared statement "{name}" does not exist')

    # -- the extended protocol

    def _parse(self, payload: Payload) -> None:
        name, sql = payload.text(), payload.text()
        oids = [payload.uint32() for _ in range(payload.count())]
        payload.end()
        if len(oids) > messages.MAX_PARAMETERS:
            raise SqlError(f"a statement has at most {messages.MAX_PARAMETERS} parameters")
        parts = statements.split(sql)
        if len(parts) > 1:
            raise SqlError("cannot insert multiple commands into a prepared statement")
        if name and name in self._prepared:
            raise SqlError(f'prepared statement "{name}" already exists')
        if len(self._prepared) >= MAX_PREPARED:
            raise SqlError(f"a session has at most {MAX_PREPARED} prepared statements")
        text = parts[0] if parts else ""
        highest = _highest_parameter(text)
        prepared = Prepared(text, oids + [0] * (highest - len(oids)))
        if text:
            prepared.fields = self._session.describe(
                text, literals.nulls(prepared.oids)
            )  # what is wrong with it is said now
        self._prepared[name] = prepared
        self._out.write(messages.PARSE_COMPLETE)

    def _bind(self, payload: Payload) -> None:
        portal, name = payload.text(), payload.text()
        codes = [payload.int16() for _ in range(payload.count())]
        raw = [payload.bytes_or_null() for _ in range(payload.count())]
        formats = [payload.int16() for _ in range(payload.count())]
        payload.end()
        prepared = self._find(name)
        if len(raw) != len(prepared.oids):
            raise ProtocolError(
                f"bind message supplies {len(raw)} parameters, but prepared statement requires {len(prepared.oids)}"
            )
        if len(codes) not in (0, 1, len(raw)):
            raise ProtocolError(f"bind message has {len(codes)} parameter formats but {len(raw)} parameters")
        values = [
            literals.value(data, oid, _format(codes, index))
            for index, (data, oid) in enumerate(zip(raw, prepared.oids, strict=True))
        ]
        if portal and portal in self._portals:
            raise SqlError(f'portal "{portal}" already exists')
        self._drop_portal(portal)
        self._portals[portal] = Portal(prepared, values, formats)
        self._out.write(messages.BIND_COMPLETE)

    def _describe(self, payload: Payload) -> None:
        what, name = payload.take(1), payload.text()
        payload.end()
        if what == b"S":
            prepared = self._find(name)
            self._out.write(messages.parameter_description([oid or OIDS["varchar"][0] for oid in prepared.oids]))
            fields, formats = prepared.fields, []
        elif what == b"P":
            portal = self._portal(name)
            sql, formats = portal.prepared.sql, portal.formats
            fields = portal.fields = self._session.describe(sql, portal.values) if sql else None
        else:
            raise ProtocolError(f"invalid DESCRIBE message subtype {what[0]}")
        self._out.write(messages.NO_DATA if fields is None else _row_description(fields, formats))

    def _execute(self, payload: Payload) -> None:
        portal, limit = self._portal(payload.text()), payload.int32()
        payload.end()
        sql = portal.prepared.sql
        if not sql:
            self._out.write(messages.EMPTY_QUERY)
            return
        if portal.done:
            # What is complete has no more rows, and a statement without rows does not run twice.
            self._out.write(messages.command_complete(statements.tag(sql, 0)))
            return
        if limit > 0 and portal.cursor is None and self._is_query(portal):
            portal.cursor = self._session.materialize(sql, portal.values)
        if portal.cursor is not None:
            self._some_rows(portal, portal.cursor, limit)
            return
        self._discard(sql)
        outcome = self._session.execute(sql, portal.values)
        portal.done = True
        fields = outcome.fields or []
        described = portal.fields or portal.prepared.fields
        if described and len(described) == len(fields):
            fields = described  # the client reads by what it was sent
        self._complete(outcome, self._rows(fields, portal.formats, outcome.rows))

    def _is_query(self, portal: Portal) -> bool:
        sql = portal.prepared.sql
        return not self._session.is_command(sql) and self._session.compile(sql, portal.values).kind == "query"

    def _some_rows(self, portal: Portal, cursor: Cursor, limit: int) -> None:
        end = cursor.total if limit <= 0 else min(cursor.total, cursor.position + limit)
        count = end - cursor.position

        def blocks() -> Iterator[list[tuple[Any, ...]]]:
            while cursor.position < end:
                yield self._session.read(cursor, min(FETCH_ROWS, end - cursor.position))

        for row in self._rows(cursor.fields, portal.formats, blocks()):
            self._out.write(row)
        if cursor.position < cursor.total:
            self._out.write(messages.PORTAL_SUSPENDED)
            return
        portal.done = True
        self._out.write(messages.command_complete(statements.tag(portal.prepared.sql, count)))

    def _close(self, payload: Payload) -> None:
        what, name = payload.take(1), payload.text()
        payload.end()
        if what == b"S":
            self._prepared.pop(name, None)
        elif what == b"P":
            self._drop_portal(name)
        else:
            raise ProtocolError(f"invalid CLOSE message subtype {what[0]}")
        self._out.write(messages.CLOSE_COMPLETE)

    def _sync(self) -> None:
        with self._reporting():
            if not self._skipping:
                self._session.finish()
        self._skipping = False
        self._end_of_portals()
        self._ready()

    def _find(self, name: str) -> Prepared:
        if name not in self._prepared:
            raise SqlError(f'prepared statement "{name}" does not exist')
        return self._prepared[name]

    def _portal(self, name: str) -> Portal:
        if name not in self._portals:
            raise SqlError(f'portal "{name}" does not exist')
        return self._portals[name]

    def _drop_portal(self, name: str) -> None:
        portal = self._portals.pop(name, None)
        if portal and portal.cursor:
            self._session.release(portal.cursor)

    def _end_of_portals(self) -> None:
        """Portals end with their transaction."""
        if self._session.state != "T":
            self._portals.clear()

    # -- answers

    def _rows(
        self, fields: list[Field], formats: list[int], blocks: Iterator[list[tuple[Any, ...]]]
    ) -> Iterator[bytes]:
        encoders = [encoder(item, _format(formats, index)) for index, item in enumerate(fields)]
        for block in blocks:
            for row in block:
                yield messages.data_row(encode(value) for encode, value in zip(encoders, row, strict=True))

    def _complete(self, outcome: Outcome, rows: Iterator[bytes]) -> None:
        count = 0
        for row in rows:
            self._out.write(row)
            count += 1
        if outcome.notice:
            self._out.write(messages.notice_response(outcome.notice, "INFO"))
        if outcome.changed:
            name, value = outcome.changed
            reported = {key.lower(): key for key in self._session.parameters.reported()}
            if name in reported:
                self._out.write(messages.parameter_status(reported[name], value))
        self._out.write(messages.command_complete(outcome.tag(count)))

    def _ready(self) -> None:
        self._out.write(messages.ready(self._session.state))
        self._out.flush()

    @contextmanager
    def _reporting(self, extended: bool = False) -> Iterator[None]:
        """Answers an error with ErrorResponse; the transaction fails with it."""
        self._session.start_statement()
        timer = self._session.timed()
        try:
            yield
            return
        except SqlError as error:
            text = str(error).removeprefix("ERROR: ").strip()
            state, text = getattr(error, "sqlstate", None) or sqlstate_of(text), text
        except (Disconnected, ProtocolError, OSError):
            raise
        except Exception as error:
            log.exception("a statement failed")
            state, text = INTERNAL_ERROR, f"internal error: {type(error).__name__}: {error}"
        finally:
            if timer:
                timer.cancel()
            self._session.end_statement()
        self._skipping = extended
        try:
            self._session.fail()
        finally:
            self._out.write(messages.error_response(state, text))


def _format(codes: list[int], index: int) -> int:
    """The format of a column or parameter: none given is text, one is for all."""
    if not codes:
        return 0
    code = codes[0] if len(codes) == 1 else codes[index] if index < len(codes) else 0
    if code not in (0, 1):
        raise ProtocolError(f"unsupported format code: {code}")
    return code


def _row_description(fields: list[Field], formats: list[int]) -> bytes:
    return messages.row_description(
        [(f.name, f.oid, f.size, f.modifier, _format(formats, index)) for index, f in enumerate(fields)]
    )


def _highest_parameter(sql: str) -> int:
    """The largest n of the $n in a statement. Raises SqlError for one over the limit."""
    highest = number_placeholders(sql)[1]
    if highest > messages.MAX_PARAMETERS:
        raise SqlError(f"a statement has at most {messages.MAX_PARAMETERS} parameters")
    return highest
