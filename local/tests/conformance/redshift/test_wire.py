"""PostgreSQL's wire protocol, byte by byte: messages, transactions, canceling, privileges, malformed input."""

from __future__ import annotations

import random
import shutil
import socket
import ssl
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from local.tests.conformance.redshift.conftest import Redshift
from local.tests.conformance.redshift.wire import OWNER, Client, Door, RefusedError

SETUP = [
    "CREATE SCHEMA core",
    "CREATE SCHEMA mart",
    "CREATE SCHEMA sandbox",
    "CREATE TABLE core.fact (id INTEGER NOT NULL, name VARCHAR(20), amount DECIMAL(12,2), at TIMESTAMP, ok BOOLEAN)",
    "INSERT INTO core.fact VALUES (1, 'a', 1.50, '2020-01-02 03:04:05', true), (2, NULL, NULL, NULL, false)",
    "CREATE VIEW mart.total AS SELECT id, amount FROM core.fact",
    "COMMENT ON TABLE core.fact IS 'the facts'",
    "CREATE ROLE analyst",
    "GRANT USAGE ON SCHEMA mart TO ROLE analyst",
    "GRANT SELECT ON mart.total TO ROLE analyst",
    "GRANT USAGE, CREATE ON SCHEMA sandbox TO ROLE analyst",
]


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    redshift = Redshift(tmp_path_factory.mktemp("redshift"))
    redshift.ok(SETUP)
    opened = Door(redshift, tmp_path_factory.mktemp("tls"))
    yield opened
    opened.stop()
    redshift.stop()


@pytest.fixture
def client(door: Door) -> Iterator[Client]:
    with door.connect() as opened:
        yield opened


@pytest.fixture
def analyst(door: Door) -> Iterator[Client]:
    with door.connect(door.login("IAMR:analyst", "analyst")) as opened:
        yield opened


def test_a_client_sees_that_it_has_reached_redshift(client: Client) -> None:
    assert client.parameters["server_version"] == "8.0.2"
    assert client.parameters["client_encoding"] == "UTF8"
    assert "Redshift 1.0" in str(client.query("SELECT version()").rows[0][0])
    assert client.query("SELECT current_user, current_database()").rows == [["swipeline_loader", "swipeline"]]


def test_a_login_with_a_wrong_password_user_or_database_is_refused(door: Door) -> None:
    for user in (OWNER[0], "nobody"):
        with pytest.raises(RefusedError) as refused:
            door.connect((user, "wrong"))
        assert refused.value.args == ("28P01", f'password authentication failed for user "{user}"')
    with pytest.raises(RefusedError) as refused:
        door.connect(database="nowhere")
    assert refused.value.args == ("3D000", 'database "nowhere" does not exist')


def test_redshifts_own_drivers_log_in_by_digest(door: Door) -> None:
    with door.connect(client_protocol_version="2") as client:
        assert client.query("SELECT 1 AS a").rows == [["1"]]
    with pytest.raises(RefusedError) as refused:
        door.connect((OWNER[0], "wrong"), client_protocol_version="2")
    assert refused.value.args[0] == "28P01"


def test_temporary_credentials_expire_and_are_good_for_their_database(door: Door) -> None:
    credentials = door.login("IAMR:short", "analyst")
    door.connect(credentials).close()
    with pytest.raises(RefusedError):
        door.connect(credentials, database="other")
    door.users._now = lambda: time.time() + 901  # type: ignore[method-assign]
    try:
        with pytest.raises(RefusedError):
            door.connect(credentials)
    finally:
        door.users._now = time.time  # type: ignore[method-assign]


def test_a_simple_query_may_hold_several_statements_in_one_transaction(client: Client) -> None:
    answer = client.query(
        "CREATE TABLE public.many (a INTEGER); INSERT INTO public.many VALUES (1); SELECT * FROM public.missing"
    )
    assert answer.tags[:2] == ["CREATE TABLE", "INSERT 0 1"]
    assert answer.errors
    assert client.query("SELECT a FROM public.many").errors[0][0] == "42P01"
    assert client.query("-- nothing\n;").kinds == "IZ"
    assert client.query("SELECT ';' AS a; /* ; */ SELECT 2 AS b").rows == [[";"], ["2"]]


def test_values_travel_as_text_with_their_types(client: Client) -> None:
    answer = client.query("SELECT id, name, amount, at, ok, 1.5::FLOAT8 AS f FROM core.fact ORDER BY id")
    assert answer.rows == [["1", "a", "1.50", "2020-01-02 03:04:05", "t", "1.5"], ["2", None, None, None, "f", "1.5"]]
    assert [(name, oid) for name, oid, _ in answer.columns] == [
        ("id", 23),
        ("name", 1043),
        ("amount", 1700),
        ("at", 1114),
        ("ok", 16),
        ("f", 701),
    ]
    assert answer.columns[2][2] == (12 << 16 | 2) + 4
    assert answer.tags == ["SELECT 2"]


def test_the_extended_protocol_binds_text_and_binary_parameters(client: Client) -> None:
    sql = "SELECT id, amount FROM core.fact WHERE id = $1 AND name = $2"
    assert client.run(sql, b"1", b"a").rows == [["1", "1.50"]]
    binary = client.run(sql, struct.pack("!i", 1), b"a", oids=(23, 1043), binary=True, results=1)
    assert binary.cells == [[struct.pack("!i", 1), struct.pack("!HhHH2H", 2, 0, 0, 2, 1, 5000)]]
    assert client.run("SELECT $1 AS a, '$2' AS b", None).rows == [[None, "$2"]]
    assert client.run("SELECT name FROM core.fact WHERE name = $1", b"' OR 1=1 --").rows == []
    assert client.run("SELECT name FROM core.fact WHERE name = $1", b"\\' OR 1=1 --").rows == []
    assert client.run("SELECT $1 + 1 AS a", b"41", oids=(23,)).rows == [["42"]]
    assert client.run("SELECT id FROM core.fact ORDER BY id LIMIT $1", b"1", oids=(20,)).rows == [["1"]]


def test_binary_results_have_the_types_that_were_described(client: Client) -> None:
    client.parse("SELECT $1 + 1 AS a, $2 AS b", oids=(20, 705))
    client.describe("S")
    client.bind(b"41", b"it's", results=1)
    client.execute()
    answer = client.sync()
    assert [oid for _, oid, _ in answer.columns] == [20, 1043]
    assert answer.cells == [[struct.pack("!q", 42), b"it's"]]


def test_a_statement_is_described_before_it_runs(client: Client) -> None:
    client.parse("SELECT id, amount FROM core.fact WHERE id = $1", "s", (23,))
    client.describe("S", "s")
    answer = client.sync()
    assert answer.of(b"t") == [struct.pack("!HI", 1, 23)]
    assert [name for name, _, _ in answer.columns] == ["id", "amount"]
    client.parse("INSERT INTO core.fact VALUES (9, 'x', 1, NULL, true)")
    client.describe("S")
    assert client.sync().kinds == "1tnZ"
    assert client.query("SELECT COUNT(*) FROM core.fact WHERE id = 9").rows == [["0"]]


def test_an_error_skips_what_follows_until_the_sync(client: Client) -> None:
    client.parse("SELECT nothing FROM nowhere")
    client.bind()
    client.execute()
    answer = client.sync()
    assert answer.kinds == "EZ"
    assert answer.status == "I"
    client.parse("SELECT 1 AS a", "kept")
    client.bind(name="missing")
    assert client.sync().errors == [("26000", 'prepared statement "missing" does not exist')]
    client.bind(name="kept")
    client.execute()
    assert client.sync().rows == [["1"]]


def test_a_portal_gives_its_rows_in_parts(client: Client) -> None:
    client.query("BEGIN")
    client.parse("SELECT id FROM core.fact ORDER BY id")
    client.bind(portal="p")
    client.execute(1, "p")
    first = client.sync()
    assert (first.rows, "s" in first.kinds, first.status) == ([["1"]], True, "T")
    assert client.query("SELECT 5 AS a").rows == [["5"]]
    client.execute(5, "p")
    rest = client.sync()
    assert (rest.rows, rest.tags) == ([["2"]], ["SELECT 1"])
    client.query("COMMIT")
    client.execute(1, "p")
    assert "does not exist" in client.sync().errors[0][1]


def test_a_transaction_is_undone_or_kept_and_fails_until_its_end(client: Client) -> None:
    assert client.query("BEGIN").status == "T"
    client.query("CREATE TABLE public.tried (a INTEGER)")
    assert client.query("SELECT * FROM public.missing").status == "E"
    assert client.query("SELECT 1").errors[0][0] == "25P02"
    answer = client.query("COMMIT")
    assert (answer.tags, answer.status) == (["ROLLBACK"], "I")
    assert client.query("SELECT * FROM public.tried").errors[0][0] == "42P01"
    client.query("BEGIN; CREATE TABLE public.tried (a INTEGER); COMMIT")
    assert client.query("DROP TABLE public.tried").tags == ["DROP TABLE"]


def test_writers_wait_for_each_other(door: Door, client: Client) -> None:
    client.query("CREATE TABLE public.turns (a INTEGER)")
    client.query("BEGIN; INSERT INTO public.turns VALUES (1)")
    waiting = door.redshift.submit("INSERT INTO public.turns VALUES (2)")
    with door.connect() as reader:
        assert reader.query("SELECT a FROM public.turns").rows == []
    assert door.redshift.client.describe_statement(Id=waiting)["Status"] in ("SUBMITTED", "PICKED", "STARTED")
    client.query("COMMIT")
    assert door.redshift.wait(waiting)["Status"] == "FINISHED"
    assert client.query("SELECT a FROM public.turns ORDER BY a").rows == [["1"], ["2"]]
    client.query("DROP TABLE public.turns")


def test_a_connection_that_breaks_leaves_no_lock_and_no_rows(door: Door) -> None:
    broken = door.connect()
    broken.query("CREATE TABLE public.broken (a INTEGER)")
    broken.query("BEGIN; INSERT INTO public.broken VALUES (1)")
    broken.socket.shutdown(socket.SHUT_RDWR)
    broken.close()
    with door.connect() as other:
        assert other.query("INSERT INTO public.broken VALUES (2)").tags == ["INSERT 0 1"]
        assert other.query("SELECT a FROM public.broken").rows == [["2"]]
        other.query("DROP TABLE public.broken")


def test_cursors_are_declared_fetched_and_closed(client: Client) -> None:
    assert "transaction blocks" in client.query("DECLARE c CURSOR FOR SELECT 1").errors[0][1]
    client.query("BEGIN")
    assert client.query('DECLARE "c" CURSOR FOR SELECT id FROM core.fact ORDER BY id').tags == ["DECLARE CURSOR"]
    assert client.query('FETCH FORWARD 1 FROM "c"').rows == [["1"]]
    answer = client.query("FETCH ALL FROM c")
    assert (answer.rows, answer.tags) == ([["2"]], ["FETCH 1"])
    assert client.query("CLOSE c").tags == ["CLOSE CURSOR"]
    assert client.query("FETCH NEXT FROM c").errors[0][0] == "34000"
    client.query("ROLLBACK")


def test_parameters_are_set_shown_and_refused(client: Client) -> None:
    answer = client.query("SET application_name TO 'a tool'")
    assert answer.tags == ["SET"]
    assert client.query("SHOW application_name").rows == [["a tool"]]
    assert client.query("SET search_path TO mart, public").tags == ["SET"]
    assert client.query("SELECT id FROM total ORDER BY id").rows == [["1"], ["2"]]
    assert client.query("SET no_such_thing = 1").errors[0][0] == "42704"
    assert client.query("SET timezone = 'Europe/Paris'").errors[0][0] == "0A000"
    assert client.query("RESET ALL").tags == ["RESET"]
    assert client.query("SHOW application_name").rows == [[""]]


def test_a_running_statement_is_canceled_by_its_key_only(door: Door, client: Client) -> None:
    client.query("CREATE TABLE public.big (x BIGINT)")
    client.query("INSERT INTO public.big VALUES (1)")
    for _ in range(14):
        client.query("INSERT INTO public.big SELECT x + 1 FROM public.big")
    stop = threading.Event()

    def cancel(key: int) -> None:
        with socket.create_connection(("127.0.0.1", door.port)) as other:
            other.sendall(struct.pack("!iiiI", 16, 80877102, client.pid, key))

    def keep_canceling() -> None:
        while not stop.wait(0.05):
            cancel(client.key)

    cancel(client.key ^ 1)
    assert client.query("SELECT 1 AS a").rows == [["1"]]
    thread = threading.Thread(target=keep_canceling)
    thread.start()
    try:
        answer = client.query(
            "SELECT SUM(a.x * b.x % 7) FROM public.big a CROSS JOIN public.big b CROSS JOIN public.big c"
        )
    finally:
        stop.set()
        thread.join()
    assert answer.errors[0][0] == "57014"
    client.query("SET statement_timeout = 200")
    answer = client.query(SLOW)
    assert answer.errors[0][0] == "57014"
    client.query("RESET statement_timeout; DROP TABLE public.big")


def test_the_analyst_reads_the_marts_and_core_is_refused(analyst: Client) -> None:
    assert analyst.query("SELECT id FROM mart.total ORDER BY id").rows == [["1"], ["2"]]
    assert analyst.query('SELECT id FROM "swipeline"."mart"."total" ORDER BY id').rows == [["1"], ["2"]]
    refused = ("42501", "permission denied for schema core")
    assert analyst.query("SELECT * FROM core.fact").errors == [refused]
    assert analyst.query("SELECT * FROM swipeline.core.fact").errors == [refused]
    assert analyst.run("SELECT * FROM core.fact WHERE id = $1", b"1").errors == [refused]
    assert analyst.query("BEGIN; DECLARE c CURSOR FOR SELECT * FROM core.fact").errors == [refused]
    analyst.query("ROLLBACK")
    assert analyst.query("SET search_path TO core").tags == ["SET"]
    assert analyst.query("SELECT * FROM fact").errors == [refused]
    assert analyst.query("INSERT INTO core.fact VALUES (3)").errors[0][0] == "42501"
    for hidden in ("main._grant", "main.pg_class", "system.main.duckdb_tables", "pg_catalog.pg_sequences"):
        assert analyst.query(f"SELECT * FROM {hidden}").errors, hidden
    assert analyst.query("SELECT * FROM pg_class, read_csv('/etc/hostname')").errors
    assert analyst.query("SELECT getenv('HOME') FROM pg_class").errors
    assert analyst.query("SELECT c.relname FROM pg_class c, core.fact").errors


def test_a_role_owns_what_it_creates_where_it_may(door: Door, analyst: Client) -> None:
    assert analyst.query("CREATE TABLE sandbox.own AS SELECT id FROM mart.total").tags == ["CREATE TABLE"]
    assert analyst.query("INSERT INTO sandbox.own SELECT id FROM mart.total").tags == ["INSERT 0 2"]
    assert analyst.query("ALTER TABLE sandbox.own RENAME TO mine").tags == ["ALTER TABLE"]
    assert analyst.query("SELECT COUNT(*) FROM sandbox.mine").rows == [["4"]]
    assert analyst.query("CREATE TABLE sandbox.stolen AS SELECT * FROM core.fact").errors[0][0] == "42501"
    assert analyst.query("INSERT INTO sandbox.mine SELECT id FROM core.fact").errors[0][0] == "42501"
    assert analyst.query("CREATE TABLE mart.more (a INTEGER)").errors[0][0] == "42501"
    assert analyst.query("DROP VIEW mart.total").errors[0][0] == "42501"
    with door.connect(door.login("IAMR:other", "analyst")) as other:
        assert other.query("DROP TABLE sandbox.mine").errors == [("42501", "must be owner of relation mine")]
        assert other.query("SELECT * FROM sandbox.mine").errors[0][0] == "42501"
    assert analyst.query("DROP TABLE sandbox.mine").tags == ["DROP TABLE"]


def test_tls_is_offered_with_the_homes_certificate(door: Door) -> None:
    context = ssl.create_default_context(cafile=str(door.certificate))
    with socket.create_connection(("127.0.0.1", door.port)) as plain:
        plain.sendall(struct.pack("!ii", 8, 80877103))
        assert plain.recv(1) == b"S"
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as secure:
            assert secure.version() == "TLSv1.3"


SLOW = "SELECT SUM(a.x * b.x % 7) FROM public.big a CROSS JOIN public.big b CROSS JOIN public.big c"
MALFORMED = (
    b"",
    b"\0\0\0\x04",
    b"\xff\xff\xff\xff\0\0\0\0",
    b"\0\0\0\x09\0\x03\0\0\0",
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    struct.pack("!ii", 8, 80877103) + b"not a handshake at all" * 4,
    struct.pack("!ii", 8, 196608),
    struct.pack("!ii", 8, 131072),
)


@pytest.mark.parametrize("data", MALFORMED)
def test_a_malformed_start_ends_the_connection_and_nothing_else(door: Door, data: bytes) -> None:
    with socket.create_connection(("127.0.0.1", door.port), timeout=10) as broken, suppress(OSError):
        broken.sendall(data)
        broken.shutdown(socket.SHUT_WR)
        while broken.recv(4096):
            pass
    door.connect().close()


def test_random_messages_never_take_the_server_down(door: Door) -> None:
    rng = random.Random(20)
    kinds = b"QPBDECSHXpdcf?\0"
    for _ in range(60):
        with door.connect() as client:
            client.socket.settimeout(0.2)
            for _ in range(rng.randrange(1, 6)):
                body = rng.randbytes(rng.randrange(0, 40)) + rng.choice([b"", b"\0", b"\0\0\0\0"])
                length = len(body) + 4 if rng.random() < 0.8 else rng.choice([0, 3, -1, 2**31 - 1])
                client.socket.sendall(bytes([rng.choice(kinds)]) + struct.pack("!i", length) + body)
                try:
                    while client.socket.recv(65536):
                        pass
                    break
                except TimeoutError:
                    continue
                except OSError:
                    break
    with door.connect() as client:
        assert client.query("SELECT 1 AS a").rows == [["1"]]


def psql(door: Door, *commands: str, credentials: tuple[str, str] = OWNER) -> str:
    program = shutil.which("psql")
    assert program, "psql is missing: install Debian's postgresql-client"
    conninfo = f"host=127.0.0.1 port={door.port} dbname=swipeline user={credentials[0]} sslmode=verify-full"
    done = subprocess.run(
        [program, "-X", "-A", "-t", f"{conninfo} sslrootcert={door.certificate}", *(f"-c{item}" for item in commands)],
        env={"PGPASSWORD": credentials[1], "PATH": "/usr/bin:/bin", "HOME": str(Path(door.certificate).parent)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout + done.stderr


def test_psql_shows_what_there_is(door: Door) -> None:
    assert "core|admin" in psql(door, r"\dn")
    assert psql(door, r"\dt core.*") == "core|fact|table|admin\n"
    assert psql(door, r"\dv mart.*") == "mart|total|view|admin\n"
    described = psql(door, r"\d core.fact")
    assert described.startswith("id|integer||not null|\nname|character varying(20)|||\namount|numeric(12,2)|||")
    assert "swipeline_loader" in psql(door, r"\du")
    assert psql(door, r"\l").startswith("swipeline|admin|UTF8")
    assert "the facts" in psql(door, r"\dt+ core.*")
    assert "SELECT id AS id, amount AS amount FROM core.fact" in psql(door, r"\sv mart.total")
    for command in (r"\d", r"\di", r"\df", r"\dx", r"\dp", r"\dT", r"\db", r"\dn+", r"\d+ mart.total", r"\conninfo"):
        assert "ERROR" not in psql(door, command), command


def test_psql_as_the_analyst(door: Door) -> None:
    login = door.login("IAMR:analyst", "analyst")
    assert psql(door, "SELECT COUNT(*) FROM mart.total", credentials=login) == "2\n"
    assert psql(door, "SELECT * FROM core.fact", credentials=login) == "ERROR:  permission denied for schema core\n"
    assert "password authentication failed" in psql(door, "SELECT 1", credentials=("IAMR:analyst", "wrong"))
