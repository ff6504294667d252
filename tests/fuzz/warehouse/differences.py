"""Where Redshift's documented answer differs from PostgreSQL's: how PostgreSQL is asked instead.

The generator keeps to what both have. Each entry says what is done about a difference; `postgres` rewrites the text of
an expression for PostgreSQL.
"""

from __future__ import annotations

import re

# Left: the difference. Right: what the fuzzer does about it.
DIFFERENCES = {
    "lengths of VARCHAR are bytes": "a cast to VARCHAR(n) cuts ASCII only",
    "<< of a negative number is refused by the warehouse": "only others are shifted",
    "AVG of integers is an integer": "trunc(avg(x))::bigint in PostgreSQL",
    "DECIMAL division has the scale of r_numeric_computations201, cut": "div_numeric() in PostgreSQL computes so",
    "SUBSTRING and LEFT take no negative length": "lengths are 0 or more",
    "CONCAT of NULL is NULL": "|| in PostgreSQL",
    "NVL, NVL2, DECODE, LEN, STRPOS's siblings": "functions of the schema that PostgreSQL is given",
    "blanks at the end of a VARCHAR don't count in comparisons": "texts have none at the end",
    "GREATEST and LEAST skip NULL": "so does PostgreSQL",
    "REGEXP_REPLACE replaces every occurrence": "the flag g in PostgreSQL",
    "EXTRACT gives an integer": "floor(...)::bigint in PostgreSQL",
    "DATEADD and ADD_MONTHS": "functions of the schema that PostgreSQL is given",
    "ROUND of DOUBLE PRECISION rounds half away": "only DECIMAL is rounded",
    "texts are ordered by bytes": "the database has the collation C",
}

SCHEMA = r"""
CREATE FUNCTION len(text) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT length($1)';
CREATE FUNCTION charindex(text, text) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT strpos($2, $1)';
CREATE FUNCTION nvl2(anyelement, anyelement, anyelement) RETURNS anyelement IMMUTABLE LANGUAGE sql
  AS 'SELECT CASE WHEN $1 IS NOT NULL THEN $2 ELSE $3 END';
CREATE FUNCTION rs_concat(text, text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1 || $2';
CREATE FUNCTION rs_replace_all(text, text, text) RETURNS text IMMUTABLE LANGUAGE sql
  AS 'SELECT regexp_replace($1, $2, $3, ''g'')';
CREATE FUNCTION rs_substring(text, int, int) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT substring($1, $2, $3)';
CREATE FUNCTION rs_dateadd(text, int, timestamp) RETURNS timestamp IMMUTABLE LANGUAGE sql
  AS 'SELECT $3 + ($2 || '' '' || $1)::interval';
CREATE FUNCTION rs_months_apart(timestamp, timestamp) RETURNS bigint IMMUTABLE LANGUAGE sql AS 'SELECT
  ((extract(year FROM $2) - extract(year FROM $1)) * 12 + extract(month FROM $2) - extract(month FROM $1))::bigint';
CREATE FUNCTION rs_last_day(timestamp) RETURNS date IMMUTABLE LANGUAGE sql
  AS 'SELECT (date_trunc(''month'', $1) + interval ''1 month'' - interval ''1 day'')::date';
CREATE FUNCTION rs_add_months(timestamp, int) RETURNS timestamp IMMUTABLE LANGUAGE sql AS 'SELECT CASE
  WHEN $1::date = rs_last_day($1) THEN rs_last_day($1 + ($2 || '' months'')::interval) + ($1 - date_trunc(''day'', $1))
  ELSE $1 + ($2 || '' months'')::interval END';
CREATE FUNCTION rs_divide(numeric, numeric, int) RETURNS numeric IMMUTABLE LANGUAGE sql
  AS 'SELECT trunc(div($1 * power(10::numeric, $3), $2) / power(10::numeric, $3), $3)';
"""

_REWRITES = [
    (r"\bnvl\(", "coalesce("),
    (r"\bconcat\(", "rs_concat("),
    (r"\bregexp_replace\(", "rs_replace_all("),
    (r"\bdateadd\((\w+),", r"rs_dateadd('\1',"),
    (r"\badd_months\(", "rs_add_months("),
    (r"\blast_day\(", "rs_last_day("),
    (r"\bdatediff\(month,", "rs_months_apart("),
    (r"\bextract\((\w+) from (\w+)\)", r"floor(extract(\1 from \2))::bigint"),
    (r"\bavg\((i\d?)\)", r"trunc(avg(\1))::bigint"),
    (r"\bdivided\((\w+), (\w+), (\d+)\)", r"rs_divide(\1, \2, \3)"),
]


def postgres(text: str) -> str:
    """An expression as PostgreSQL is asked it."""
    for pattern, replacement in _REWRITES:
        text = re.sub(pattern, replacement, text)
    return text


def redshift(text: str) -> str:
    """An expression as the warehouse is asked it."""
    return re.sub(r"\bdivided\((\w+), (\w+), \d+\)", r"(\1 / \2)", text)
