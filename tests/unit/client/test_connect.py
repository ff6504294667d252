"""What `swipeline connect` prints can be pasted into a shell, whatever is in it."""

from __future__ import annotations

import shlex

from client.connect import Connection

FOUND = Connection(
    host="127.0.0.1",
    port=4568,
    database="swipeline",
    user="IAMR:swipeline-local-analyst",
    password="p",
    expires="2026-01-01T00:00:00+00:00",
    sslmode="verify-full",
    sslrootcert="/home/it's me/wire.crt",
)


def test_the_psql_line_survives_the_shell_and_libpq() -> None:
    program, conninfo = shlex.split(FOUND.psql)
    assert program == "psql"
    assert conninfo == (
        "host=127.0.0.1 port=4568 dbname=swipeline user=IAMR:swipeline-local-analyst sslmode=verify-full"
        " sslrootcert='/home/it\\'s me/wire.crt'"
    )


def test_a_program_gets_the_password_but_neither_the_line_nor_the_url_holds_it() -> None:
    found = FOUND.as_dict()
    assert found["password"] == "p"
    assert found["url"] == "redshift+redshift_connector://IAMR%3Aswipeline-local-analyst@127.0.0.1:4568/swipeline"
    assert "password" not in str(found["psql"])
