"""pydantic's engine, set up from the description: one validator of a sender's row, one of a line of the stream.

pydantic_core and not pydantic, whose models do the same: importing it takes 75 ms more of a cold start (36 against 112,
measured with `python -X importtime`), which each of four functions would pay.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from pydantic_core import CoreConfig, CoreSchema, SchemaValidator
from pydantic_core import core_schema as core

from shared.transaction.kinds import BLANKS
from shared.transaction.schema import FIELDS, IGNORED_SOURCES, SOURCES, Field

_CONFIG = CoreConfig(hide_input_in_errors=True)


def _exactly(form: str | None) -> str | None:
    return None if form is None else f"^(?:{form})$"  # Rust's ^ and $: the ends of the text, never of a line


def _given(field: Field) -> CoreSchema:
    kind = field.accepted
    schema: CoreSchema = core.any_schema()
    if not kind.any_type:
        trims = kind.accepts is not None
        schema = core.str_schema(
            pattern=_exactly(kind.accepts), strip_whitespace=trims, coerce_numbers_to_str=kind.numbers
        )
    if kind.read is not str:
        schema = core.no_info_after_validator_function(kind.read, schema)
    if field.optional:
        schema = core.no_info_before_validator_function(_none_if_blank, core.nullable_schema(schema))
    return schema


def _none_if_blank(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip(BLANKS) else value


def _row(required: bool) -> SchemaValidator:
    columns = {}
    for source, field in SOURCES.items():
        needed = required and not field.optional
        schema = _given(field)
        if required and field.optional:
            schema = core.with_default_schema(schema, default=field.default)
        columns[field.name] = core.typed_dict_field(schema, required=needed, validation_alias=source)
    for source in IGNORED_SOURCES:
        columns[f"ignored {source}"] = core.typed_dict_field(core.any_schema(), required=False, validation_alias=source)
    return SchemaValidator(core.typed_dict_schema(columns, extra_behavior="forbid"), _CONFIG)


def _kept(field: Field) -> CoreSchema:
    kind = field.kind
    schema: CoreSchema
    if field.type is bool:
        schema = core.bool_schema(strict=True)
    elif field.type is int and kind.bounds:
        schema = core.int_schema(strict=True, ge=kind.bounds[0], le=kind.bounds[1])
    elif field.type is float and kind.bounds:
        schema = core.float_schema(strict=True, ge=kind.bounds[0], le=kind.bounds[1], allow_inf_nan=False)
    else:
        schema = core.str_schema(strict=True, pattern=_exactly(kind.stored), max_length=kind.limit)
    if kind.check:
        schema = core.no_info_after_validator_function(kind.check, schema)
    elif field.type is Decimal:
        schema = core.no_info_after_validator_function(Decimal, schema)
    return core.nullable_schema(schema) if field.nullable else schema


def _line(fields: Iterable[Field]) -> SchemaValidator:
    return SchemaValidator(core.tuple_schema([_kept(field) for field in fields]), _CONFIG)


ROW = _row(required=True)  # dict by source -> dict by field name
ONE_COLUMN = _row(required=False)
LINE = _line(FIELDS)  # list of a line's fields -> tuple of a Transaction's
