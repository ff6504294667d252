"""The functions' environment: one typed model per function, read once at cold start."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import TypeVar

Model = TypeVar("Model", bound="Stage")


class ConfigError(Exception):
    """The function's environment lacks a variable or holds one that cannot be read; redeploy it."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What every function knows: a field is the environment variable of the same name in capitals."""

    stage: str


@dataclass(frozen=True, kw_only=True)
class Ingest(Stage):
    """Of write-to-kinesis."""

    stream_name: str
    requests_table_name: str
    card_key_secret_arn: str
    card_key_max_age_seconds: int = 300
    sender_api_key_id: str


@dataclass(frozen=True, kw_only=True)
class Table(Stage):
    """Of write-to-dynamodb."""

    table_name: str
    merchants_table_name: str


@dataclass(frozen=True, kw_only=True)
class Query(Table):
    """Of query-transactions."""

    alerts_table_name: str
    alert_delivery_name: str
    profiles_table_name: str
    risk_table_name: str
    card_key_secret_arn: str
    card_key_max_age_seconds: int = 300
    stream_name: str
    reader_api_key_id: str
    reviewer_api_key_id: str


@dataclass(frozen=True, kw_only=True)
class Detect(Stage):
    """Of detect-fraud. The shadow model is a name in fraud/models, without .json."""

    profiles_table_name: str
    alerts_table_name: str
    alert_delivery_name: str
    alert_topic_arn: str
    drift_table_name: str
    quarantine_bucket: str
    risk_table_name: str
    shadow_model: str = ""


@dataclass(frozen=True, kw_only=True)
class MeasureFraud(Stage):
    """Of measure-fraud."""

    drift_table_name: str
    alerts_table_name: str
    profiles_table_name: str
    risk_table_name: str
    table_name: str


@dataclass(frozen=True, kw_only=True)
class Lake(Stage):
    """Of write-to-s3."""

    lake_bucket: str
    quarantine_bucket: str


@dataclass(frozen=True, kw_only=True)
class CheckDelivery(Stage):
    """Of check-delivery."""

    quarantine_bucket: str


@dataclass(frozen=True, kw_only=True)
class Warehouse(Stage):
    """Of the functions that run SQL. Without a secret, the Data API logs in as the function's own role."""

    workgroup_name: str
    database_name: str
    warehouse_secret_arn: str = ""


@dataclass(frozen=True, kw_only=True)
class Merge(Warehouse):
    """Of merge-warehouse."""

    table_name: str
    stream_name: str
    quarantine_bucket: str
    delivery_bucket: str
    merge_queue_url: str
    merge_retry_seconds: int = 15


@dataclass(frozen=True, kw_only=True)
class Migrate(Warehouse):
    """Of migrate-warehouse."""

    delivery_bucket: str
    loader_secret_arn: str


@dataclass(frozen=True, kw_only=True)
class Rotate(Stage):
    """Of rotate-card-key."""

    card_key_secret_arn: str


def read(model: type[Model], environ: Mapping[str, str] | None = None) -> Model:
    """Read a model from the environment. Raises ConfigError that names every variable that is missing or wrong."""
    environ = os.environ if environ is None else environ
    values: dict[str, str | int] = {}
    wrong: list[str] = []
    for field in fields(model):
        name = field.name.upper()
        value = environ.get(name, "")
        if not value:
            if field.default is MISSING:
                wrong.append(f"{name} is not set")
        elif field.type != "int":
            values[field.name] = value
        elif value.isascii() and value.isdigit() and int(value) > 0:
            values[field.name] = int(value)
        else:
            wrong.append(f"{name} is not a whole number above 0")
    if wrong:
        raise ConfigError("; ".join(wrong))
    return model(**values)  # type: ignore[arg-type]
