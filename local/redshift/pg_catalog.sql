-- The catalog of the leader node: see pg_catalog.py. Each statement after those that it builds on.
CREATE OR REPLACE MACRO main.ln_declared(comment, data_type) AS CASE
  WHEN json_extract_string(TRY_CAST(comment AS JSON), 'type') IS NOT NULL THEN json_extract_string(TRY_CAST(comment AS JSON), 'type')
  WHEN data_type IN ('VARCHAR', 'JSON') THEN 'character varying(65535)'
  WHEN data_type LIKE 'DECIMAL%' THEN replace(lower(data_type), 'decimal', 'numeric')
  WHEN data_type IN ('HUGEINT', 'UBIGINT', 'UINTEGER') THEN 'bigint'
  WHEN data_type = 'TINYINT' THEN 'smallint'
  WHEN data_type = 'DOUBLE' THEN 'double precision'
  WHEN data_type = 'FLOAT' THEN 'real'
  WHEN data_type = 'TIMESTAMP' THEN 'timestamp without time zone'
  WHEN data_type = 'TIME' THEN 'time without time zone'
  WHEN data_type = 'BLOB' THEN 'varbyte'
  ELSE lower(data_type) END;
CREATE OR REPLACE MACRO main.ln_base(declared) AS regexp_replace(declared, '\(.*\)$', '');
CREATE OR REPLACE MACRO main.ln_size(declared, part) AS
  TRY_CAST(regexp_extract(declared, '\((\d+)(?:,\s*(\d+))?\)$', part) AS INTEGER);
CREATE OR REPLACE MACRO main.ln_type_name(declared) AS CASE main.ln_base(declared)
  WHEN 'character varying' THEN 'varchar' WHEN 'character' THEN 'bpchar' WHEN 'smallint' THEN 'int2'
  WHEN 'integer' THEN 'int4' WHEN 'bigint' THEN 'int8' WHEN 'real' THEN 'float4' WHEN 'double precision' THEN 'float8'
  WHEN 'boolean' THEN 'bool' WHEN 'timestamp without time zone' THEN 'timestamp'
  WHEN 'timestamp with time zone' THEN 'timestamptz' WHEN 'time without time zone' THEN 'time'
  WHEN 'time with time zone' THEN 'timetz' WHEN 'binary varying' THEN 'varbyte' ELSE main.ln_base(declared) END;
CREATE OR REPLACE MACRO main.ln_type_modifier(declared) AS CASE
  WHEN main.ln_base(declared) IN ('character varying', 'character', 'varbyte') THEN COALESCE(main.ln_size(declared, 1) + 4, -1)
  WHEN main.ln_base(declared) = 'numeric' THEN COALESCE((main.ln_size(declared, 1) << 16) + COALESCE(main.ln_size(declared, 2), 0) + 4, -1)
  ELSE -1 END;
CREATE OR REPLACE MACRO main.ln_pg_get_userbyid(id) AS CASE id WHEN 100 THEN 'admin' WHEN 1 THEN 'rdsdb'
  WHEN 101 THEN getvariable('login_user') ELSE 'unknown (OID=' || id || ')' END;
CREATE OR REPLACE MACRO main.ln_current_schemas(implicit) AS list_concat(CASE WHEN implicit THEN ['pg_catalog'] ELSE [] END,
  list_filter(string_split(current_setting('search_path'), ','), lambda s: s <> 'main'));
CREATE OR REPLACE MACRO main.ln_current_schema() AS main.ln_current_schemas(false)[1];
CREATE OR REPLACE MACRO main.ln_pg_type_is_visible(id) AS true;
CREATE OR REPLACE MACRO main.ln_pg_function_is_visible(id) AS true;
CREATE OR REPLACE MACRO main.ln_pg_get_expr(expression, id) AS expression;
CREATE OR REPLACE MACRO main.ln_pg_get_expr3(expression, id, pretty) AS expression;
CREATE OR REPLACE MACRO main.ln_shobj_description(id, class) AS CAST(NULL AS VARCHAR);
CREATE OR REPLACE MACRO main.ln_pg_encoding_to_char(id) AS CASE id WHEN 6 THEN 'UTF8' ELSE '' END;
CREATE OR REPLACE MACRO main.ln_pg_get_constraintdef(id) AS CAST(NULL AS VARCHAR);
CREATE OR REPLACE MACRO main.ln_pg_get_constraintdef2(id, pretty) AS CAST(NULL AS VARCHAR);
CREATE OR REPLACE MACRO main.ln_pg_get_indexdef(id) AS CAST(NULL AS VARCHAR);
CREATE OR REPLACE MACRO main.ln_pg_get_indexdef3(id, part, pretty) AS CAST(NULL AS VARCHAR);
CREATE OR REPLACE MACRO main.ln_pg_get_partkeydef(id) AS CAST(NULL AS VARCHAR);
CREATE OR REPLACE MACRO main.ln_pg_get_triggerdef(id) AS CAST(NULL AS VARCHAR);
CREATE OR REPLACE MACRO main.ln_pg_get_function_result(id) AS CAST(NULL AS VARCHAR);
CREATE OR REPLACE MACRO main.ln_pg_get_function_arguments(id) AS CAST(NULL AS VARCHAR);
CREATE OR REPLACE MACRO main.ln_pg_get_function_identity_arguments(id) AS CAST(NULL AS VARCHAR);
CREATE OR REPLACE MACRO main.ln_pg_tablespace_location(id) AS '';
CREATE OR REPLACE MACRO main.ln_pg_relation_is_publishable(id) AS false;
CREATE OR REPLACE MACRO main.ln_pg_backend_pid() AS COALESCE(getvariable('login_pid'), 0);
CREATE OR REPLACE MACRO main.ln_version() AS '{version}';
CREATE OR REPLACE MACRO main.ln_current_database() AS current_database();
CREATE OR REPLACE MACRO main.ln_current_user() AS getvariable('login_user');
CREATE OR REPLACE MACRO main.ln_session_user() AS getvariable('login_user');
CREATE OR REPLACE MACRO main.ln_quote_ident(name) AS CASE WHEN regexp_full_match(name, '[a-z_][a-z0-9_]*') THEN name
  ELSE '"' || replace(name, '"', '""') || '"' END;
CREATE OR REPLACE MACRO main.ln_quote_literal(value) AS '''' || replace(value, '''', '''''') || '''';
CREATE OR REPLACE MACRO main.ln_array_to_string(items, separator) AS list_aggregate(CAST(items AS VARCHAR[]), 'string_agg', separator);
CREATE OR REPLACE MACRO main.ln_array_upper(items, dimension) AS len(items);
CREATE OR REPLACE MACRO main.ln_array_lower(items, dimension) AS CASE WHEN len(items) > 0 THEN 1 END;
CREATE OR REPLACE MACRO main.ln_pg_size_pretty(bytes) AS format_bytes(bytes);
CREATE OR REPLACE MACRO main.ln_may(place, item) AS getvariable('login_roles') IS NULL
  OR place IN ('pg_catalog', 'information_schema') OR EXISTS (SELECT 1 FROM main._grant ln_g
    WHERE list_contains(getvariable('login_roles'), ln_g.role_name) AND ln_g.schema_name = place AND ln_g.privilege <> 'CREATE'
      AND ln_g.relation IS NOT DISTINCT FROM item);
CREATE OR REPLACE MACRO main.ln_has_schema_privilege2(place, privilege) AS (getvariable('login_roles') IS NULL
  OR (upper(privilege) = 'USAGE' AND main.ln_may(CAST(place AS VARCHAR), NULL))
  OR (upper(privilege) = 'CREATE' AND EXISTS (SELECT 1 FROM main._grant ln_g WHERE list_contains(getvariable('login_roles'), ln_g.role_name)
    AND ln_g.privilege = 'CREATE' AND ln_g.schema_name = CAST(place AS VARCHAR))));
CREATE OR REPLACE MACRO main.ln_has_schema_privilege(login, place, privilege) AS main.ln_has_schema_privilege2(place, privilege);
CREATE OR REPLACE MACRO main.ln_has_database_privilege2(place, privilege) AS (getvariable('login_roles') IS NULL
  OR upper(privilege) IN ('CONNECT', 'USAGE'));
CREATE OR REPLACE MACRO main.ln_has_database_privilege(login, place, privilege) AS main.ln_has_database_privilege2(place, privilege);
CREATE OR REPLACE VIEW main._relation AS
  SELECT table_oid + 100000 AS oid, schema_name, table_name AS name, 'r' AS kind, column_count, estimated_size AS rows,
    CAST(NULL AS VARCHAR) AS sql FROM duckdb_tables() WHERE database_name = current_database() AND schema_name <> 'main'
  UNION ALL SELECT view_oid + 100000, schema_name, view_name, 'v', column_count, 0, sql FROM duckdb_views()
    WHERE database_name = current_database() AND schema_name <> 'main' AND NOT internal;
CREATE OR REPLACE VIEW main._attribute AS
  SELECT r.oid, r.schema_name, r.name AS table_name, r.kind, c.column_name, c.column_index AS number, NOT c.is_nullable AS not_null,
    c.column_default, main.ln_declared(c.comment, c.data_type) AS declared,
    COALESCE(CASE WHEN c.comment IS NULL THEN NULL ELSE c.comment::JSON END->>'encoding', 'none') AS encoding, COALESCE(CAST(CASE WHEN c.comment IS NULL THEN NULL ELSE c.comment::JSON END->>'distkey' AS BOOLEAN), false) AS distkey,
    COALESCE(CAST(CASE WHEN c.comment IS NULL THEN NULL ELSE c.comment::JSON END->>'sortkey' AS INTEGER), 0) AS sortkey
  FROM duckdb_columns() c JOIN main._relation r ON r.schema_name = c.schema_name AND r.name = c.table_name
  WHERE c.database_name = current_database();
CREATE OR REPLACE VIEW main._view_definition AS SELECT oid, regexp_replace(sql, '^CREATE VIEW .*? AS ', '') AS definition,
  schema_name, name FROM main._relation WHERE kind = 'v';
CREATE OR REPLACE VIEW main.pg_namespace AS
  SELECT oid + 100000 AS oid, schema_name AS nspname, 100 AS nspowner, CAST(NULL AS VARCHAR) AS nspacl FROM duckdb_schemas()
    WHERE database_name = current_database() AND NOT internal AND schema_name <> 'main'
  UNION ALL VALUES (11, 'pg_catalog', 1, NULL), (12, 'information_schema', 1, NULL);
CREATE OR REPLACE VIEW main.pg_class AS SELECT r.oid, r.name AS relname, n.oid AS relnamespace, 0 AS reltype, 100 AS relowner,
  0 AS relam, r.oid AS relfilenode, 0 AS reltablespace, 0 AS relpages, CAST(r.rows AS REAL) AS reltuples, 0 AS reltoastrelid,
  0 AS reltoastidxid, false AS relhasindex, false AS relisshared, r.kind AS relkind, CAST(r.column_count AS SMALLINT) AS relnatts,
  0 AS relexternid, 0 AS relchecks, 0 AS reltriggers, 0 AS relukeys, 0 AS relfkeys, 0 AS relrefs, false AS relhasoids,
  false AS relhaspkey, r.kind = 'v' AS relhasrules, false AS relhassubclass, 0 AS reldiststyle, CAST(NULL AS VARCHAR) AS relacl,
  false AS relhastriggers, 'p' AS relpersistence, false AS relispartition, CAST(NULL AS VARCHAR[]) AS reloptions,
  false AS relrowsecurity, false AS relforcerowsecurity, 0 AS reloftype, 'd' AS relreplident, CAST(NULL AS VARCHAR) AS relpartbound
  FROM main._relation r JOIN main.pg_namespace n ON n.nspname = r.schema_name;
CREATE OR REPLACE VIEW main.pg_class_info AS SELECT *, reldiststyle AS releffectivediststyle, CAST(NULL AS TIMESTAMP) AS relcreationtime
  FROM main.pg_class;
CREATE OR REPLACE VIEW main.pg_type AS
  SELECT oid, typname, 11 AS typnamespace, 1 AS typowner, typlen, false AS typbyval, 'b' AS typtype, true AS typisdefined,
    ',' AS typdelim, 0 AS typrelid, 0 AS typelem, typname || 'in' AS typinput, typname || 'out' AS typoutput, false AS typnotnull,
    0 AS typbasetype, -1 AS typtypmod, 0 AS typndims, CAST(NULL AS VARCHAR) AS typdefault, typarray, typcategory, 0 AS typcollation,
    CAST(NULL AS VARCHAR) AS typacl
    FROM (VALUES {types}) AS t (oid, typname, typlen, typarray, typcategory)
  UNION ALL SELECT oid, typname, 11, 1, typlen, false, 'b', true, ',', 0, typelem, 'array_in', 'array_out', false, 0, -1, 0, NULL,
    0, 'A', 0, NULL FROM (VALUES {arrays}) AS a (oid, typname, typlen, typelem);
CREATE OR REPLACE VIEW main.pg_attribute AS SELECT a.oid AS attrelid, a.column_name AS attname, t.oid AS atttypid, -1 AS attstattarget,
  t.typlen AS attlen, CAST(a.number AS SMALLINT) AS attnum, 0 AS attndims, -1 AS attcacheoff,
  CAST(main.ln_type_modifier(a.declared) AS INTEGER) AS atttypmod, false AS attbyval, 'x' AS attstorage, 'i' AS attalign,
  a.not_null AS attnotnull, a.column_default IS NOT NULL AS atthasdef, false AS attisdropped, true AS attislocal, 0 AS attinhcount,
  CAST(list_position(['none', 'raw', 'delta', 'delta32k', 'runlength', 'bytedict', 'text255', 'text32k', 'mostly8', 'mostly16', 'mostly32', 'lzo', 'zstd', 'az64', 'auto'], lower(a.encoding)) - 1 AS INTEGER) AS attencodingtype, a.distkey AS attisdistkey, a.sortkey AS attsortkeyord, CAST(NULL AS VARCHAR) AS attacl, '' AS attidentity,
  '' AS attgenerated, 0 AS attcollation, '' AS attcompression, CAST(NULL AS VARCHAR[]) AS attoptions, CAST(NULL AS VARCHAR[]) AS attfdwoptions
  FROM main._attribute a JOIN main.pg_type t ON t.typname = main.ln_type_name(a.declared);
CREATE OR REPLACE VIEW main.pg_attribute_info AS SELECT * FROM main.pg_attribute;
CREATE OR REPLACE VIEW main.pg_attrdef AS SELECT a.oid * 2000 + a.number AS oid, a.oid AS adrelid, CAST(a.number AS SMALLINT) AS adnum,
  a.column_default AS adbin, a.column_default AS adsrc FROM main._attribute a WHERE a.column_default IS NOT NULL;
CREATE OR REPLACE VIEW main.pg_description AS SELECT r.oid AS objoid, 1259 AS classoid, COALESCE(a.number, 0) AS objsubid,
  d.remarks AS description FROM main._comment d JOIN main._relation r ON r.schema_name = d.schema_name AND r.name = d.relation
  LEFT JOIN main._attribute a ON a.oid = r.oid AND a.column_name = d.column_name
  WHERE d.column_name IS NULL OR a.number IS NOT NULL;
CREATE OR REPLACE VIEW main.pg_database AS SELECT 100001 AS oid, current_database() AS datname, 100 AS datdba, 6 AS encoding,
  false AS datistemplate, true AS datallowconn, -1 AS datconnlimit, 0 AS datlastsysoid, 0 AS dattablespace, CAST(NULL AS VARCHAR) AS datconfig,
  CAST(NULL AS VARCHAR) AS datacl, 'C' AS datcollate, 'C' AS datctype, CAST(NULL AS VARCHAR) AS daticulocale, 'c' AS datlocprovider;
CREATE OR REPLACE VIEW main.pg_user AS SELECT usename, usesysid, usesysid = 100 OR (usesysid = 101 AND getvariable('login_roles') IS NULL) AS usecreatedb, usesysid = 100 OR (usesysid = 101 AND getvariable('login_roles') IS NULL) AS usesuper,
  false AS usecatupd, '********' AS passwd, CAST(NULL AS TIMESTAMP) AS valuntil, CAST(NULL AS VARCHAR) AS useconfig
  FROM (SELECT 'admin' AS usename, 100 AS usesysid UNION ALL SELECT getvariable('login_user'), 101
    WHERE getvariable('login_user') <> 'admin' AND getvariable('login_user') NOT IN (SELECT user_name FROM main._user)
    UNION ALL SELECT user_name, CAST(rowid + 200 AS INTEGER) FROM main._user) u;
CREATE OR REPLACE VIEW main.pg_user_info AS SELECT usename, usesysid, usecreatedb, usesuper, usecatupd, passwd, valuntil, useconfig,
  'UNLIMITED' AS useconnlimit, 'DISABLED' AS syslogaccess FROM main.pg_user;
CREATE OR REPLACE VIEW main.pg_shadow AS SELECT * FROM main.pg_user;
CREATE OR REPLACE VIEW main.pg_roles AS SELECT usename AS rolname, usesuper AS rolsuper, true AS rolinherit, usesuper AS rolcreaterole,
  usecreatedb AS rolcreatedb, true AS rolcanlogin, -1 AS rolconnlimit, passwd AS rolpassword, valuntil AS rolvaliduntil, false AS rolreplication,
  false AS rolbypassrls, CAST(NULL AS VARCHAR[]) AS rolconfig, usesysid AS oid FROM main.pg_user;
CREATE OR REPLACE VIEW main.pg_language AS SELECT * FROM (VALUES (12, 'internal', false), (14, 'sql', false), (15, 'plpgsql', true))
  AS l (oid, lanname, lanispl);
CREATE OR REPLACE VIEW main.pg_tables AS SELECT schema_name AS schemaname, name AS tablename, 'admin' AS tableowner,
  CAST(NULL AS VARCHAR) AS tablespace, false AS hasindexes, false AS hasrules, false AS hastriggers FROM main._relation WHERE kind = 'r';
CREATE OR REPLACE VIEW main.pg_views AS SELECT schema_name AS schemaname, name AS viewname, 'admin' AS viewowner, definition
  FROM main._view_definition;
CREATE OR REPLACE VIEW main.pg_matviews AS SELECT schemaname, viewname AS matviewname, viewowner AS matviewowner, definition
  FROM main.pg_views WHERE false;
CREATE OR REPLACE VIEW main.pg_settings AS SELECT name, setting, CAST(NULL AS VARCHAR) AS unit, '' AS category, '' AS short_desc
  FROM (VALUES ('server_version', '8.0.2'), ('server_encoding', 'UTF8'), ('max_index_keys', '32'), ('timezone', 'UTC')) AS s (name, setting);
CREATE OR REPLACE VIEW main."information_schema.schemata" AS SELECT current_database() AS catalog_name, nspname AS schema_name,
  main.ln_pg_get_userbyid(nspowner) AS schema_owner, CAST(NULL AS VARCHAR) AS default_character_set_catalog,
  CAST(NULL AS VARCHAR) AS default_character_set_schema, CAST(NULL AS VARCHAR) AS default_character_set_name, CAST(NULL AS VARCHAR) AS sql_path
  FROM main.pg_namespace;
CREATE OR REPLACE VIEW main."information_schema.tables" AS SELECT current_database() AS table_catalog, schema_name AS table_schema,
  name AS table_name, CASE kind WHEN 'v' THEN 'VIEW' ELSE 'BASE TABLE' END AS table_type, CAST(NULL AS VARCHAR) AS self_referencing_column_name,
  CAST(NULL AS VARCHAR) AS reference_generation, CAST(NULL AS VARCHAR) AS user_defined_type_catalog, CAST(NULL AS VARCHAR) AS user_defined_type_schema,
  CAST(NULL AS VARCHAR) AS user_defined_name FROM main._relation;
CREATE OR REPLACE VIEW main."information_schema.views" AS SELECT current_database() AS table_catalog, schema_name AS table_schema,
  name AS table_name, definition AS view_definition, 'NONE' AS check_option, 'NO' AS is_updatable, 'NO' AS is_insertable_into
  FROM main._view_definition;
CREATE OR REPLACE VIEW main."information_schema.columns" AS SELECT current_database() AS table_catalog, schema_name AS table_schema,
  table_name, column_name, CAST(number AS INTEGER) AS ordinal_position, column_default, CASE WHEN not_null THEN 'NO' ELSE 'YES' END AS is_nullable,
  main.ln_base(declared) AS data_type, CASE WHEN declared LIKE 'character%' THEN main.ln_size(declared, 1) END AS character_maximum_length,
  CASE WHEN declared LIKE 'character%' THEN main.ln_size(declared, 1) END AS character_octet_length,
  CASE main.ln_base(declared) WHEN 'numeric' THEN main.ln_size(declared, 1) WHEN 'smallint' THEN 16 WHEN 'integer' THEN 32
    WHEN 'bigint' THEN 64 WHEN 'real' THEN 24 WHEN 'double precision' THEN 53 END AS numeric_precision,
  CASE WHEN main.ln_base(declared) = 'numeric' THEN 10 WHEN main.ln_base(declared) IN ('smallint', 'integer', 'bigint', 'real', 'double precision')
    THEN 2 END AS numeric_precision_radix,
  CASE WHEN main.ln_base(declared) = 'numeric' THEN COALESCE(main.ln_size(declared, 2), 0)
    WHEN main.ln_base(declared) IN ('smallint', 'integer', 'bigint') THEN 0 END AS numeric_scale,
  CASE WHEN declared LIKE 'time%' THEN 6 END AS datetime_precision, CAST(NULL AS VARCHAR) AS interval_type,
  CAST(NULL AS VARCHAR) AS character_set_name, CAST(NULL AS VARCHAR) AS collation_name, current_database() AS udt_catalog,
  'pg_catalog' AS udt_schema, main.ln_type_name(declared) AS udt_name, 'NO' AS is_self_referencing FROM main._attribute;
CREATE OR REPLACE VIEW main."information_schema.table_privileges" AS SELECT 'admin' AS grantor, role_name AS grantee,
  current_database() AS table_catalog, schema_name AS table_schema, relation AS table_name, privilege AS privilege_type, 'NO' AS is_grantable,
  'NO' AS with_hierarchy FROM main._grant WHERE relation IS NOT NULL;
CREATE OR REPLACE VIEW main."information_schema.information_schema_catalog_name" AS SELECT current_database() AS catalog_name;
CREATE OR REPLACE VIEW main.svv_redshift_databases AS SELECT current_database() AS database_name, 100 AS database_owner, 'local' AS database_type,
  CAST(NULL AS VARCHAR) AS database_acl, CAST(NULL AS VARCHAR) AS database_options, 'Serializable' AS database_isolation_level;
CREATE OR REPLACE VIEW main.svv_redshift_schemas AS SELECT current_database() AS database_name, nspname AS schema_name, nspowner AS schema_owner,
  'local' AS schema_type, CAST(NULL AS VARCHAR) AS schema_acl, CAST(NULL AS VARCHAR) AS schema_option FROM main.pg_namespace;
CREATE OR REPLACE VIEW main.svv_redshift_functions AS SELECT current_database() AS database_name, 'public' AS schema_name,
  '' AS function_name, '' AS function_type, '' AS argument_type, '' AS result_type WHERE false;
CREATE OR REPLACE VIEW main.svv_all_schemas AS SELECT * FROM main.svv_redshift_schemas;
CREATE OR REPLACE VIEW main.svv_table_info AS SELECT current_database() AS "database", r.schema_name AS schema, r.oid AS table_id,
  r.name AS "table", 'Y' AS encoded, COALESCE('KEY(' || max(CASE WHEN a.distkey THEN a.column_name END) || ')', 'AUTO(ALL)') AS diststyle,
  max(CASE WHEN a.sortkey = 1 THEN a.column_name END) AS sortkey1, CAST(NULL AS INTEGER) AS max_varchar, CAST(NULL AS VARCHAR) AS sortkey1_enc,
  max(a.sortkey) AS sortkey_num, CAST(NULL AS BIGINT) AS size, CAST(NULL AS DECIMAL(10,4)) AS pct_used, 0 AS empty,
  CAST(NULL AS DECIMAL(5,2)) AS unsorted, CAST(NULL AS DECIMAL(5,2)) AS stats_off, CAST(r.rows AS DECIMAL(38,0)) AS tbl_rows,
  CAST(NULL AS DECIMAL(19,2)) AS skew_sortkey1, CAST(NULL AS DECIMAL(19,2)) AS skew_rows
  FROM main._relation r JOIN main._attribute a ON a.oid = r.oid WHERE r.kind = 'r' AND r.rows > 0 GROUP BY ALL;
CREATE OR REPLACE VIEW main.svv_user_info AS SELECT usename AS user_name, usesysid AS user_id, usecreatedb AS createdb, usesuper AS superuser,
  usecatupd AS catalog_update, 'UNLIMITED' AS connection_limit, 'DISABLED' AS syslog_access, CAST(NULL AS TIMESTAMP) AS last_ddl_timestamp,
  CAST(NULL AS INTEGER) AS session_timeout, CAST(NULL AS VARCHAR) AS external_user_id FROM main.pg_user;
CREATE OR REPLACE MACRO main.ln_format_type(id, modifier) AS (SELECT CASE ln_t.typname
  WHEN 'varchar' THEN 'character varying' || CASE WHEN modifier > 4 THEN '(' || (modifier - 4) || ')' ELSE '' END
  WHEN 'bpchar' THEN 'character' || CASE WHEN modifier > 4 THEN '(' || (modifier - 4) || ')' ELSE '' END
  WHEN 'numeric' THEN 'numeric' || CASE WHEN modifier > 4 THEN '(' || ((modifier - 4) >> 16) || ',' || ((modifier - 4) & 65535) || ')' ELSE '' END
  WHEN 'int2' THEN 'smallint' WHEN 'int4' THEN 'integer' WHEN 'int8' THEN 'bigint' WHEN 'float4' THEN 'real'
  WHEN 'float8' THEN 'double precision' WHEN 'bool' THEN 'boolean' WHEN 'timestamp' THEN 'timestamp without time zone'
  WHEN 'timestamptz' THEN 'timestamp with time zone' WHEN 'time' THEN 'time without time zone'
  WHEN 'timetz' THEN 'time with time zone' ELSE ln_t.typname END FROM main.pg_type ln_t WHERE ln_t.oid = id);
CREATE OR REPLACE MACRO main.ln_pg_table_is_visible(id) AS id IN (SELECT ln_c.oid FROM main.pg_class ln_c
  JOIN main.pg_namespace ln_n ON ln_n.oid = ln_c.relnamespace WHERE list_contains(main.ln_current_schemas(true), ln_n.nspname));
CREATE OR REPLACE MACRO main.ln_pg_get_viewdef(id) AS (SELECT definition FROM main._view_definition ln_v WHERE ln_v.oid = id);
CREATE OR REPLACE MACRO main.ln_pg_get_viewdef2(id, pretty) AS (SELECT definition FROM main._view_definition ln_v WHERE ln_v.oid = id);
CREATE OR REPLACE MACRO main.ln_obj_description(id, class) AS (SELECT ln_d.description FROM main.pg_description ln_d
  WHERE ln_d.objoid = id AND ln_d.objsubid = 0);
CREATE OR REPLACE MACRO main.ln_obj_description1(id) AS (SELECT ln_d.description FROM main.pg_description ln_d
  WHERE ln_d.objoid = id AND ln_d.objsubid = 0);
CREATE OR REPLACE MACRO main.ln_col_description(id, number) AS (SELECT ln_d.description FROM main.pg_description ln_d
  WHERE ln_d.objoid = id AND ln_d.objsubid = number);
CREATE OR REPLACE MACRO main.ln_regclass(name) AS (SELECT COALESCE(TRY_CAST(name AS BIGINT), (SELECT ln_c.oid FROM main.pg_class ln_c
  JOIN main.pg_namespace ln_n ON ln_n.oid = ln_c.relnamespace WHERE replace(name, '"', '') IN (ln_n.nspname || '.' || ln_c.relname,
    CASE WHEN list_contains(main.ln_current_schemas(true), ln_n.nspname) THEN ln_c.relname END) LIMIT 1)));
CREATE OR REPLACE MACRO main.ln_to_regclass(name) AS main.ln_regclass(name);
CREATE OR REPLACE MACRO main.ln_regclass_name(id) AS (SELECT CASE WHEN main.ln_pg_table_is_visible(ln_c.oid) THEN main.ln_quote_ident(ln_c.relname)
  ELSE main.ln_quote_ident(ln_n.nspname) || '.' || main.ln_quote_ident(ln_c.relname) END
  FROM main.pg_class ln_c JOIN main.pg_namespace ln_n ON ln_n.oid = ln_c.relnamespace WHERE ln_c.oid = id);
CREATE OR REPLACE MACRO main.ln_regtype(name) AS (SELECT ln_t.oid FROM main.pg_type ln_t WHERE ln_t.typname = name LIMIT 1);
CREATE OR REPLACE MACRO main.ln_has_table_privilege2(place, privilege) AS (getvariable('login_roles') IS NULL
  OR (upper(privilege) = 'SELECT' AND EXISTS (SELECT 1 FROM main.pg_class ln_c JOIN main.pg_namespace ln_n ON ln_n.oid = ln_c.relnamespace
    WHERE (CAST(ln_c.oid AS VARCHAR) = CAST(place AS VARCHAR) OR ln_n.nspname || '.' || ln_c.relname = replace(CAST(place AS VARCHAR), '"', ''))
      AND main.ln_may(ln_n.nspname, ln_c.relname))));
CREATE OR REPLACE MACRO main.ln_has_table_privilege(login, place, privilege) AS main.ln_has_table_privilege2(place, privilege);
CREATE OR REPLACE VIEW main.svv_redshift_tables AS SELECT current_database() AS database_name, r.schema_name, r.name AS table_name,
  CASE r.kind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END AS table_type, CAST(NULL AS VARCHAR) AS table_acl,
  main.ln_obj_description1(r.oid) AS remarks, 'admin' AS table_owner FROM main._relation r;
CREATE OR REPLACE VIEW main.svv_redshift_columns AS SELECT current_database() AS database_name, schema_name, table_name, column_name,
  CAST(number AS INTEGER) AS ordinal_position, main.ln_base(declared) AS data_type, column_default,
  CASE WHEN not_null THEN 'NO' ELSE 'YES' END AS is_nullable, encoding, distkey, sortkey, CAST(NULL AS VARCHAR) AS column_acl,
  main.ln_col_description(oid, number) AS remarks FROM main._attribute;
CREATE OR REPLACE VIEW main.svv_all_tables AS SELECT database_name, schema_name, table_name, table_acl, table_type, remarks, table_owner
  FROM main.svv_redshift_tables;
CREATE OR REPLACE VIEW main.svv_all_columns AS SELECT c.database_name, c.schema_name, c.table_name, c.column_name, c.ordinal_position,
  c.column_default, c.is_nullable, c.data_type, i.character_maximum_length, i.numeric_precision, i.numeric_scale, c.remarks
  FROM main.svv_redshift_columns c JOIN main."information_schema.columns" i ON i.table_schema = c.schema_name AND i.table_name = c.table_name
  AND i.column_name = c.column_name;
CREATE OR REPLACE MACRO main.ln_pg_relation_size(id) AS CAST(NULL AS BIGINT);
CREATE OR REPLACE MACRO main.ln_pg_table_size(id) AS CAST(NULL AS BIGINT);
CREATE OR REPLACE MACRO main.ln_pg_total_relation_size(id) AS CAST(NULL AS BIGINT);
CREATE OR REPLACE MACRO main.ln_pg_get_ruledef(id, pretty) AS CAST(NULL AS VARCHAR);
CREATE OR REPLACE MACRO main.ln_pg_get_late_binding_view_cols() AS NULL;
CREATE OR REPLACE MACRO main.ln_format_encoding(id) AS (['none', 'raw', 'delta', 'delta32k', 'runlength', 'bytedict', 'text255', 'text32k', 'mostly8', 'mostly16', 'mostly32', 'lzo', 'zstd', 'az64', 'auto'])[id + 1];
CREATE OR REPLACE MACRO main.ln_regexp_substr(value, pattern) AS regexp_extract(value, pattern);
CREATE OR REPLACE MACRO main.ln_regexp_substr3(value, pattern, start) AS regexp_extract(substr(value, start), pattern);
CREATE OR REPLACE MACRO main.ln__pg_expandarray(items) AS CAST(NULL AS STRUCT(x INTEGER, n INTEGER));
