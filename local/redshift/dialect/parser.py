"""Redshift's grammar, with every function call kept as written: its name and its arguments in order."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.redshift import Redshift
from sqlglot.parsers.redshift import RedshiftParser
from sqlglot.tokens import TokenType

_SPECIAL = ("CAST", "CONVERT", "EXTRACT", "POSITION", "SUBSTRING", "TRIM", "TRY_CAST")


class Approximate(exp.Expression):
    """APPROXIMATE before an aggregate."""

    arg_types: ClassVar[dict[str, bool]] = {"this": True}


class KeyAttribute(exp.Expression, exp.ColumnConstraintKind):
    """DISTKEY or SORTKEY after a column."""

    arg_types: ClassVar[dict[str, bool]] = {"this": True}


def _key(name: str) -> Any:
    return lambda parser: parser.expression(KeyAttribute(this=exp.var(name)))


def _negation(parser: Any) -> exp.Expression:
    if parser._prev.text == "!":
        parser.raise_error("! is no operator")
    return RedshiftParser.UNARY_PARSERS[TokenType.NOT](parser)


class Dialect(Redshift):
    class Tokenizer(Redshift.Tokenizer):
        # "#" is an operator, as in 2#3; the parser reads it at the front of a temporary table's name.
        SINGLE_TOKENS: ClassVar[dict[str, TokenType]] = {**Redshift.Tokenizer.SINGLE_TOKENS, "#": TokenType.HASH}
        VAR_SINGLE_TOKENS: ClassVar[set[str]] = Redshift.Tokenizer.VAR_SINGLE_TOKENS - {"#"}

    class Parser(RedshiftParser):
        FUNCTIONS: ClassVar[dict[str, Any]] = {}
        FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
            name: parse for name, parse in RedshiftParser.FUNCTION_PARSERS.items() if name in _SPECIAL
        }
        NO_PAREN_FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
            **{
                name: parse
                for name, parse in RedshiftParser.NO_PAREN_FUNCTION_PARSERS.items()
                if name in ("ANY", "CASE", "SYSDATE")
            },
            "APPROXIMATE": lambda self: self.expression(Approximate(this=self._parse_function())),
        }
        PLACEHOLDER_PARSERS: ClassVar[dict[TokenType, Any]] = {
            **RedshiftParser.PLACEHOLDER_PARSERS,
            TokenType.PARAMETER: lambda self: self.expression(
                exp.Anonymous(this="abs", expressions=[self._parse_unary()])
            ),
        }
        # "!" is part of an operator only: !~ and !=.
        UNARY_PARSERS: ClassVar[dict[TokenType, Any]] = {
            **RedshiftParser.UNARY_PARSERS,
            TokenType.NOT: lambda self: _negation(self),
        }
        CONSTRAINT_PARSERS: ClassVar[dict[str, Any]] = {
            **RedshiftParser.CONSTRAINT_PARSERS,
            "DISTKEY": _key("DISTKEY"),
            "SORTKEY": _key("SORTKEY"),
        }

        def _parse_table_part(self, schema: bool = False) -> Any:
            temporary = self._match(TokenType.HASH)
            part = super()._parse_table_part(schema=schema)
            if temporary and isinstance(part, exp.Identifier):
                part.set("this", f"#{part.name}")
            return part
