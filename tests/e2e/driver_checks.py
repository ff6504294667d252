"""Run by the drivers' own Python, not by pytest: what each driver gets from the warehouse, as one JSON document.

The environment has WAREHOUSE_PORT, WAREHOUSE_USER, WAREHOUSE_PASSWORD and WAREHOUSE_CERTIFICATE.
"""

from __future__ import annotations

import json
import os
from typing import Any

import psycopg2
import redshift_connector
import sqlalchemy

HOST, DATABASE = "127.0.0.1", "swipeline"
PORT, USER = int(os.environ["WAREHOUSE_PORT"]), os.environ["WAREHOUSE_USER"]
PASSWORD, CERTIFICATE = os.environ["WAREHOUSE_PASSWORD"], os.environ["WAREHOUSE_CERTIFICATE"]
READ, REFUSED = "SELECT COUNT(*) FROM mart.purchase", "SELECT COUNT(*) FROM core.transaction"


def with_redshift_connector() -> dict[str, Any]:
    connection = redshift_connector.connect(
        host=HOST, port=PORT, database=DATABASE, user=USER, password=PASSWORD, ssl=False
    )
    cursor = connection.cursor()
    cursor.execute(READ)
    found: dict[str, Any] = {"purchases": cursor.fetchall()[0][0]}
    cursor.execute("SELECT %s + 1 AS a, %s AS b", (41, "it's"))
    found["parameters"] = list(cursor.fetchall()[0])
    found["tables"] = sorted(row[2] for row in cursor.get_tables(schema_pattern="mart"))
    found["columns"] = [row[3] for row in cursor.get_columns(schema_pattern="mart", tablename_pattern="purchase")]
    try:
        cursor.execute(REFUSED)
    except redshift_connector.ProgrammingError as error:
        found["refused"] = [error.args[0]["C"], error.args[0]["M"]]
    return found


def with_psycopg2() -> dict[str, Any]:
    connection = psycopg2.connect(
        host=HOST,
        port=PORT,
        dbname=DATABASE,
        user=USER,
        password=PASSWORD,
        sslmode="verify-full",
        sslrootcert=CERTIFICATE,
    )
    with connection.cursor() as cursor:
        cursor.execute(READ)
        found: dict[str, Any] = {"purchases": cursor.fetchone()[0]}
    with connection.cursor(name="in_parts") as cursor:
        cursor.itersize = 7
        cursor.execute("SELECT transaction_id FROM mart.purchase")
        found["in_parts"] = len(list(cursor))
    try:
        with connection.cursor() as cursor:
            cursor.execute(REFUSED)
    except psycopg2.errors.InsufficientPrivilege as error:
        found["refused"] = [error.pgcode, str(error).strip()]
    return found


def with_sqlalchemy(driver: str, **arguments: Any) -> dict[str, Any]:
    url = sqlalchemy.URL.create(
        f"redshift+{driver}", username=USER, password=PASSWORD, host=HOST, port=PORT, database=DATABASE
    )
    engine = sqlalchemy.create_engine(url, connect_args=arguments)
    with engine.connect() as connection:
        found: dict[str, Any] = {"purchases": connection.execute(sqlalchemy.text(READ)).scalar()}
    inspector = sqlalchemy.inspect(engine)
    found["schemas"] = inspector.get_schema_names()
    found["tables"] = sorted(inspector.get_table_names("mart") + inspector.get_view_names("mart"))
    found["columns"] = {c["name"]: str(c["type"]) for c in inspector.get_columns("purchase", "mart")}
    table = sqlalchemy.Table("purchase", sqlalchemy.MetaData(), schema="mart", autoload_with=engine)
    with engine.connect() as connection:
        query = sqlalchemy.select(table.c.category, sqlalchemy.func.sum(table.c.amount)).group_by(table.c.category)
        found["categories"] = len(connection.execute(query).all())
    try:
        with engine.connect() as connection:
            connection.execute(sqlalchemy.text(REFUSED))
    except sqlalchemy.exc.DBAPIError as error:
        found["refused"] = "permission denied for schema core" in str(error)
    return found


if __name__ == "__main__":
    answers = {
        "redshift_connector": with_redshift_connector(),
        "psycopg2": with_psycopg2(),
        "sqlalchemy": with_sqlalchemy("redshift_connector", ssl=False),
        "sqlalchemy_psycopg2": with_sqlalchemy("psycopg2", sslmode="verify-full", sslrootcert=CERTIFICATE),
    }
    print(json.dumps(answers, default=str))
