"""The scalar functions, one row each; those that take more than a template are built in functions_*.py."""

from __future__ import annotations

from local.redshift.dialect.calls import Function
from local.redshift.dialect.functions_dates import DATES
from local.redshift.dialect.functions_json import JSON
from local.redshift.dialect.functions_numbers import NUMBERS
from local.redshift.dialect.functions_system import SYSTEM
from local.redshift.dialect.functions_text import TEXTS

FUNCTIONS: dict[str, Function] = {row.name: row for row in (*TEXTS, *NUMBERS, *DATES, *JSON, *SYSTEM)}
