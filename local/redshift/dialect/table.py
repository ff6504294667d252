"""The table of all that a statement may contain, from which docs/embedded-warehouse.md is made.

Functions and aggregates stand in their own modules, which translate by them; the rest of the language is listed here,
each with an example that a test runs.
"""

from __future__ import annotations

from dataclasses import dataclass

from local.redshift.dialect import aggregates, functions, windows


@dataclass(frozen=True)
class Construct:
    """`how` is passed (means the same in the engine), rewritten or implemented. `page` is of Redshift's developer guide."""

    kind: str
    name: str
    signature: str
    page: str
    how: str
    example: str = ""


def _rows(kind: str, text: str) -> list[Construct]:
    found = []
    for line in text.strip().splitlines():
        name, signature, page, how, example = (part.strip() for part in line.split(" | ", 4))
        found.append(Construct(kind, name, signature, page, how, example))
    return found


EXPRESSIONS = _rows(
    "expression",
    r"""
literals | 1, 1.5, 1e2, 'text', TRUE, NULL | r_Literals | rewritten | SELECT 1, 1.5, 1e2, 'text', TRUE, NULL
date and time literals | DATE '...', TIMESTAMP '...', INTERVAL '...' | r_Date_and_time_literals | implemented | SELECT DATE 'Jan-31-2008', INTERVAL '1 day' + DATE '2008-01-01'
+ - * / % | of numbers, with Redshift's precision | r_numeric_computations201 | implemented | SELECT 1.00 / 3 + 2 * 5 % 3 - 1
+ - | of dates, timestamps and intervals | r_interval_literals | rewritten | SELECT DATE '2008-01-31' + 1
^ \|/ \|\|/ @ & \| # ~ << >> | math and bits | r_OPERATOR_SYMBOLS | rewritten | SELECT 2 ^ 3, |/ 25.0, ||/ 27.0, @ -5, 5 & 3, 5 | 3, 2 # 3, ~1, 1 << 3, 8 >> 1
\|\| | text, NULL if one is | r_concat_op | rewritten | SELECT 'a' || 'b'
= <> != < <= > >= | blanks at the end don't count | r_comparison_condition | rewritten | SELECT 'a ' = 'a', 1 <> 2, 1 < 2, 2 >= 1
AND OR NOT | three-valued | r_logical_condition | passed | SELECT TRUE AND NOT FALSE OR NULL
IS [NOT] NULL, TRUE, FALSE, UNKNOWN |  | r_null_condition | passed | SELECT NULL IS NULL, TRUE IS NOT TRUE
BETWEEN |  | r_range_condition | rewritten | SELECT 1 BETWEEN 0 AND 2
IN | a list or a query | r_in_condition | rewritten | SELECT 1 IN (1, 2), 1 IN (SELECT 1)
EXISTS, ANY, ALL | with a query | r_exists_condition | passed | SELECT EXISTS (SELECT 1), 1 = ANY (SELECT 1), 1 < ALL (SELECT 2)
[NOT] LIKE, ILIKE | with ESCAPE | r_patternmatching_condition_like | rewritten | SELECT 'a' LIKE 'a%', 'a' NOT ILIKE 'B%', 'a%' LIKE 'a^%' ESCAPE '^'
[NOT] SIMILAR TO |  | pattern-matching-conditions-similar-to | implemented | SELECT 'abc' SIMILAR TO '%(b|d)%'
~ !~ | POSIX regular expressions | pattern-matching-conditions-posix | implemented | SELECT 'abc' ~ '^a', 'abc' !~ 'x'
CASE | simple and searched | r_CASE_function | passed | SELECT CASE 1 WHEN 1 THEN 'a' ELSE 'b' END
CAST, ::, CONVERT, TRY_CAST | between the types that Redshift casts | r_CAST_function | rewritten | SELECT CAST('1' AS INT), '1'::INT, CONVERT(INT, '1'), TRY_CAST('x' AS INT)
EXTRACT | part FROM value | r_EXTRACT_function | rewritten | SELECT EXTRACT(year FROM DATE '2008-01-01')
TRIM, SUBSTRING, POSITION | with their keywords | r_TRIM | rewritten | SELECT TRIM(BOTH 'x' FROM 'xax'), SUBSTRING('abc' FROM 2 FOR 1), POSITION('b' IN 'abc')
AT TIME ZONE | a zone as a literal | r_AT_TIME_ZONE | implemented | SELECT TIMESTAMP '2008-01-01' AT TIME ZONE 'MST'
CURRENT_DATE, CURRENT_TIMESTAMP, SYSDATE | UTC | r_CURRENT_DATE_function | rewritten | SELECT CURRENT_DATE, SYSDATE
a.b, a[0] | into a SUPER value | query-super | rewritten | SELECT s.a[0].b FROM (SELECT JSON_PARSE('{"a":[{"b":1}]}') AS s) AS t
scalar subquery | of one column | r_scalar_subqueries | passed | SELECT (SELECT 1)
""",
)
CLAUSES = _rows(
    "clause",
    r"""
SELECT | list, *, t.*, aliases of the list in it, EXCLUDE | r_SELECT_list | rewritten | SELECT t.*, a + 1 AS b, b * 2 AS c FROM (SELECT 1 AS a) AS t
SELECT DISTINCT, TOP |  | r_SELECT_list | passed | SELECT TOP 1 a FROM (SELECT DISTINCT 1 AS a) AS t
WITH [RECURSIVE] |  | r_WITH_clause | passed | WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 3) SELECT n FROM r
FROM, JOIN | INNER, LEFT, RIGHT, FULL, CROSS, NATURAL; ON, USING | r_FROM_clause30 | passed | SELECT * FROM (SELECT 1 AS a) AS t LEFT JOIN (SELECT 1 AS a) AS u USING (a)
PIVOT | one aggregate | r_FROM_clause-pivot-unpivot-examples | implemented | SELECT * FROM (SELECT 'x' AS p, 1 AS v) AS t PIVOT (SUM(v) FOR p IN ('x'))
array in FROM | elements of a SUPER | query-super | implemented | SELECT x FROM (SELECT ARRAY(1, 2) AS s) AS t, t.s AS x
WHERE, HAVING, QUALIFY |  | r_QUALIFY_clause | passed | SELECT a FROM (SELECT 1 AS a) AS t WHERE a = 1 QUALIFY ROW_NUMBER() OVER (ORDER BY a) = 1
GROUP BY | ROLLUP, CUBE, GROUPING SETS | r_GROUP_BY_clause | passed | SELECT a, COUNT(*) FROM (SELECT 1 AS a) AS t GROUP BY ROLLUP (a)
ORDER BY | NULLs last going up, first going down | r_ORDER_BY_clause | rewritten | SELECT a FROM (SELECT 1 AS a) AS t ORDER BY a DESC NULLS LAST
LIMIT, OFFSET |  | r_ORDER_BY_clause | passed | SELECT 1 LIMIT 1 OFFSET 0
UNION [ALL], INTERSECT, EXCEPT, MINUS |  | r_UNION | rewritten | SELECT 1 UNION ALL SELECT 2 MINUS SELECT 2
OVER | PARTITION BY, ORDER BY, ROWS | c_Window_functions | rewritten | SELECT SUM(a) OVER (ORDER BY a ROWS UNBOUNDED PRECEDING) FROM (SELECT 1 AS a) AS t
""",
)
TYPES = _rows(
    "type",
    """
SMALLINT, INTEGER, BIGINT | INT2, INT, INT4, INT8 | r_Numeric_types201 | passed | SELECT CAST(1 AS INT2), CAST(1 AS INT), CAST(1 AS INT8)
DECIMAL | NUMERIC, up to 38 digits | r_Numeric_types201 | passed | SELECT CAST(1 AS DECIMAL(12, 2))
REAL, DOUBLE PRECISION | FLOAT4, FLOAT, FLOAT8 | r_Numeric_types201 | passed | SELECT CAST(1 AS REAL), CAST(1 AS DOUBLE PRECISION)
CHAR, VARCHAR | lengths in bytes; NCHAR, BPCHAR, NVARCHAR, TEXT | r_Character_types | rewritten | SELECT CAST('a' AS CHAR(3)), CAST('a' AS VARCHAR(3))
DATE, TIME, TIMESTAMP, TIMESTAMPTZ |  | r_Datetime_types | passed | SELECT CAST('2008-01-01' AS DATE), CAST('2008-01-01' AS TIMESTAMPTZ)
BOOLEAN | BOOL | r_Boolean_type | passed | SELECT CAST('yes' AS BOOL)
SUPER |  | r_SUPER_type | rewritten | SELECT CAST('a' AS SUPER)
""",
)
STATEMENTS = _rows(
    "statement",
    """
INSERT | VALUES, DEFAULT, a query | r_INSERT_30 | rewritten | INSERT INTO t VALUES (2, DEFAULT)
UPDATE | FROM with an equijoin of the target | r_UPDATE | rewritten | UPDATE t SET b = s.b FROM s WHERE t.a = s.a
DELETE | USING with an equijoin of the target | r_DELETE | rewritten | DELETE FROM t USING s WHERE t.a = s.a
MERGE | one WHEN MATCHED, one WHEN NOT MATCHED | r_MERGE | rewritten | MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN UPDATE SET b = s.b WHEN NOT MATCHED THEN INSERT VALUES (s.a, s.b)
TRUNCATE | commits | r_TRUNCATE | implemented | TRUNCATE t
CREATE TABLE | columns, LIKE, AS; DEFAULT, IDENTITY, NOT NULL, keys, ENCODE, DISTSTYLE, DISTKEY, SORTKEY | r_CREATE_TABLE_NEW | rewritten | CREATE TEMP TABLE u (a INT IDENTITY(1, 1) ENCODE az64, b VARCHAR(9) DEFAULT 'x') DISTSTYLE ALL
CREATE VIEW | OR REPLACE, WITH NO SCHEMA BINDING | r_CREATE_VIEW | implemented | CREATE VIEW public.table_example AS SELECT 1 AS a
CREATE SCHEMA | IF NOT EXISTS | r_CREATE_SCHEMA | passed | CREATE SCHEMA table_example
DROP TABLE, VIEW, SCHEMA | IF EXISTS, CASCADE | r_DROP_TABLE | implemented | DROP TABLE t
COMMENT ON | TABLE, VIEW, COLUMN | r_COMMENT | implemented | COMMENT ON TABLE core.merchant IS 'x'
LOCK | TABLE | r_LOCK | implemented | LOCK t
ANALYZE, VACUUM | do nothing to the rows | r_ANALYZE | implemented | ANALYZE
SET, RESET | search_path, and parameters that change no answer | r_SET | implemented | SET search_path TO core
SHOW | a parameter, TABLES, COLUMNS, SCHEMAS | r_SHOW | implemented | SHOW search_path
BEGIN, COMMIT, ROLLBACK | START TRANSACTION, END, ABORT | r_BEGIN | implemented | BEGIN
""",
)
ELSEWHERE = [
    Construct("statement", "COPY", "from S3: CSV, delimited, JSON, Parquet", "r_COPY", "implemented"),
    Construct("statement", "ALTER TABLE", "see the statement's own tests", "r_ALTER_TABLE", "implemented"),
    Construct(
        "statement",
        "CREATE ROLE, DROP ROLE, GRANT, REVOKE",
        "SELECT, INSERT, USAGE and CREATE to roles and users",
        "r_GRANT",
        "implemented",
    ),
    Construct(
        "statement", "CREATE USER, ALTER USER", "PASSWORD, in clear text or hashed", "r_CREATE_USER", "implemented"
    ),
]


def constructs() -> list[Construct]:
    """All rows, in the order in which the page shows them."""
    scalar = [Construct("function", row.name, row.signature, row.page, row.how) for row in functions.FUNCTIONS.values()]
    grouped = [
        Construct("aggregate", row.name, row.signature, row.page, row.how) for row in aggregates.AGGREGATES.values()
    ]
    grouped += [
        Construct("aggregate", name, signature, page, "rewritten")
        for name, signature, page in (
            ("listagg", "LISTAGG([DISTINCT] value [, delimiter]) WITHIN GROUP (ORDER BY ...)", "r_LISTAGG"),
            ("percentile_cont", "PERCENTILE_CONT(fraction) WITHIN GROUP (ORDER BY value)", "r_PERCENTILE_CONT"),
            ("percentile_disc", "[APPROXIMATE] PERCENTILE_DISC(fraction) WITHIN GROUP (ORDER BY value)",
             "r_APPROXIMATE_PERCENTILE_DISC"),
        )
    ]  # fmt: skip
    over = [
        Construct("window function", name, f"{name}(...) OVER (...)", page, "rewritten")
        for name, page in windows.PAGES.items()
    ]
    return [*STATEMENTS, *ELSEWHERE, *CLAUSES, *EXPRESSIONS, *TYPES, *scalar, *grouped, *over]
