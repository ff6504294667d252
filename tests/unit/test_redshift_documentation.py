"""Every statement of redshift/ stands on a page of Redshift's documentation: what is unusual in it names its page here.

A construct that is neither ordinary nor listed fails: look it up first and add the page.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from shared.warehouse.sql import split_statements

REDSHIFT = Path(__file__).parents[2] / "redshift"
FILES = sorted(str(path.relative_to(REDSHIFT)) for path in REDSHIFT.rglob("*.sql"))
DOCS = "https://docs.aws.amazon.com/redshift/latest/dg/"
# Text that starts a statement, or stands in one, beside what sqlglot makes a node of.
WORDS = {
    r"^LOCK ": "r_LOCK.html",  # its snapshot is taken by the first statement after it: c_serial_isolation.html
    r"^COPY ": "copy-usage_notes-copy-from-columnar.html",
    r"^DELETE FROM \S+\s+USING ": "r_DELETE.html",  # with an equijoin on the target
    r"^UPDATE [\s\S]*\sFROM ": "r_UPDATE.html",  # with an equijoin on the target
    r"^UPDATE ": "r_UPDATE.html",
    r"^DELETE ": "r_DELETE.html",
    r"^INSERT ": "c_Examples_of_INSERT_30.html",
    r"^CREATE SCHEMA IF NOT EXISTS ": "r_CREATE_SCHEMA.html",
    r"^CREATE TABLE IF NOT EXISTS ": "r_CREATE_TABLE_NEW.html",
    r"^ALTER TABLE ": "r_ALTER_TABLE.html",
    r"^CREATE TEMP TABLE \S+ AS": "r_CREATE_TABLE_AS.html",
    r"^DROP TABLE IF EXISTS ": "r_DROP_TABLE.html",
    r"^CREATE VIEW ": "r_CREATE_VIEW.html",
    r"^DROP VIEW IF EXISTS ": "r_DROP_VIEW.html",
    r"^CREATE ROLE ": "r_CREATE_ROLE.html",
    r"^GRANT ": "r_GRANT.html",
    r"^REVOKE ": "r_REVOKE.html",
    r"^COMMENT ON ": "r_COMMENT.html",
    r"^SELECT\b": "r_SELECT_synopsis.html",
}
NODES: dict[str, str] = {
    "Qualify": "r_QUALIFY_clause.html",
    "RowNumber": "r_WF_ROW_NUMBER.html",
    "Rank": "r_WF_RANK.html",
    "Window": "r_Window_function_synopsis.html",
    "DateDiff": "r_DATEDIFF_function.html",
    "TsOrDsDiff": "r_DATEDIFF_function.html",
    "CurrentTimestamp": "r_GETDATE.html",
    "Extract": "r_EXTRACT_function.html",
    "Coalesce": "r_NVL_function.html",
    "Nullif": "r_NULLIF_function.html",
    "Floor": "r_FLOOR.html",
    "Round": "r_ROUND.html",
    "Trim": "r_TRIM.html",
    "DPipe": "r_concat_op.html",
    "Exists": "r_exists_condition.html",
    "DistStyleProperty": "r_CREATE_TABLE_NEW.html",
    "DistKeyProperty": "r_CREATE_TABLE_NEW.html",
    "SortKeyProperty": "r_CREATE_TABLE_NEW.html",
    "TemporaryProperty": "r_CREATE_TABLE_NEW.html",
    "DefaultColumnConstraint": "r_CREATE_TABLE_NEW.html",
    "NotNullColumnConstraint": "r_CREATE_TABLE_NEW.html",
    "Union": "r_UNION.html",
    "Subquery": "r_Subquery_examples.html",
    "Distinct": "r_SELECT_list.html",
    "Least": "r_GREATEST_LEAST.html",
    "Greatest": "r_GREATEST_LEAST.html",
    "TimestampTrunc": "r_DATE_TRUNC.html",
    "Radians": "r_RADIANS.html",
    "Sin": "r_SIN.html",
    "Cos": "r_COS.html",
    "Asin": "r_ASIN.html",
    "Pow": "r_POWER.html",
    "Sqrt": "r_SQRT.html",
    "MD5": "r_MD5.html",
    "Alter": "r_ALTER_TABLE.html",
}
# What stands in a COPY, of ours or of Firehose's: sqlglot makes no nodes of it.
COPY_OPTIONS = {
    "JSON": "copy-parameters-data-format.html",
    "PARQUET": "copy-parameters-data-format.html",
    "GZIP": "copy-parameters-file-compression.html",
    "TIMEFORMAT": "copy-parameters-data-conversion.html",
    "DATEFORMAT": "copy-parameters-data-conversion.html",
    "MAXERROR": "copy-parameters-data-load.html",
    "MANIFEST": "copy-parameters-data-source-s3.html",
    "IAM_ROLE": "copy-parameters-authorization.html",
}
# What any SQL has.
ORDINARY = {
    *(
        "Select",
        "From",
        "Join",
        "Where",
        "Group",
        "Order",
        "Ordered",
        "Having",
        "Column",
        "Identifier",
        "Table",
        "TableAlias",
        "Alias",
        "Literal",
        "Star",
        "Boolean",
        "Null",
        "And",
        "Or",
        "Not",
        "EQ",
        "NEQ",
        "GT",
        "GTE",
        "LT",
        "LTE",
        "Is",
        "In",
        "Between",
        "Like",
        "Add",
        "Sub",
        "Mul",
        "Div",
        "Neg",
        "Paren",
        "Case",
        "If",
        "Count",
        "Sum",
        "Min",
        "Max",
        "Avg",
        "Cast",
        "DataType",
        "DataTypeParam",
        "Create",
        "Schema",
        "ColumnDef",
        "ColumnConstraint",
        "Properties",
        "Insert",
        "Update",
        "Delete",
        "Drop",
        "Values",
        "Tuple",
        "Var",
        "Interval",
        "Limit",
        "Comment",
    ),
}


def statements(name: str) -> list[str]:
    text = re.sub(r"\$\{\w+\}", "1", (REDSHIFT / name).read_text())
    return split_statements(text)


@pytest.mark.parametrize("name", FILES)
def test_every_statement_is_of_a_kind_whose_page_is_named(name: str) -> None:
    for sql in statements(name):
        assert any(re.search(pattern, sql) for pattern in WORDS), sql.splitlines()[0]


@pytest.mark.parametrize("name", FILES)
def test_every_unusual_construct_names_its_page(name: str) -> None:
    for sql in statements(name):
        if re.match(r"(LOCK|COPY|GRANT|REVOKE|CREATE ROLE|COMMENT) ?", sql):
            continue
        found = {type(node).__name__ for node in sqlglot.parse_one(sql, read="redshift").walk()}
        assert found - ORDINARY - set(NODES) == set(), sql.splitlines()[0]


def test_every_option_of_a_copy_names_its_page() -> None:
    copies = [sql for name in FILES for sql in statements(name) if sql.startswith("COPY ")]
    texts = [re.sub(r"^COPY \S+ FROM", "", sql) for sql in copies] + [(REDSHIFT / "copy_options").read_text()]
    words = {word for text in texts for word in re.findall(r"[A-Z_]+", re.sub(r"'[^']*'", "", text))}
    assert words - {"FORMAT", "AS"} == set(COPY_OPTIONS)


def test_the_pages_are_used() -> None:
    everything = [sql for name in FILES for sql in statements(name)]
    for pattern in WORDS:
        assert any(re.search(pattern, sql) for sql in everything), pattern


@pytest.mark.parametrize("name", FILES)
def test_update_from_and_delete_using_join_their_target_by_equality(name: str) -> None:
    """Redshift: "Target table must be part of an equijoin predicate". A DuckDB is more patient."""
    for sql in statements(name):
        found = re.match(r"(?:UPDATE|DELETE FROM) ([\w.]+)\b[\s\S]*?\n(?:FROM|USING) [\s\S]*?\nWHERE ([\s\S]*)", sql)
        if re.match(r"(UPDATE [\s\S]*\nFROM|DELETE FROM \S+\s+USING) ", sql):
            assert found, f"no predicate: {sql}"
            target = re.escape(found[1])
            assert re.search(rf"{target}\.\w+ = \w+\.\w+|\b\w+\.\w+ = {target}\.\w+", found[2]), sql


@pytest.mark.parametrize(
    ("name", "table"), [("merge.sql", "staging.transaction"), ("load_batch.sql", "staging.transaction")]
)
def test_a_merge_takes_its_lock_before_it_reads_anything(name: str, table: str) -> None:
    """So any number of merges at a time is right: each sees what the one before it has committed."""
    assert statements(name)[0] == "LOCK staging.transaction"


def test_qualify_follows_a_where_or_an_alias() -> None:
    """After FROM alone it needs an alias: https://docs.aws.amazon.com/redshift/latest/dg/r_QUALIFY_clause.html"""
    for name in FILES:
        for sql in statements(name):
            if "QUALIFY" not in sql:
                continue
            for select in sqlglot.parse_one(sql, read="redshift").find_all(exp.Select):
                if select.args.get("qualify"):
                    source = select.args["from_"].this if "from_" in select.args else select.args["from"].this
                    assert select.args.get("where") or source.alias, sql.splitlines()[0]
