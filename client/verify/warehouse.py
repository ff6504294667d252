"""The warehouse: it answers, is migrated, and shows analysts the marts as core has them, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError as AwsError

from client.aws import Stage
from client.serverless import REPOSITORY
from client.verify.line import CheckFailedError, listed
from client.verify.run import Run
from shared.warehouse.data_api import StatementFailedError, StatementRunningError, Warehouse

_SQL = REPOSITORY / "redshift"
_TABLE = re.compile(r"^CREATE TABLE IF NOT EXISTS (\w+)\.(\w+) \(\n(.*?)^\)", re.MULTILINE | re.DOTALL)
_VIEW = re.compile(r"^CREATE VIEW (\w+)\.(\w+) AS", re.MULTILINE)
_ADDED = re.compile(r"^ALTER TABLE (\w+)\.(\w+)\s+ADD COLUMN (\w+)", re.MULTILINE)
_COLUMN = re.compile(r"^    (\w+) [A-Z]", re.MULTILINE)
_FORBIDDEN = ("core.transaction", "core.customer", "staging.transaction")


def rows(stage: Stage, sql: str, seconds: float = 60.0, client: Any = None) -> list[dict[str, Any]]:
    """Run a statement as the warehouse's owner, or with a client as its role. Raises CheckFailedError when refused."""
    target = (stage.output("WorkgroupName"), stage.output("DatabaseName"))
    login = "" if client else stage.warehouse_secret
    try:
        return Warehouse(client or stage.client("redshift-data"), *target, login).run("verify", [sql], seconds)
    except (StatementFailedError, StatementRunningError) as error:
        raise CheckFailedError(f"the warehouse refuses: {error}", "docs/runbook.md#merge-warehouse-errors") from error


def expected(folder: Path = _SQL) -> dict[str, set[str]]:
    """The tables and views that redshift/ makes, each with its columns; a view with none."""
    found: dict[str, set[str]] = {}
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.sql"))]
    for text in texts:
        for schema, name, body in _TABLE.findall(text):
            found.setdefault(f"{schema}.{name}", set()).update(_COLUMN.findall(body))
        for schema, name in _VIEW.findall(text):
            found.setdefault(f"{schema}.{name}", set())
        for schema, name, column in _ADDED.findall(text):
            found.setdefault(f"{schema}.{name}", set()).add(column)
    return found


def migrated(run: Run) -> str:
    """The warehouse answers, and has every table, column, view and role of this release."""
    sql = (
        "SELECT table_schema, table_name, column_name FROM svv_columns"
        " WHERE table_schema IN ('staging', 'core', 'mart', 'refresh')"
    )
    seen: dict[str, set[str]] = {}
    for row in rows(run.stage, sql, run.wait_seconds):
        seen.setdefault(f"{row['table_schema']}.{row['table_name']}", set()).add(row["column_name"])
    wanted = expected()
    problems = [f"{name} is missing" for name in sorted(wanted.keys() - seen.keys())]
    problems += [
        f"{name} lacks {', '.join(sorted(columns - seen[name]))}"
        for name, columns in sorted(wanted.items())
        if name in seen and columns - seen[name]
    ]
    if not rows(run.stage, "SELECT role_name FROM svv_roles WHERE role_name = 'analyst'"):
        problems.append("role analyst is missing")
    if problems:
        raise CheckFailedError(
            f"a migration is missing: {listed(problems)}", f"swipeline migrate --stage {run.stage.name}"
        )
    return f"{len(wanted)} tables and views, and the analysts' role"


def analyst(run: Run) -> str:
    """Through the analyst's role, the marts are what core is; core and CREATE are refused to it."""
    stage, where = run.stage, f"merchant_id = '{run.sample.merchant_id}'"
    client = stage.client_as("redshift-data", stage.output("AnalystRoleArn"))
    totals = f"SELECT COUNT(*) AS transactions, SUM(amount) AS amount FROM {{}} WHERE {where}"  # noqa: S608  hex
    core = rows(stage, totals.format("core.transaction"))
    mart: list[dict[str, Any]] = []

    def follows() -> bool:
        mart[:] = rows(stage, totals.format("mart.purchase"), client=client)
        return mart == core

    if not run.wait(follows):
        raise CheckFailedError(
            f"mart.purchase has {_totals(mart)} of the run, core has {_totals(core)}{run.why('merge-warehouse')}",
            "docs/runbook.md#merge-warehouse-errors",
        )
    open_tables = [name for name in _FORBIDDEN if _may(stage, client, f"SELECT COUNT(*) FROM {name}")]  # noqa: S608
    if open_tables:
        raise CheckFailedError(
            f"the analyst may read {', '.join(open_tables)}",
            "REVOKE what was granted by hand (svv_relation_privileges lists it), then swipeline migrate",
        )
    name = f"public.verify_{run.sample.run_id}"
    if _may(stage, client, f"CREATE TABLE {name} (a INTEGER)"):
        rows(stage, f"DROP TABLE {name}")
        raise CheckFailedError(
            "the analyst may create tables in schema public", "REVOKE CREATE ON SCHEMA public FROM PUBLIC"
        )
    return f"{_totals(core)} in mart.purchase as in core; core and CREATE are refused to the analyst"


def _totals(totals: list[dict[str, Any]]) -> str:
    return f"{totals[0]['transactions']} transactions, ${totals[0]['amount']}" if totals else "nothing"


def _may(stage: Stage, client: Any, sql: str) -> bool:
    target = (stage.output("WorkgroupName"), stage.output("DatabaseName"))
    try:
        Warehouse(client, *target).run("verify", [sql], 60.0)
    except StatementFailedError as error:
        if "permission denied" not in str(error):
            raise CheckFailedError(f"the analyst is refused for another reason: {error}", "look at it") from error
        return False
    except AwsError as error:
        raise CheckFailedError(
            f"the analyst's role cannot use the Data API: {error}", "swipeline deploy --stage " + stage.name
        ) from error
    return True
