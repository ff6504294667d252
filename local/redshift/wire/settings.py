"""Session parameters: what SET takes, SHOW answers and a driver gets when it connects."""

from __future__ import annotations

import re

from local.redshift.errors import SqlError
from local.redshift.pg_catalog import SERVER_VERSION

# Sent to every client when it connects; those with a value are fixed.
REPORTED = {
    "client_encoding": "UTF8",
    "DateStyle": "ISO, MDY",
    "integer_datetimes": "on",
    "is_superuser": "off",
    "padb_revision": "1.0.0",
    "padb_version": "1.0.0",
    "server_encoding": "UTF8",
    "server_version": SERVER_VERSION,
    "session_authorization": "",
    "standard_conforming_strings": "off",
    "TimeZone": "UTC",
}
_READ_ONLY = ("server_version", "server_encoding", "integer_datetimes", "is_superuser", "padb_version", "padb_revision")
# https://docs.aws.amazon.com/redshift/latest/dg/cm_chap_ConfigurationRef.html, and what drivers set.
_DEFAULTS = {
    "analyze_threshold_percent": "10",
    "application_name": "",
    "autocommit": "on",
    "bytea_output": "hex",
    "cast_super_null_on_error": "on",
    "client_min_messages": "notice",
    "datashare_break_glass_session_var": "",
    "default_geometry_encoding": "1",
    "default_transaction_isolation": "serializable",
    "describe_field_name_in_uppercase": "off",
    "enable_case_sensitive_identifier": "off",
    "enable_result_cache_for_session": "on",
    "extra_float_digits": "0",
    "idle_session_timeout": "0",
    "intervalstyle": "postgres",
    "json_parse_dedup_attributes": "off",
    "lock_timeout": "0",
    "query_group": "default",
    "search_path": "$user, public",
    "statement_timeout": "0",
    "transaction_isolation": "serializable",
    "transaction_read_only": "off",
    "use_fips_ssl": "off",
    "wlm_query_slot_count": "1",
}
_SET = re.compile(
    r"SET\s+(?:(?:SESSION|LOCAL)\s+)?(?:(TIME\s+ZONE)\s+|(SESSION\s+CHARACTERISTICS|TRANSACTION)\b|([\w.]+)\s*(?:=|\bTO\b)\s*)"
    r"(.*)",
    re.IGNORECASE | re.DOTALL,
)
_UTC = {"utc", "gmt", "etc/utc", "etc/gmt", "default", "local", "0", "zulu", "universal"}


class Parameters:
    """The parameters of one session."""

    def __init__(self, user: str) -> None:
        self._initial = _DEFAULTS | {k.lower(): v for k, v in REPORTED.items()} | {"session_authorization": user}
        self._values = dict(self._initial)
        self._user = user

    def reported(self) -> dict[str, str]:
        """What a client is sent at its start."""
        return {name: self._values[name.lower()] for name in REPORTED}

    def show(self, name: str) -> str:
        """Raises SqlError for a parameter that doesn't exist."""
        key = {"time zone": "timezone", "transaction isolation level": "transaction_isolation"}.get(
            " ".join(name.lower().split()), name.lower()
        )
        if key not in self._values:
            raise SqlError(f'unrecognized configuration parameter "{key}"')
        return self._values[key]

    def everything(self) -> list[tuple[str, str]]:
        return sorted(self._values.items())

    def set(self, sql: str) -> tuple[str, str] | None:
        """Carry out a SET: (name, value), None for the transaction modes. Raises SqlError for what can't be set."""
        found = _SET.fullmatch(sql)
        if not found:
            raise SqlError(f'syntax error at or near "{" ".join(sql.split()[1:3])}"')
        if found[2]:
            return None  # SERIALIZABLE is what there is; READ ONLY and the levels below it ask for less
        return self.put("timezone" if found[1] else found[3].lower(), _unquoted(found[4]))

    def put(self, name: str, value: str) -> tuple[str, str]:
        """Set one parameter to a value."""
        if name not in self._values:
            raise SqlError(f'unrecognized configuration parameter "{name}"')
        if name in _READ_ONLY:
            raise SqlError(f'parameter "{name}" cannot be changed')
        if value.lower() == "default":
            value = self._initial[name]
        if name == "timezone" and value.lower() not in _UTC:
            raise SqlError(f'time zone "{value}" is not supported by the embedded warehouse, which keeps UTC')
        if name == "client_encoding" and value.lower().replace("-", "").replace("_", "") not in ("utf8", "unicode"):
            raise SqlError(f'client encoding "{value}" is not supported, expected UTF8')
        if name == "enable_case_sensitive_identifier" and value.lower() in ("on", "true", "1"):
            raise SqlError("enable_case_sensitive_identifier is not supported by the embedded warehouse")
        if name == "statement_timeout" and not re.fullmatch(r"\d{1,10}", value):
            raise SqlError(f'invalid value for parameter "statement_timeout": "{value}"')
        self._values[name] = value
        return name, value

    def reset(self, name: str) -> None:
        """RESET: one parameter, or ALL."""
        if name.lower() == "all":
            self._values = dict(self._initial)
        else:
            self.put(name.lower(), "default")

    @property
    def search_path(self) -> list[str]:
        """The schemas of search_path, without $user's, which has none here."""
        parts = (part.strip().strip('"').lower() for part in self._values["search_path"].split(","))
        return [part for part in parts if part and part != "$user"]

    @property
    def timeout_seconds(self) -> float | None:
        return int(self._values["statement_timeout"]) / 1000 or None


def _unquoted(text: str) -> str:
    items = [part.strip() for part in text.strip().split(",")]
    return ", ".join(i[1:-1].replace("''", "'") if len(i) > 1 and i[0] == i[-1] == "'" else i for i in items)
