"""Puts the database in the place of MiniStack's dictionaries, and has each request answered once it is committed."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import FunctionType
from typing import Any

from local.cloudwatch.replacing import replace
from local.tables import expiry
from local.tables.batch import Batches
from local.tables.database import Database
from local.tables.describing import described
from local.tables.items import Members, Table, Tables, set_counts, wanted_indexes
from local.tables.keys import Key
from local.tables.query import narrow
from local.tables.scan import PagedScan, selected, selected_from_index

log = logging.getLogger(__name__)

ADDS = frozenset(
    {
        "PutItem",
        "UpdateItem",
        "BatchWriteItem",
        "TransactWriteItems",
        "BatchExecuteStatement",
        "ExecuteStatement",
        "ExecuteTransaction",
        "ImportTable",
    }
)
Answer = tuple[int, Any, bytes]
Handle = Callable[..., Awaitable[Answer]]


class Commits:
    """One commit for all requests that the event loop carries out before it comes to it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ended: asyncio.Future[str] | None = None

    async def done(self) -> str:
        """Wait until what was written is committed; empty, or why it is not."""
        if self._ended is None:
            loop = asyncio.get_running_loop()
            self._ended = loop.create_future()
            loop.call_soon(self._commit)
        return await self._ended

    def _commit(self) -> None:
        ended, self._ended = self._ended, None
        failure = ""
        try:
            self._database.commit()
        except sqlite3.Error as error:
            failure = reason(error)
        if ended is not None and not ended.done():
            ended.set_result(failure)


def reason(error: sqlite3.Error) -> str:
    """Why the database did not do it."""
    return "disk full: the embedded DynamoDB cannot store" if "full" in str(error) else f"the database: {error}"


def durable(
    handle: Handle, database: Database, serving: Serving, failed: Callable[[str], Answer], full: Callable[[], str]
) -> Handle:
    """MiniStack's `handle_request` of DynamoDB, which awaits nothing; answered when what was written is kept."""
    commits = Commits(database)

    async def handled(method: str, path: str, headers: Any, *more: Any) -> Answer:
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        if operation in ADDS and (why := full()):
            return failed(why)
        serving.now, rollbacks = True, database.rollbacks
        try:
            answer = await handle(method, path, headers, *more)
        except sqlite3.Error as error:
            log.error("a request to DynamoDB failed: %s", error)
            database.roll_back()
            return failed(reason(error))
        finally:
            serving.now = False
        failure = await commits.done() if database.pending else ""
        if not failure and database.rollbacks != rollbacks:
            failure = "another request could not be stored, and took this one back"
        if failure:
            log.error("a request to DynamoDB failed: %s", failure)
            return failed(failure)
        return answer

    return handled


class Serving(threading.local):
    """Whether this thread carries out a request, which is committed at its end."""

    now = False


class Replacements:
    """What takes the place of MiniStack's functions.

    What writes beside the requests (a task of Step Functions) is committed at once.
    """

    def __init__(self, dynamodb: Any, database: Database, serving: Serving) -> None:
        self._dynamodb, self._database, self._serving = dynamodb, database, serving

    def set_item(self, table: Table, partition: str, sort: str, item: Any) -> Any:
        """Store an item; give the one that was there."""
        rows = table["items"].rows
        rows.set_indexes(wanted_indexes(table))
        before = rows.put(Key(partition, sort), item)
        self._written(table)
        return before

    def remove_item(self, table: Table, partition: str, sort: str) -> Any:
        """Remove an item; give it."""
        rows = table["items"].rows
        before = rows.remove(Key(partition, sort))
        self._written(table)
        return before

    def _written(self, table: Table) -> None:
        set_counts(table)
        if not self._serving.now:
            self._database.commit()

    def index_members(self, table: Table) -> Members:
        """Which items each index has."""
        rows = table["items"].rows
        rows.set_indexes(wanted_indexes(table))
        return Members(rows)

    def items_replaced(self, table: Table) -> None:
        """Store the items that MiniStack put in the place of a table's."""
        for scope, one in self._dynamodb._tables.all_items():
            if one is table:
                self._dynamodb._tables.set_scoped(*scope, table)

    def transaction(self, execute: FunctionType) -> Callable[[dict[str, Any]], Answer]:
        """`_execute_transaction`, which copies the items of its tables to take a failed one back, with a savepoint."""

        def executed(data: dict[str, Any]) -> Answer:
            tables = {id(table): table["items"] for table in self._dynamodb._tables.all_values()}

            def take_back(table: Table) -> None:
                table["items"] = tables[id(table)]
                self._database.roll_back_to_savepoint()
                set_counts(table)

            names = {**vars(self._dynamodb), "dict": lambda items=(): {}, "_items_replaced": take_back}
            with self._database.savepoint():
                answer: Answer = FunctionType(execute.__code__, names, execute.__name__)(data)
            return answer

        return executed


def install(dynamodb: Any, path: Path, full: Callable[[], str] = lambda: "") -> Database:
    """Keep the tables of MiniStack's module in a database at `path`. Raises AttributeError when it is another module.

    Before anything that wraps its functions. While `full` gives a reason, writes are refused with it.
    """
    database, serving = Database(path), Serving()
    ours = Replacements(dynamodb, database, serving)
    replace(dynamodb, "_tables", Tables(database))
    replace(dynamodb, "_set_item", ours.set_item)
    replace(dynamodb, "_remove_item", ours.remove_item)
    replace(dynamodb, "_index_members", ours.index_members)
    replace(dynamodb, "_items_replaced", ours.items_replaced)
    replace(dynamodb, "_update_counts", set_counts)
    replace(dynamodb, "_table_description", described(dynamodb._table_description, dynamodb))
    replace(dynamodb, "_query", narrow(dynamodb))
    replace(dynamodb, "_scan", PagedScan(dynamodb._scan, vars(dynamodb)))
    replace(dynamodb, "_partiql_select", selected(dynamodb._partiql_select))
    replace(dynamodb, "_partiql_select_index", selected_from_index(dynamodb._partiql_select_index))
    replace(dynamodb, "_batch_write_item", Batches(dynamodb))
    replace(dynamodb, "_execute_transaction", ours.transaction(dynamodb._execute_transaction))

    def failed(why: str) -> Answer:
        answer: Answer = dynamodb.error_response_json("InternalServerError", why, 500)
        return answer

    replace(dynamodb, "handle_request", durable(dynamodb.handle_request, database, serving, failed, full))
    expiry.start(dynamodb)
    return database
