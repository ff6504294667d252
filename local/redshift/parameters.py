"""Named parameters of the Data API: `:name` in a statement becomes a SQL literal, never text spliced into SQL."""

from __future__ import annotations

import re
from typing import Any

from sqlglot import exp

from local.redshift.errors import SqlError, validation

# A parameter, or what may hold a dollar sign that is none: strings, quoted names, dollar quotes, comments.
_NUMBERED = re.compile(
    r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"]|\"\")*\"|\$(?:[A-Za-z_]\w*)?\$.*?\$(?:[A-Za-z_]\w*)?\$|--[^\n]*|/\*.*?\*/|\$(\d{1,9})",
    re.DOTALL,
)


def bind(statements: list[exp.Expression], parameters: list[dict[str, Any]]) -> list[exp.Expression]:
    """Put values in place of placeholders, in all statements of a request.

    Values are text and Redshift converts them to the type their place asks for, so each becomes a string literal,
    which both Redshift and DuckDB treat as of unknown type. Raises ValidationException as the Data API words it.
    """
    values: dict[str, str] = {}
    for parameter in parameters:
        if parameter["name"] in values:
            raise validation(f"Duplicate parameter name: {parameter['name']}")
        values[parameter["name"]] = parameter["value"]
    used: set[str] = set()

    def replace(node: exp.Expression) -> exp.Expression:
        if not isinstance(node, exp.Placeholder) or not node.name:
            return node
        if node.name not in values:
            raise validation(f"Cannot find parameter: {node.name}")
        used.add(node.name)
        return exp.Literal.string(values[node.name])

    bound = [statement.transform(replace) for statement in statements]
    unused = sorted(values.keys() - used)
    if unused:
        raise validation(f"Parameters list contains unused parameters. Unused parameters: [{', '.join(unused)}]")
    return bound


def number_placeholders(sql: str) -> tuple[str, int]:
    """`$1` as `:_1`, which sqlglot reads in both dialects, and the highest number; strings and comments stay."""
    numbers = [0]

    def replace(match: re.Match[str]) -> str:
        if match[1] is None:
            return match[0]
        numbers.append(int(match[1]))
        return f":_{match[1]} "

    return _NUMBERED.sub(replace, sql), max(numbers)


def bind_numbered(parsed: exp.Expression, values: list[exp.Expression]) -> exp.Expression:
    """Put values in place of the placeholders of number_placeholders(). Raises SqlError for one without a value."""

    def replace(node: exp.Expression) -> exp.Expression:
        if not isinstance(node, exp.Placeholder) or not node.name.startswith("_"):
            return node
        number = int(node.name[1:])
        if not 1 <= number <= len(values):
            raise SqlError(f"there is no parameter ${number}")
        value = values[number - 1].copy()
        # A NULL that is a column of the result has a type all the same: text, as for every parameter of none.
        return exp.cast(value, "varchar") if isinstance(value, exp.Null) and _is_column(node) else value

    return parsed.transform(replace)


def _is_column(node: exp.Expression) -> bool:
    """Whether an expression is, as it stands, a column of a SELECT."""
    while isinstance(node.parent, (exp.Alias, exp.Paren)):
        node = node.parent
    return isinstance(node.parent, exp.Select) and node.arg_key == "expressions"
