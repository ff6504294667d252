"""The files of redshift/ hold together: columns from the schema, COPY's files, statements that one batch can take."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from fraud.alert import Alert
from fraud.verdict import VERDICT_COLUMNS
from scripts.schema_files import contents
from shared.transaction.schema import FIELDS, SCHEMA_VERSION
from shared.warehouse.merging import merge_statements
from shared.warehouse.migrations import all_statements, read_migrations
from shared.warehouse.sql import read_statements

REDSHIFT = Path(__file__).parents[2] / "redshift"
# Constructs of other databases that Redshift refuses.
NOT_REDSHIFT = ("ON CONFLICT", "RETURNING", "INDEX", "SERIAL", "CREATE OR REPLACE TABLE", "USING (", " ILIKE ANY")


def statements(name: str) -> list[str]:
    return read_statements(name)


def create_tables() -> dict[str, exp.Create]:
    """Every table as all migrations leave it."""
    tables: dict[str, exp.Create] = {}
    for sql in all_statements():
        node = sqlglot.parse_one(sql, read="redshift")
        if isinstance(node, exp.Create) and node.args["kind"] == "TABLE":
            tables[f"{node.this.this.db}.{node.this.this.name}"] = node
        elif isinstance(node, exp.Alter):
            (added,) = node.args["actions"]
            assert isinstance(added, exp.ColumnDef), f"teach this test what {sql} does"
            tables[f"{node.this.db}.{node.this.name}"].this.append("expressions", added)
    return tables


def columns(node: exp.Create) -> dict[str, str]:
    return {column.name: column.args["kind"].sql("redshift").replace(" ", "") for column in node.this.expressions}


def test_the_staging_table_has_the_schemas_fields_and_when_they_were_loaded() -> None:
    found = columns(create_tables()["staging.transaction"])
    expected = {f.name: exp.DataType.build(f.kind.redshift, dialect="redshift").sql("redshift") for f in FIELDS}
    assert set(found) == {*expected, "schema_version", "loaded_at"}
    assert {name: found[name] for name in expected} == {n: kind.replace(" ", "") for n, kind in expected.items()}


def test_core_columns_have_the_types_of_the_fields_they_come_from() -> None:
    types = columns(create_tables()["staging.transaction"])
    derived = {"first_seen_at": "occurred_at", "last_seen_at": "occurred_at", "last_transaction_id": "transaction_id"}
    for table in ("core.customer", "core.merchant", "core.transaction", "core.superseded"):
        for name, kind in columns(create_tables()[table]).items():
            if name not in ("merged_at", "digest", "kind", "found_at", "resolved_at", "refreshed_at"):
                assert kind == types[derived.get(name, name)], (table, name)


def test_every_column_but_the_optional_ones_refuses_null() -> None:
    for table, node in create_tables().items():
        for column in node.this.expressions:
            kinds = [constraint.kind for constraint in column.args.get("constraints") or []]
            required = any(isinstance(kind, exp.NotNullColumnConstraint) for kind in kinds)
            optional = {"schema_version", "shadow_score", "shadow_model"} | {f.name for f in FIELDS if f.nullable}
            if table in ("core.transaction", "core.superseded"):  # of rows from before release 2
                optional |= {f.name for f in FIELDS if f.of != "purchase"} | {"resolved_at", "refreshed_at"}
            optional |= set(VERDICT_COLUMNS) if table == "staging.alert_event" else set()
            assert required == (column.name not in optional), (table, column.name)


def test_every_table_says_how_it_is_distributed_and_claims_no_key_that_redshift_would_not_enforce() -> None:
    tables = create_tables()
    assert set(tables) == {
        "staging.transaction",
        "core.customer",
        "core.merchant",
        "core.transaction",
        "core.superseded",
        "core.alert",
        "core.verdict",
        "staging.alert_event",
        "mart.purchase",
    }
    for name, node in tables.items():
        assert node.find(exp.DistStyleProperty), name
        assert not list(node.find_all(exp.PrimaryKey, exp.PrimaryKeyColumnConstraint, exp.UniqueColumnConstraint)), name
    for name in ("core.customer", "core.merchant", "core.transaction", "core.alert", "core.verdict"):
        assert tables[name].find(exp.SortKeyProperty), name


def test_alerts_have_the_fields_of_an_alert_in_order() -> None:
    tables = create_tables()
    staged, kept = columns(tables["staging.alert_event"]), columns(tables["core.alert"])
    assert list(staged) == [*Alert._fields, *VERDICT_COLUMNS, "loaded_at"]
    assert list(kept) == [*Alert._fields, "merged_at"]
    assert {name: staged[name] for name in Alert._fields} == {name: kept[name] for name in Alert._fields}
    reviewed = columns(tables["core.verdict"])
    assert list(reviewed) == ["transaction_id", *VERDICT_COLUMNS, "merged_at"]
    assert {name: reviewed[name] for name in VERDICT_COLUMNS} == {name: staged[name] for name in VERDICT_COLUMNS}


def test_the_first_migration_changes_nothing_in_a_warehouse_that_has_its_tables() -> None:
    for sql in read_migrations()[0].statements:
        assert re.match(r"CREATE (TABLE|SCHEMA) IF NOT EXISTS ", sql), sql[:60]


def test_core_has_a_column_for_each_field_where_the_description_says_that_it_belongs() -> None:
    tables = create_tables()
    for field in FIELDS:
        table = {"purchase": "core.transaction", "customer": "core.customer", "merchant": "core.merchant"}[field.of]
        assert field.name in columns(tables[table]), (table, field.name)


def test_column_lists_jsonpaths_and_the_data_dictionary_are_what_the_description_says() -> None:
    for path, text in contents().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is old: run `make schema-files`"


def test_a_version_of_the_line_keeps_the_places_of_the_one_before() -> None:
    files = [REDSHIFT / f"jsonpaths/transaction-{version}.json" for version in range(1, SCHEMA_VERSION + 1)]
    places = [json.loads(file.read_text())["jsonpaths"] for file in files]
    assert all(after[: len(before)] == before for before, after in itertools.pairwise(places))


def test_the_copy_options_are_the_delivery_streams() -> None:
    options = (REDSHIFT / "copy_options").read_text().strip()
    options = options.replace("${JSONPATHS}", "${file(redshift/columns.json):JSONPATHS}")
    assert options in (REDSHIFT.parent / "resources/delivery.yml").read_text()


def test_the_manifest_template_is_a_manifest_whose_files_are_mandatory() -> None:
    manifest = json.loads((REDSHIFT / "manifest_template.json").read_text())
    assert list(manifest) == ["entries"]
    assert all(set(entry) == {"url", "mandatory"} and entry["mandatory"] is True for entry in manifest["entries"])


MERGES = ["merge.sql", "merge_alerts.sql", "resolve.sql"]


@pytest.mark.parametrize("name", [*MERGES, *sorted(path.name for path in (REDSHIFT / "migrations").iterdir())])
def test_each_file_fits_in_one_batch_and_uses_only_redshifts_sql(name: str) -> None:
    found = statements(name if name in MERGES else f"migrations/{name}")
    assert 0 < len(found) <= 40
    for sql in found:
        assert len(sql.encode()) < 100_000
        for construct in NOT_REDSHIFT:
            assert construct not in sql.upper()
        if not sql.startswith("LOCK"):
            assert not isinstance(sqlglot.parse_one(sql, read="redshift"), exp.Command), sql[:60]


def test_the_whole_merge_fits_in_one_batch() -> None:
    assert len(merge_statements()) <= 40


def test_qualify_never_follows_from_directly() -> None:
    # "If there is no WHERE, GROUP BY or HAVING, the table before QUALIFY must have an alias": ours have both.
    for sql in statements("merge.sql"):
        parsed = sqlglot.parse_one(sql, read="redshift") if "QUALIFY" in sql else None
        for select in parsed.find_all(exp.Select) if parsed else ():
            if select.args.get("qualify"):
                assert select.args.get("where")
                assert select.args["from_"].this.alias


def test_the_merge_locks_staging_first_and_never_commits_on_the_way() -> None:
    found = statements("merge.sql")
    assert found[0] == "LOCK staging.transaction"
    assert not [sql for sql in found if re.match(r"(TRUNCATE|COMMIT|BEGIN|VACUUM|END)\b", sql)]
    last = sqlglot.parse_one(found[-1], read="redshift")
    assert [column.alias_or_name for column in last.expressions][:3] == ["staged", "inserted", "duplicates"]


def test_the_look_before_a_merge_counts_every_table_that_the_merge_empties() -> None:
    (look,) = statements("staged.sql")
    merge = merge_statements()
    looked_at = {f"{table.db}.{table.name}" for table in sqlglot.parse_one(look, read="redshift").find_all(exp.Table)}
    locked = {sql.split()[1] for sql in merge if sql.startswith("LOCK")}
    assert looked_at == {*locked, "core.superseded"}  # what the other stores are to know of
    assert looked_at <= create_tables().keys()
