"""PostgreSQL's catalog as Redshift has it: pg_catalog, information_schema and SVV views over DuckDB's own.

Drivers and BI tools ask these tables what there is. The views lie in the schema `main` under the names below, where
the leader node's queries (see leader.py) find them; `ln_...` macros are the leader node's functions.
Columns that later versions of PostgreSQL added and psql's \\d commands read are there too.
https://docs.aws.amazon.com/redshift/latest/dg/c_intro_catalog_views.html
"""

from __future__ import annotations

import re
from pathlib import Path

SERVER_VERSION = "8.0.2"
VERSION = (
    f"PostgreSQL {SERVER_VERSION} on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2 20041017 "
    "(Red Hat 3.4.2-6.fc3), Redshift 1.0.0 (Swipeline embedded warehouse)"
)
# Type name, OID, length, array's OID, category: pg_type's.
_TYPES = (
    ("bool", 16, 1, 1000, "B"),
    ("bytea", 17, -1, 1001, "U"),
    ("char", 18, 1, 1002, "S"),
    ("name", 19, 64, 1003, "S"),
    ("int8", 20, 8, 1016, "N"),
    ("int2", 21, 2, 1005, "N"),
    ("int4", 23, 4, 1007, "N"),
    ("text", 25, -1, 1009, "S"),
    ("oid", 26, 4, 1028, "N"),
    ("float4", 700, 4, 1021, "N"),
    ("float8", 701, 8, 1022, "N"),
    ("unknown", 705, -2, 0, "X"),
    ("aclitem", 1033, 12, 1034, "U"),
    ("bpchar", 1042, -1, 1014, "S"),
    ("varchar", 1043, -1, 1015, "S"),
    ("date", 1082, 4, 1182, "D"),
    ("time", 1083, 8, 1183, "D"),
    ("timestamp", 1114, 8, 1115, "D"),
    ("timestamptz", 1184, 8, 1185, "D"),
    ("interval", 1186, 16, 1187, "T"),
    ("timetz", 1266, 12, 1270, "D"),
    ("numeric", 1700, -1, 1231, "N"),
    ("super", 4000, -1, 0, "U"),
    ("varbyte", 6551, -1, 0, "U"),
)
_TYPE_ROWS = ", ".join(f"({oid}, '{name}', {length}, {array}, '{kind}')" for name, oid, length, array, kind in _TYPES)
_ARRAYS = ", ".join(f"({array}, '_{name}', -1, {oid})" for name, oid, _, array, _ in _TYPES if array)
_EMPTY = {
    "pg_index": "indexrelid, indrelid, indkey VARCHAR, indclass VARCHAR, indnatts, indisunique BOOLEAN,"
    " indisprimary BOOLEAN, indisclustered BOOLEAN, indisvalid BOOLEAN, indisreplident BOOLEAN, indexprs VARCHAR,"
    " indpred VARCHAR, indoption VARCHAR, indnkeyatts, indisready BOOLEAN, indislive BOOLEAN, indisexclusion BOOLEAN,"
    " indimmediate BOOLEAN",
    "pg_constraint": "oid, conname VARCHAR, connamespace, contype VARCHAR, condeferrable BOOLEAN,"
    " condeferred BOOLEAN, conrelid, contypid, conindid, conparentid, confrelid, confupdtype VARCHAR,"
    " confdeltype VARCHAR, confmatchtype VARCHAR, conkey INTEGER[], confkey INTEGER[], conbin VARCHAR, consrc VARCHAR,"
    " convalidated BOOLEAN, conislocal BOOLEAN, coninhcount, connoinherit BOOLEAN, conperiod BOOLEAN",
    "pg_trigger": "oid, tgrelid, tgname VARCHAR, tgfoid, tgtype, tgenabled VARCHAR, tgisconstraint BOOLEAN,"
    " tgisinternal BOOLEAN, tgconstraint, tgdeferrable BOOLEAN, tgparentid",
    "pg_inherits": "inhrelid, inhparent, inhseqno, inhdetachpending BOOLEAN",
    "pg_depend": "classid, objid, objsubid, refclassid, refobjid, refobjsubid, deptype VARCHAR",
    "pg_rewrite": "oid, rulename VARCHAR, ev_class, ev_type VARCHAR, is_instead BOOLEAN, ev_enabled VARCHAR",
    "pg_proc": "oid, proname VARCHAR, pronamespace, proowner, prolang, proisagg BOOLEAN, proretset BOOLEAN,"
    " prorettype, proargtypes VARCHAR, prosrc VARCHAR, provolatile VARCHAR, prokind VARCHAR, prosecdef BOOLEAN,"
    " proacl VARCHAR,"
    " proiswindow BOOLEAN, proparallel VARCHAR, prosupport VARCHAR, probin VARCHAR,"
    " proallargtypes INTEGER[], proargmodes VARCHAR[], proargnames VARCHAR[], pronargs",
    "pg_am": "oid, amname VARCHAR, amhandler, amtype VARCHAR",
    "pg_opclass": "oid, opcname VARCHAR, opcmethod, opcnamespace",
    "pg_operator": "oid, oprname VARCHAR, oprnamespace, oprleft, oprright, oprresult",
    "pg_aggregate": "aggfnoid, aggtransfn VARCHAR, aggfinalfn VARCHAR, aggtranstype",
    "pg_tablespace": "oid, spcname VARCHAR, spcowner, spcacl VARCHAR, spcoptions VARCHAR",
    "pg_collation": "oid, collname VARCHAR, collnamespace, collcollate VARCHAR, collctype VARCHAR",
    "pg_enum": "oid, enumtypid, enumlabel VARCHAR, enumsortorder",
    "pg_range": "rngtypid, rngsubtype",
    "pg_cast": "castsource, casttarget, castfunc, castcontext VARCHAR",
    "pg_conversion": "oid, conname VARCHAR, connamespace",
    "pg_policy": "oid, polname VARCHAR, polrelid, polcmd VARCHAR, polpermissive BOOLEAN, polroles INTEGER[],"
    " polqual VARCHAR, polwithcheck VARCHAR",
    "pg_statistic_ext": "oid, stxrelid, stxname VARCHAR, stxnamespace, stxowner, stxkeys VARCHAR, stxkind VARCHAR[],"
    " stxstattarget",
    "pg_publication": "oid, pubname VARCHAR, puballtables BOOLEAN, pubowner",
    "pg_publication_rel": "oid, prpubid, prrelid, prqual VARCHAR, prattrs VARCHAR",
    "pg_publication_namespace": "oid, pnpubid, pnnspid",
    "pg_foreign_table": "ftrelid, ftserver, ftoptions VARCHAR[]",
    "pg_foreign_server": "oid, srvname VARCHAR",
    "pg_extension": "oid, extname VARCHAR, extowner, extnamespace, extversion VARCHAR",
    "pg_shdescription": "objoid, classoid, description VARCHAR",
    "pg_db_role_setting": "setdatabase, setrole, setconfig VARCHAR[]",
    "pg_auth_members": "roleid, member, grantor, admin_option BOOLEAN",
    "pg_group": "groname VARCHAR, grosysid, grolist INTEGER[]",
    "pg_locks": "locktype VARCHAR, database, relation, transactionid, pid, mode VARCHAR, granted BOOLEAN",
    "pg_get_late_binding_view_cols": "view_schema VARCHAR, view_name VARCHAR, col_name VARCHAR, col_type VARCHAR,"
    " col_num",
    "pg_external_schema": "esoid, eskind, esdbname VARCHAR, esoptions VARCHAR",
    "svv_external_schemas": "esoid, eskind, schemaname VARCHAR, esowner, databasename VARCHAR, esoptions VARCHAR",
    "svv_external_tables": "redshift_database_name VARCHAR, schemaname VARCHAR, tablename VARCHAR, tabletype VARCHAR,"
    " location VARCHAR, input_format VARCHAR, output_format VARCHAR, serialization_lib VARCHAR,"
    " serde_parameters VARCHAR, compressed, parameters VARCHAR",
    "svv_external_columns": "redshift_database_name VARCHAR, schemaname VARCHAR, tablename VARCHAR,"
    " columnname VARCHAR, external_type VARCHAR, columnnum, part_key, is_nullable VARCHAR",
    "svv_external_databases": "eskind, databasename VARCHAR, location VARCHAR, parameters VARCHAR",
    "svv_mv_info": "database_name VARCHAR, schema_name VARCHAR, user_name VARCHAR, name VARCHAR, is_stale VARCHAR,"
    " state, autorewrite VARCHAR, autorefresh VARCHAR",
    "stv_mv_info": "db_name VARCHAR, schema VARCHAR, name VARCHAR, updated_upto_xid, is_stale VARCHAR, owner_user_name"
    " VARCHAR, state, autorewrite VARCHAR, autorefresh VARCHAR",
    "svv_datashares": "share_name VARCHAR, share_id, share_owner, source_database VARCHAR, consumer_database VARCHAR,"
    " share_type VARCHAR",
    "information_schema.table_constraints": "constraint_catalog VARCHAR, constraint_schema VARCHAR,"
    " constraint_name VARCHAR, table_catalog VARCHAR, table_schema VARCHAR, table_name VARCHAR,"
    " constraint_type VARCHAR, is_deferrable VARCHAR, initially_deferred VARCHAR",
    "information_schema.key_column_usage": "constraint_catalog VARCHAR, constraint_schema VARCHAR,"
    " constraint_name VARCHAR, table_catalog VARCHAR, table_schema VARCHAR, table_name VARCHAR, column_name VARCHAR,"
    " ordinal_position",
    "information_schema.referential_constraints": "constraint_catalog VARCHAR, constraint_schema VARCHAR,"
    " constraint_name VARCHAR, unique_constraint_catalog VARCHAR, unique_constraint_schema VARCHAR,"
    " unique_constraint_name VARCHAR, match_option VARCHAR, update_rule VARCHAR, delete_rule VARCHAR",
    "information_schema.constraint_column_usage": "table_catalog VARCHAR, table_schema VARCHAR, table_name VARCHAR,"
    " column_name VARCHAR, constraint_catalog VARCHAR, constraint_schema VARCHAR, constraint_name VARCHAR",
    "information_schema.routines": "specific_catalog VARCHAR, specific_schema VARCHAR, specific_name VARCHAR,"
    " routine_catalog VARCHAR, routine_schema VARCHAR, routine_name VARCHAR, routine_type VARCHAR, data_type VARCHAR",
    "information_schema.triggers": "trigger_catalog VARCHAR, trigger_schema VARCHAR, trigger_name VARCHAR,"
    " event_object_schema VARCHAR, event_object_table VARCHAR",
}


def _empty_view(name: str, columns: str) -> str:
    """A view without rows: a catalog table of what the warehouse has none of. Columns are integers by default."""
    parts = []
    for column in columns.split(","):
        words = column.split()
        parts.append(f"CAST(NULL AS {words[1] if len(words) > 1 else 'INTEGER'}) AS {words[0]}")
    return f'CREATE OR REPLACE VIEW main."{name}" AS SELECT {", ".join(parts)} WHERE false'


_TEXT = Path(__file__).with_suffix(".sql").read_text()
for _name, _value in {"types": _TYPE_ROWS, "arrays": _ARRAYS, "version": VERSION.replace("'", "''")}.items():
    _TEXT = _TEXT.replace(f"{{{_name}}}", _value)
SYSTEM = ";\n".join([*(_empty_view(*view) for view in _EMPTY.items()), _TEXT.rstrip().rstrip(";")])
# The relations and the functions that a query for the leader node may name.
RELATIONS = frozenset(re.findall(r'CREATE OR REPLACE VIEW main\."?([a-z][\w.]*)"?', SYSTEM)) | {
    *("pg_table_def", "svv_tables", "svv_columns", "svv_roles", "svv_schema_privileges", "svv_relation_privileges")
}
FUNCTIONS = frozenset(re.findall(r"CREATE OR REPLACE MACRO main\.ln_(\w+)\(", SYSTEM))
