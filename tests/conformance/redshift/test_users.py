"""Database users with a password, and what one that may only load does with its rights."""

from __future__ import annotations

import hashlib

import pytest
from botocore.exceptions import ClientError

from functions.migrate_warehouse.loader import TABLES, Login, install
from local.redshift.database_users import grantee, matches, parse_user
from local.redshift.engine import Database
from local.redshift.errors import SqlError
from local.redshift.translate import compile_text
from local.tests.conformance.redshift.conftest import OWNER, ROLE, TARGET, MemoryS3, Redshift
from shared.warehouse.data_api import Warehouse

PASSWORD = "Abcdefg1"
SALT = "c721bff5d9042cf541ff7b9d48fa8a6e545c19a763e3710151f9513038b0f6c6"
DIGEST = hashlib.sha256(PASSWORD.encode() + bytes.fromhex(SALT)).hexdigest()
MD5 = hashlib.md5(f"{PASSWORD}loader".encode(), usedforsecurity=False).hexdigest()
COPY = f"COPY staging.incoming FROM 's3://b/k' IAM_ROLE '{ROLE}' JSON 'auto'"


@pytest.mark.parametrize("written", [PASSWORD, f"sha256|{PASSWORD}", f"sha256|{DIGEST}|{SALT}", f"md5{MD5}"])
@pytest.mark.parametrize("verb", ["CREATE USER loader PASSWORD", 'create user "loader" with password'])
def test_a_password_is_known_again_and_never_kept_in_clear(verb: str, written: str) -> None:
    command = parse_user(f"-- a comment\n{verb} '{written}';")
    assert (command.action, command.name) == ("create", "loader")
    assert matches("loader", command.password, PASSWORD)
    assert not matches("loader", command.password, f"{PASSWORD}x")
    assert PASSWORD not in command.password + repr(command)


def test_the_md5_hash_of_the_documentation_is_its_password() -> None:
    command = parse_user("create user user1 password 'md5153c434b4b77c89e6b94f12c5393af5b'")
    assert matches("user1", command.password, "ez")


@pytest.mark.parametrize(
    ("sql", "refusal"),
    [
        ("CREATE USER loader PASSWORD DISABLE", "not supported"),
        ("CREATE USER loader PASSWORD 'Abcdefg1' CREATEUSER", "not supported"),
        ("ALTER USER loader RENAME TO other", "not supported"),
        ("DROP USER loader", "not supported"),
        ("CREATE USER public PASSWORD 'Abcdefg1'", "reserved"),
        ("CREATE USER loader PASSWORD 'short1A'", "8 to 64 characters"),
        ("CREATE USER loader PASSWORD 'abcdefg1'", "uppercase"),
        (f"CREATE USER loader PASSWORD 'sha256|{DIGEST}|abc'", "sha256|digest|salt"),
        ("ALTER USER nobody PASSWORD 'Abcdefg1'", 'user "nobody" does not exist'),
        ("GRANT INSERT ON TABLE staging.incoming TO nobody", 'user "nobody" does not exist'),
        ("GRANT DELETE ON TABLE staging.incoming TO loader", "not supported"),
        ("GRANT INSERT ON TABLE staging.incoming TO PUBLIC", "not supported"),
        ("GRANT INSERT ON TABLE staging.incoming TO GROUP loaders", "not supported"),
        ("GRANT INSERT ON TABLE staging.incoming TO loader WITH GRANT OPTION", "not supported"),
    ],
)
def test_what_is_not_supported_is_refused_by_name_and_without_the_password(
    own_redshift: Redshift, sql: str, refusal: str
) -> None:
    own_redshift.ok(["CREATE SCHEMA staging", "CREATE TABLE staging.incoming (a INTEGER)"])
    error = own_redshift.error(sql)
    assert refusal in error
    assert "bcdefg1" not in error


def test_a_user_is_created_once_gets_another_password_and_is_in_the_catalog(own_redshift: Redshift) -> None:
    own_redshift.ok(f"CREATE USER loader PASSWORD '{PASSWORD}'")
    assert 'user "loader" already exists' in own_redshift.error(f"CREATE USER loader PASSWORD '{PASSWORD}'")
    own_redshift.ok("ALTER USER loader PASSWORD 'Another1'")
    own_redshift.stop()
    own_redshift.start()
    found = own_redshift.rows("SELECT usename, usesuper, passwd FROM pg_user WHERE usename = 'loader'")
    assert found == [("loader", False, "********")]


@pytest.fixture
def database(tmp_path) -> Database:
    made = Database(tmp_path / "d.duckdb")
    with made.session() as owner:
        for sql in (
            "CREATE SCHEMA staging",
            "CREATE SCHEMA core",
            "CREATE TABLE staging.incoming (a INTEGER)",
            "CREATE TABLE staging.other (a INTEGER)",
            "CREATE TABLE core.kept (a INTEGER)",
            f"CREATE USER loader PASSWORD '{PASSWORD}'",
            "GRANT USAGE ON SCHEMA staging TO loader",
            "GRANT INSERT ON TABLE staging.incoming TO loader",
            "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
            "REVOKE TEMPORARY ON DATABASE d FROM PUBLIC",
        ):
            owner.run(compile_text(sql), 1, None)
    return made


def as_loader(database: Database, sql: str) -> int:
    objects = MemoryS3()
    objects.put("s3://b/k", '{"a": 1}\n')
    with database.session((grantee("loader"),), "loader") as session:
        return session.run(compile_text(sql), 1, objects)[0]


def test_a_loader_copies_and_inserts_into_the_tables_that_it_was_granted(database: Database) -> None:
    assert as_loader(database, COPY) == 1
    assert as_loader(database, "INSERT INTO staging.incoming VALUES (2)") == 1


@pytest.mark.parametrize(
    "sql",
    [
        COPY.replace("incoming", "other"),
        COPY.replace("staging.incoming", "core.kept"),
        "SELECT a FROM staging.incoming",
        "INSERT INTO staging.incoming SELECT a FROM core.kept",
        "INSERT INTO staging.other VALUES (1)",
        "INSERT INTO core.kept VALUES (1)",
        "UPDATE staging.incoming SET a = 1",
        "DELETE FROM staging.incoming",
        "TRUNCATE staging.incoming",
        "DROP TABLE staging.incoming",
        "ALTER TABLE staging.incoming ADD COLUMN b INTEGER",
        "CREATE TABLE staging.own (a INTEGER)",
        "CREATE TABLE public.own (a INTEGER)",
        "CREATE TEMP TABLE own (a INTEGER)",
        "CREATE USER other PASSWORD 'Abcdefg1'",
        "GRANT INSERT ON TABLE core.kept TO loader",
        "LOCK staging.incoming",
    ],
)
def test_a_loader_does_nothing_else(database: Database, sql: str) -> None:
    with pytest.raises(SqlError, match=r"permission denied|must be owner"):
        as_loader(database, sql)


def test_a_revoked_grant_ends_the_loading(database: Database) -> None:
    with database.session() as owner:
        owner.run(compile_text("REVOKE INSERT ON staging.incoming FROM loader"), 1, None)
    with pytest.raises(SqlError, match="permission denied for relation incoming"):
        as_loader(database, COPY)


def test_what_migrate_warehouse_runs_makes_a_loader_and_may_be_repeated(own_redshift: Redshift) -> None:
    warehouse = Warehouse(own_redshift.client, TARGET["WorkgroupName"], TARGET["Database"])
    for sql in ("CREATE SCHEMA staging", *(f"CREATE TABLE {table} (a INTEGER)" for table in TABLES)):
        own_redshift.ok(sql)
    for password in (PASSWORD, "Another1", "Another1"):
        install(warehouse, Login("swipeline_firehose", password), 20.0)
    granted = own_redshift.rows(
        "SELECT namespace_name || '.' || relation_name, privilege_type, identity_type FROM svv_relation_privileges"
        " WHERE identity_name = 'swipeline_firehose' ORDER BY 1"
    )
    assert granted == [(table, "INSERT", "user") for table in sorted(TABLES)]


SECRET = "arn:aws:secretsmanager:us-east-1:000000000000:secret:loader-AbCdEf"


def test_a_statement_with_a_secret_runs_with_the_rights_of_the_user_in_it(own_redshift: Redshift) -> None:
    own_redshift.s3.put("s3://b/k", '{"a": 1}\n')
    own_redshift.ok(["CREATE SCHEMA staging", "CREATE TABLE staging.incoming (a INTEGER)"])
    own_redshift.ok(f"CREATE USER loader PASSWORD '{PASSWORD}'")
    own_redshift.gate.secrets[SECRET] = ("loader", PASSWORD)
    assert own_redshift.error(COPY, SecretArn=SECRET) == "ERROR: permission denied for schema staging"
    own_redshift.ok("GRANT USAGE ON SCHEMA staging TO loader")
    assert own_redshift.error(COPY, SecretArn=SECRET) == "ERROR: permission denied for relation incoming"
    own_redshift.ok("GRANT INSERT ON TABLE staging.incoming TO loader")
    own_redshift.ok(COPY, SecretArn=SECRET)
    assert own_redshift.rows("SELECT current_user", SecretArn=SECRET) == [("loader",)]
    assert "permission denied" in own_redshift.error("SELECT a FROM staging.incoming", SecretArn=SECRET)
    own_redshift.gate.secrets[SECRET] = OWNER
    assert own_redshift.rows("SELECT a FROM staging.incoming", SecretArn=SECRET) == [(1,)]


@pytest.mark.parametrize("login", [("loader", "Another1"), ("nobody", PASSWORD), (OWNER[0], "Another1")])
def test_a_wrong_login_in_a_secret_is_refused(own_redshift: Redshift, login: tuple[str, str]) -> None:
    own_redshift.ok(f"CREATE USER loader PASSWORD '{PASSWORD}'")
    own_redshift.gate.secrets[SECRET] = login
    with pytest.raises(ClientError, match=f'password authentication failed for user "{login[0]}"') as refused:
        own_redshift.submit("SELECT 1", SecretArn=SECRET)
    assert login[1] not in str(refused.value)
