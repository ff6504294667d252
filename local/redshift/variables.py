"""SET: the search path, and the parameters that change nothing of what the embedded warehouse answers."""

from __future__ import annotations

import re
from dataclasses import dataclass

from local.redshift.errors import NotSupported, SqlError

# https://docs.aws.amazon.com/redshift/latest/dg/cm_chap_ConfigurationRef.html, and what drivers set when they connect.
DEFAULTS = {
    "search_path": '"$user", public',
    "query_group": "unset",
    "application_name": "",
    "client_encoding": "UTF8",
    "extra_float_digits": "0",
    "statement_timeout": "0",
    "timezone": "UTC",
    "datestyle": "ISO, MDY",
    "enable_case_sensitive_identifier": "off",
    "enable_result_cache_for_session": "on",
    "describe_field_name_in_uppercase": "off",
    "analyze_threshold_percent": "10",
    "standard_conforming_strings": "on",
    "server_version": "8.0.2",
    "max_index_keys": "32",
    "transaction_isolation": "serializable",
}
# What another value would change, the embedded warehouse does one way only.
_FIXED = {
    "client_encoding": ("utf8", "utf-8", "unicode"),
    "timezone": ("utc", "gmt", "default"),
    "datestyle": ("iso", "iso, mdy", "iso,mdy", "default"),
    "enable_case_sensitive_identifier": ("off", "false", "0", "default"),
    "describe_field_name_in_uppercase": ("off", "false", "0", "default"),
}
_READ_ONLY = ("server_version", "max_index_keys", "transaction_isolation", "standard_conforming_strings")


@dataclass(frozen=True)
class SetVariable:
    """`value` is None for RESET."""

    name: str
    value: str | None


def set_variable(text: str) -> SetVariable:
    """SET name {TO | =} value, or RESET name. Raises SqlError."""
    reset = re.fullmatch(r"RESET\s+(\w+)", text, re.IGNORECASE)
    match = reset or re.fullmatch(
        r"SET\s+(?:SESSION\s+|LOCAL\s+)?(\w+)\s*(?:=|\bTO\b)\s*(.+)", text, re.IGNORECASE | re.DOTALL
    )
    if not match:
        raise NotSupported(" ".join(text.split()[:3]))
    name = match[1].lower()
    if name not in DEFAULTS:
        raise NotSupported(f"SET {name}")
    if name in _READ_ONLY:
        raise SqlError(f'parameter "{name}" cannot be changed', "55P02")
    if reset:
        return SetVariable(name, None)
    value = match[2].strip()
    plain = value.strip("'\"").lower()
    if name in _FIXED and plain not in _FIXED[name]:
        raise NotSupported(f"SET {name} TO {value}")
    return SetVariable(name, value)


def schemas(value: str | None) -> list[str]:
    """The schemas of a search path."""
    listed = (part.strip().strip("'\"").lower() for part in (value or DEFAULTS["search_path"]).split(","))
    return [part for part in listed if part and part not in ("$user", "default")] or ["public"]
