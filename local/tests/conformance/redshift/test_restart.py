"""What outlives a restart and a crash: data, statements, results; never half a transaction."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from local.project import ROOT
from local.redshift.engine import Database
from local.redshift.results import Result
from local.redshift.store import RETENTION_SECONDS, Part, Statement, Store
from local.redshift.translate import compile_statement, parse
from local.tests.conformance.redshift.conftest import TARGET, Redshift

SERVE = """
import sys
from pathlib import Path
from local.redshift.server import DataApi
from local.tests.conformance.redshift.conftest import KeyGate, MemoryS3
server = DataApi(Path(sys.argv[1]), 0, KeyGate(), MemoryS3())
print(server.port, flush=True)
server.serve_forever()
"""


def test_data_statements_and_results_are_there_after_a_restart(own_redshift: Redshift) -> None:
    own_redshift.ok("CREATE TABLE t (a VARCHAR(3) DEFAULT 'x', b TIMESTAMP DEFAULT GETDATE())")
    own_redshift.ok("INSERT INTO t (a) VALUES ('one')")
    found = own_redshift.ok("SELECT a FROM t")
    failed = own_redshift.run("SELECT * FROM missing")
    own_redshift.stop()
    own_redshift.start()
    assert own_redshift.result(found["Id"]) == [("one",)]
    assert own_redshift.client.describe_statement(Id=failed["Id"])["Error"] == failed["Error"]
    assert own_redshift.rows("SELECT a FROM t") == [("one",)]
    assert "too long" in own_redshift.error("INSERT INTO t (a) VALUES ('four')")


class Crashing:
    """A server in a process of its own, to be killed."""

    def __init__(self, home: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(home)], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        assert self._process.stdout
        self.port = int(self._process.stdout.readline())

    def kill(self) -> None:
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait()


def test_a_kill_in_the_middle_of_a_transaction_leaves_none_of_it(tmp_path: Path) -> None:
    crashing = Crashing(tmp_path)
    import boto3  # a client for a server that isn't this process's

    client: Any = boto3.client(
        "redshift-data",
        endpoint_url=f"http://127.0.0.1:{crashing.port}",
        region_name="us-east-1",
        aws_access_key_id="root",
        aws_secret_access_key="x",
    )
    numbers = ", ".join(f"({n})" for n in range(2000))
    setup = ["CREATE TABLE t (a BIGINT)", "CREATE TABLE n (a BIGINT)", f"INSERT INTO n VALUES {numbers}"]
    first = client.batch_execute_statement(Sqls=setup, **TARGET)["Id"]
    assert client.describe_statement(Id=first, WaitTimeSeconds=20)["Status"] == "FINISHED"
    slow = client.batch_execute_statement(
        Sqls=[
            "INSERT INTO t VALUES (1)",
            "INSERT INTO t SELECT SUM(a.a * b.a + c.a) FROM n a, n b, n c, n d WHERE a.a + d.a < b.a",
        ],
        **TARGET,
    )["Id"]
    queued = client.execute_statement(Sql="INSERT INTO t VALUES (2)", **TARGET)["Id"]
    deadline = time.monotonic() + 20
    while client.describe_statement(Id=slow)["SubStatements"][0]["Status"] != "FINISHED":
        assert time.monotonic() < deadline
    crashing.kill()

    again = Redshift(tmp_path)
    try:
        for statement_id in (slow, queued):
            found = again.client.describe_statement(Id=statement_id)
            assert found["Status"] == "FAILED"
            assert "interrupted" in found["Error"]
        assert again.client.describe_statement(Id=first)["Status"] == "FINISHED"
        assert again.rows("SELECT COUNT(*) FROM t") == [(0,)]
        assert again.rows("SELECT COUNT(*) FROM n") == [(2000,)]
    finally:
        again.stop()


COMMIT_AND_DIE = """
import os, signal, sys
from pathlib import Path
from local.project import ROOT
from local.redshift.engine import Database
from local.redshift.translate import compile_statement, parse
from shared.warehouse.migrations import all_statements
from shared.warehouse.sql import read_statements
with Database(Path(sys.argv[1])).session() as session:
    session.begin()
    for sql in [*all_statements(), "CREATE TABLE t (a VARCHAR(9))", "INSERT INTO t VALUES ('kept')"]:
        session.run(compile_statement(parse(sql)), 1, None)
    session.commit("statement")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_was_committed_is_there_after_a_kill_the_tables_too(tmp_path: Path) -> None:
    path = tmp_path / "swipeline.duckdb"
    died = subprocess.run([sys.executable, "-c", COMMIT_AND_DIE, str(path)], cwd=ROOT, check=False)
    assert died.returncode == -signal.SIGKILL
    database = Database(path)
    try:
        assert database.committed("statement")
        with database.session() as session:
            _, result = session.run(compile_statement(parse("SELECT a FROM t")), 1, None)
        assert result is not None
        assert json.loads(result.pages[0]) == [[{"stringValue": "kept"}]]
    finally:
        database.close()


def test_a_statement_that_was_committed_but_not_yet_marked_is_finished_after_a_crash(own_redshift: Redshift) -> None:
    own_redshift.ok("CREATE TABLE t (a INT)")
    found = own_redshift.ok(["INSERT INTO t VALUES (1)", "SELECT a FROM t"])
    store = own_redshift.server.store
    store._write(("UPDATE statement SET status = 'STARTED' WHERE id = ?", (found["Id"],)))  # the crash came in between
    own_redshift.stop()
    own_redshift.start()
    assert own_redshift.client.describe_statement(Id=found["Id"])["Status"] == "FINISHED"
    assert own_redshift.result(f"{found['Id']}:2") == [(1,)]


def test_statements_are_forgotten_after_24_hours(tmp_path: Path) -> None:
    clock = [1_000_000.0]
    store = Store(tmp_path / "s.db", now=lambda: clock[0])

    def statement(name: str) -> Statement:
        request = {"Sql": "SELECT 1", "WorkgroupName": "w", "Database": "d"}
        return Statement(name, request, "me", None, clock[0], 1, 1, [Part(0, "SELECT 1", created=clock[0])])

    store.add(statement("old"))
    result = Result([{"name": "a"}])
    result.pages, result.rows = [json.dumps([[{"longValue": 1}]])], 1
    store.save_result("old", 0, result)
    clock[0] += RETENTION_SECONDS + 1
    assert store.get("old") is None
    store.add(statement("new"))
    assert store.page("old", 0, 0) == ([], False)
    assert store.get("new") is not None
    store.close()


def test_the_process_serves_health_and_ends_on_sigterm(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "SWIPELINE_HOME": str(tmp_path), "SWIPELINE_PORT": str(port - 1)}
    process = subprocess.Popen(
        [sys.executable, "-m", "local.redshift"],
        env=environment,
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
                    connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost:%d\r\n\r\n" % port)
                    assert connection.recv(100).startswith(b"HTTP/1.1 200")
                    break
            except ConnectionRefusedError:
                assert time.monotonic() < deadline, "the server doesn't answer"
    finally:
        process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0


def test_readers_continue_while_a_writer_works_and_writers_queue(redshift: Redshift) -> None:
    redshift.ok(["CREATE TABLE t (a BIGINT)", "CREATE TABLE n (a BIGINT)"])
    redshift.ok(f"INSERT INTO n VALUES {', '.join(f'({n})' for n in range(2000))}")
    slow = redshift.submit("INSERT INTO t SELECT SUM(a.a + d.a) FROM n a, n b, n c, n d WHERE a.a + d.a < b.a + c.a")
    waiting = redshift.submit("UPDATE n SET a = a + 1 WHERE a = 0")
    assert redshift.rows("SELECT COUNT(*) FROM t") == [(0,)]
    assert redshift.client.describe_statement(Id=waiting)["Status"] == "SUBMITTED"
    redshift.client.cancel_statement(Id=slow)
    assert redshift.wait(waiting)["Status"] == "FINISHED"


def test_many_writers_at_once_all_succeed(redshift: Redshift) -> None:
    redshift.ok(["CREATE TABLE t (id INT, v INT)", "INSERT INTO t VALUES (1, 0)"])
    submitted = [redshift.submit("UPDATE t SET v = v + 1 WHERE id = 1") for _ in range(20)]
    assert [redshift.wait(item)["Status"] for item in submitted] == ["FINISHED"] * 20
    assert redshift.rows("SELECT v FROM t") == [(20,)]
