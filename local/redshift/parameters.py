"""Named parameters of the Data API: `:name` in a statement becomes a SQL literal, never text spliced into SQL."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from local.redshift.errors import SqlError, validation


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


def bind_numbered(parsed: exp.Expression, values: list[exp.Expression]) -> exp.Expression:
    """Put values in place of $1, $2 and so on, as the wire protocol's Bind gives them. Raises SqlError."""

    def replace(node: exp.Expression) -> exp.Expression:
        if not isinstance(node, exp.Parameter) or not isinstance(node.this, exp.Literal) or node.this.is_string:
            return node
        number = int(node.name)
        if not 1 <= number <= len(values):
            raise SqlError(f"there is no parameter ${number}")
        return values[number - 1].copy()

    return parsed.transform(replace)
