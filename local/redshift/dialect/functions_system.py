"""System information functions. https://docs.aws.amazon.com/redshift/latest/dg/r_System_information_functions.html"""

from __future__ import annotations

from local.redshift.dialect.calls import Function
from local.redshift.dialect.types import INT4, TEXT

VERSION = (
    "PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2 20041017 (Red Hat 3.4.2-6.fc3), "
    "Redshift 1.0.112233 (embedded warehouse)"
)
# The database's owner, as whom a session without database roles acts.
OWNER = "admin"

SYSTEM = [
    Function("version", "", TEXT, f"'{VERSION}'", "r_VERSION", "implemented"),
    Function("current_user", "", TEXT, f"'{OWNER}'", "r_CURRENT_USER", "implemented"),
    Function("user", "", TEXT, f"'{OWNER}'", "r_USER", "implemented"),
    Function("session_user", "", TEXT, f"'{OWNER}'", "r_SESSION_USER", "implemented"),
    Function("current_database", "", TEXT, "current_database()", "r_CURRENT_DATABASE", "passed"),
    Function("current_schema", "", TEXT, "current_schema()", "r_CURRENT_SCHEMA", "passed"),
    Function("pg_backend_pid", "", INT4, "1073741824", "PG_BACKEND_PID", "implemented"),
]
