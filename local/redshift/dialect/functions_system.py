"""System information functions. https://docs.aws.amazon.com/redshift/latest/dg/r_System_information_functions.html"""

from __future__ import annotations

from local.redshift.dialect.calls import Function
from local.redshift.dialect.types import INT4, TEXT
from local.redshift.pg_catalog import VERSION

_USER = "getvariable('login_user')"  # who the session is, see leader.identity()

SYSTEM = [
    Function("version", "", TEXT, f"'{VERSION}'", "r_VERSION", "implemented"),
    Function("current_user", "", TEXT, _USER, "r_CURRENT_USER", "implemented"),
    Function("user", "", TEXT, _USER, "r_USER", "implemented"),
    Function("session_user", "", TEXT, _USER, "r_SESSION_USER", "implemented"),
    Function("current_database", "", TEXT, "current_database()", "r_CURRENT_DATABASE", "passed"),
    Function("current_schema", "", TEXT, "current_schema()", "r_CURRENT_SCHEMA", "passed"),
    Function("pg_backend_pid", "", INT4, "1073741824", "PG_BACKEND_PID", "implemented"),
]
