"""The page's one way to the data: a stage's marts by the Data API, kept while they stay as they are."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date, datetime
from typing import NamedTuple

import pandas as pd
import streamlit as st
from botocore.exceptions import BotoCoreError
from botocore.exceptions import ClientError as AwsError

from client.aws import LOCAL, Stage, explained
from client.errors import ClientError
from dashboard.data_api import Frames, Marts, QueryError, WarehouseUnavailableError
from shared.warehouse.data_api import Warehouse

STAGE_VARIABLE, REFRESH_VARIABLE = "SWIPELINE_DASHBOARD_STAGE", "SWIPELINE_DASHBOARD_REFRESH"
KEEP_SECONDS = 3600
LOOK_SECONDS = 3  # how old an answer to "has anything changed?" may be

_STATE = "SELECT * FROM mart.overview"
_CHOICES = {
    "states": "SELECT DISTINCT p.state FROM mart.purchase AS p ORDER BY p.state",
    "categories": "SELECT DISTINCT p.category FROM mart.purchase AS p ORDER BY p.category",
    "merchants": "SELECT DISTINCT merchant FROM mart.merchant ORDER BY merchant LIMIT 5000",
}


class State(NamedTuple):
    """What the marts hold now. ``version`` is another one whenever they have changed."""

    version: str
    transactions: int
    first: date | None
    last: date | None
    refreshed: datetime | None


class Choices(NamedTuple):
    """Values that a filter offers."""

    states: list[str]
    categories: list[str]
    merchants: list[str]


def stage_name() -> str:
    """The stage given to ``swipeline dashboard``."""
    return os.environ.get(STAGE_VARIABLE, LOCAL)


def refresh_seconds() -> float | None:
    """Auto-refresh interval of an open page; None: never."""
    return float(os.environ.get(REFRESH_VARIABLE, "0")) or None


@st.cache_resource(show_spinner=False)
def _warehouse(name: str) -> Marts:
    """As the role of the stage's analysts, who may read the marts and nothing else."""
    stage = Stage(name)
    with explained(stage):
        client = stage.client_as("redshift-data", stage.output("AnalystRoleArn"))
        return Marts(Warehouse(client, stage.output("WorkgroupName"), stage.output("DatabaseName")))


def _ask(questions: Mapping[str, str], parameters: Mapping[str, str]) -> Frames:
    try:
        return _warehouse(stage_name()).ask(questions, parameters)
    except (ClientError, AwsError, BotoCoreError) as error:
        raise WarehouseUnavailableError(str(error)) from error
    except WarehouseUnavailableError:
        _warehouse.clear()  # when it is back, it may be another one, or know our credentials no more
        raise


@st.cache_data(ttl=LOOK_SECONDS, show_spinner=False)
def state() -> State:
    """What the marts hold. Raises WarehouseAwayError, QueryError."""
    try:
        row = _ask({"state": _STATE}, {})["state"].iloc[0]
    except QueryError as error:
        if "mart" in str(error) and "exist" in str(error):
            raise WarehouseUnavailableError("The marts are not made yet: the next refresh makes them.") from error
        raise
    # Marts of an earlier release, until migrate-warehouse has run, count no verdicts.
    version = "|".join(
        str(row.get(name)) for name in ("transactions", "alerts", "verdicts", "newest_merged_at", "refreshed_at")
    )
    first, last, refreshed = (
        None if pd.isna(row[name]) else row[name] for name in ("first_date", "last_date", "refreshed_at")
    )
    return State(version, int(row["transactions"]), first and first.date(), last and last.date(), refreshed)


@st.cache_data(ttl=KEEP_SECONDS, max_entries=200, show_spinner=False)
def _kept(questions: tuple[tuple[str, str], ...], parameters: tuple[tuple[str, str], ...], version: str) -> Frames:
    return _ask(dict(questions), dict(parameters))


def ask(questions: Mapping[str, str], parameters: Mapping[str, str]) -> Frames:
    """Answers by name, fetched again only when the marts have changed. Raises WarehouseAwayError, QueryError."""
    return _kept(tuple(questions.items()), tuple(sorted(parameters.items())), state().version)


def choices() -> Choices:
    """What the filters offer. Raises as :func:`ask`."""
    found = ask(_CHOICES, {})
    return Choices(*(list(found[name].iloc[:, 0]) for name in ("states", "categories", "merchants")))


def forget() -> None:
    """Fetch everything again."""
    state.clear()
    _kept.clear()
    _warehouse.clear()
