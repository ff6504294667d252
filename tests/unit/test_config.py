"""The environment is read whole or not at all, and says what is missing."""

from __future__ import annotations

import pytest

from shared import config


def test_a_function_reads_only_the_variables_it_declares() -> None:
    settings = config.read(
        config.Table, {"STAGE": "dev", "TABLE_NAME": "transactions", "MERCHANTS_TABLE_NAME": "m", "LAKE_BUCKET": "lake"}
    )
    assert settings == config.Table(stage="dev", table_name="transactions", merchants_table_name="m")


def test_every_missing_variable_is_named_at_once() -> None:
    with pytest.raises(config.ConfigError, match=r"LAKE_BUCKET is not set; QUARANTINE_BUCKET is not set"):
        config.read(config.Lake, {"STAGE": "dev", "LAKE_BUCKET": ""})


MERGE = {
    "STAGE": "dev",
    "WORKGROUP_NAME": "w",
    "DATABASE_NAME": "d",
    "DELIVERY_BUCKET": "b",
    "MERGE_QUEUE_URL": "https://q",
    "TABLE_NAME": "t",
    "STREAM_NAME": "s",
    "QUARANTINE_BUCKET": "q",
}


def test_an_optional_variable_has_its_default() -> None:
    settings = config.read(config.Merge, MERGE)
    assert (settings.merge_retry_seconds, settings.warehouse_secret_arn) == (15, "")


@pytest.mark.parametrize("value", ["0", "-5", "5.0", "often", "٥"])
def test_a_number_that_is_none_is_refused(value: str) -> None:
    environ = MERGE | {"MERGE_RETRY_SECONDS": value}
    with pytest.raises(config.ConfigError, match="MERGE_RETRY_SECONDS is not a whole number above 0"):
        config.read(config.Merge, environ)


def test_the_process_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAGE", "prod")
    monkeypatch.setenv("TABLE_NAME", "t")
    monkeypatch.setenv("MERCHANTS_TABLE_NAME", "m")
    assert config.read(config.Table).stage == "prod"
