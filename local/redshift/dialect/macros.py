"""What the translated SQL calls in DuckDB: macros, and functions in Python where DuckDB has nothing alike."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from local.redshift.dialect import udf_formats, udf_json, udf_text

SYSTEM = r"""
CREATE OR REPLACE MACRO main.rs_cut(s, n) AS CASE WHEN strlen(s) <= n THEN s
  ELSE left(s, len(list_filter(range(1, n + 1), lambda i: strlen(left(s, i)) <= n))::BIGINT) END;
CREATE OR REPLACE MACRO main.rs_fit(s, n) AS CASE WHEN strlen(s) <= n THEN s
  WHEN strlen(rtrim(s, ' ')) <= n THEN left(s, length(rtrim(s, ' ')) + n - strlen(rtrim(s, ' '))) ELSE s END;
CREATE OR REPLACE MACRO main.rs_nonzero(n) AS CASE WHEN n = 0 THEN error('Divide by zero') ELSE n END;
CREATE OR REPLACE MACRO main.rs_integer(s) AS CASE WHEN s IS NULL THEN NULL
  WHEN regexp_full_match(trim(s), '[+-]?[0-9]+') THEN CAST(trim(s) AS BIGINT)
  ELSE error('Invalid digit, Value ''' || coalesce(left(ltrim(trim(s), '+-0123456789'), 1), '') || ''', Pos '
    || (length(trim(s)) - length(ltrim(trim(s), '+-0123456789'))) || ', Type: Integer') END;
CREATE OR REPLACE MACRO main.rs_number(s) AS CASE WHEN s IS NULL THEN NULL
  WHEN regexp_full_match(trim(s), '[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?') THEN trim(s)
  ELSE error('invalid input syntax for type numeric: "' || s || '"') END;
CREATE OR REPLACE MACRO main.rs_boolean(s) AS CASE WHEN s IS NULL THEN NULL
  WHEN lower(trim(s)) IN ('t', 'true', 'y', 'yes', '1') THEN true
  WHEN lower(trim(s)) IN ('f', 'false', 'n', 'no', '0') THEN false
  ELSE error('invalid input syntax for type boolean: "' || s || '"') END;
CREATE OR REPLACE MACRO main.rs_timestamp(s) AS CASE WHEN s IS NULL THEN NULL
  WHEN regexp_full_match(s, '[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?)?')
  THEN CAST(s AS TIMESTAMP) ELSE rs_parse_timestamp(s) END;
CREATE OR REPLACE MACRO main.rs_float_text(f) AS CASE WHEN isnan(f) THEN 'NaN' WHEN isinf(f) THEN
  CASE WHEN f > 0 THEN 'Infinity' ELSE '-Infinity' END ELSE rs_show_float(f) END;
CREATE OR REPLACE MACRO main.rs_zoned_text(t) AS CAST(timezone('UTC', t) AS VARCHAR) || '+00';
CREATE OR REPLACE MACRO main.rs_substring(s, a, n) AS CASE WHEN n < 0 THEN
  error('negative substring length not allowed')
  ELSE substring(s, greatest(a, 1), greatest(a::BIGINT + n - greatest(a, 1), 0)) END;
CREATE OR REPLACE MACRO main.rs_upper(s) AS CASE WHEN contains(s, 'ß')
  THEN array_to_string(list_transform(string_split(s, 'ß'), lambda part: upper(part)), 'ß') ELSE upper(s) END;
CREATE OR REPLACE MACRO main.rs_left(s, n) AS left(s, greatest(n, 0));
CREATE OR REPLACE MACRO main.rs_right(s, n) AS right(s, greatest(n, 0));
CREATE OR REPLACE MACRO main.rs_repeat(s, n) AS repeat(s, greatest(n, 0));
CREATE OR REPLACE MACRO main.rs_pad_left(s, n, f) AS CASE WHEN n <= 0 THEN '' WHEN length(s) >= n THEN left(s, n)
  WHEN f = '' THEN s ELSE lpad(s, n::INTEGER, f) END;
CREATE OR REPLACE MACRO main.rs_pad_right(s, n, f) AS CASE WHEN n <= 0 THEN '' WHEN length(s) >= n THEN left(s, n)
  WHEN f = '' THEN s ELSE rpad(s, n::INTEGER, f) END;
CREATE OR REPLACE MACRO main.rs_split_part(s, d, n) AS CASE WHEN n < 1
  THEN error('field position must be greater than zero') WHEN d = '' THEN CASE WHEN n = 1 THEN s ELSE '' END
  ELSE split_part(s, d, n) END;
CREATE OR REPLACE MACRO main.rs_compare(a, b) AS CASE WHEN a < b THEN -1 WHEN a > b THEN 1 WHEN a = b THEN 0 END;
CREATE OR REPLACE MACRO main.rs_sqrt(f) AS CASE WHEN f < 0
  THEN error('cannot take square root of a negative number') ELSE sqrt(f) END;
CREATE OR REPLACE MACRO main.rs_ln(f) AS CASE WHEN f = 0 THEN error('cannot take logarithm of zero')
  WHEN f < 0 THEN error('cannot take logarithm of a negative number') ELSE ln(f) END;
CREATE OR REPLACE MACRO main.rs_log(f) AS CASE WHEN f = 0 THEN error('cannot take logarithm of zero')
  WHEN f < 0 THEN error('cannot take logarithm of a negative number') ELSE log10(f) END;
CREATE OR REPLACE MACRO main.rs_to_hex(n) AS lower(to_hex(n));
CREATE OR REPLACE MACRO main.rs_add_months(t, n) AS CASE WHEN CAST(t AS DATE) = last_day(t)
  THEN last_day(t + to_months(n::INTEGER)) + (t - date_trunc('day', t)) ELSE t + to_months(n::INTEGER) END;
CREATE OR REPLACE MACRO main.rs_listed(s) AS CASE WHEN strlen(s) > 65535
  THEN error('Result size exceeds LISTAGG limit') ELSE s END;
CREATE OR REPLACE MACRO main.rs_json_parse(s) AS CASE WHEN s IS NULL THEN NULL WHEN json_valid(s) THEN json(s)
  ELSE error('JSON parsing error') END;
CREATE OR REPLACE MACRO main.rs_json_type(j) AS CASE json_type(j) WHEN 'ARRAY' THEN 'array' WHEN 'OBJECT' THEN 'object'
  WHEN 'VARCHAR' THEN 'string' WHEN 'BOOLEAN' THEN 'boolean' WHEN 'NULL' THEN 'null' WHEN 'BIGINT' THEN 'number'
  WHEN 'UBIGINT' THEN 'number' WHEN 'DOUBLE' THEN 'number' END;
CREATE OR REPLACE MACRO main.rs_elements(j) AS json_extract(j, '$[*]');
CREATE OR REPLACE MACRO main.rs_array_concat(a, b) AS CASE WHEN json_type(a) = 'ARRAY' AND json_type(b) = 'ARRAY'
  THEN CAST(to_json(list_concat(rs_elements(a), rs_elements(b))) AS JSON) END;
CREATE OR REPLACE MACRO main.rs_array_flatten(a) AS CASE WHEN json_type(a) = 'ARRAY' THEN
  CAST(to_json(flatten(list_transform(rs_elements(a), lambda e: CASE WHEN json_type(e) = 'ARRAY' THEN rs_elements(e)
  ELSE [e] END))) AS JSON) END;
CREATE OR REPLACE MACRO main.rs_subarray(a, p, n) AS CASE WHEN json_type(a) = 'ARRAY'
  THEN CAST(to_json(rs_elements(a)[p + 1:p + n]) AS JSON) END;
"""


def _of_nulls(function: Callable[..., Any]) -> Callable[..., Any]:
    """NULL in, NULL out. The wrapped function may give NULL, too, which DuckDB's own handling would refuse."""

    @wraps(function)
    def wrapped(*arguments: Any) -> Any:
        return None if None in arguments else function(*arguments)

    return wrapped


def install(connection: Any) -> None:
    """Register the Python functions and create the macros. They read no file and reach no network."""
    for module in (udf_formats, udf_text, udf_json):
        for name, written, takes, gives in module.FUNCTIONS:
            function = _of_nulls(written)
            connection.create_function(name, function, takes, gives, null_handling="special")
    for statement in SYSTEM.split(";\n"):
        if statement.strip():
            connection.execute(statement)
