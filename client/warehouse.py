"""Questions to the warehouse, by the Redshift Data API: the client opens no connection to the database itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from client.aws import Stage
from client.errors import ClientError
from shared.warehouse.data_api import Result, StatementFailedError, StatementRunningError, Warehouse, value

_LONGEST_SECONDS = 300.0
_NAME = "swipeline"


class Answer(NamedTuple):
    """The columns of a result, and its rows as they are taken: a null is None, a decimal a string."""

    columns: list[str]
    rows: Iterator[list[Any]]


def query(stage: Stage, sql: str) -> Iterator[list[Any]]:
    """Rows of a SELECT, page by page; a null is None, a decimal a string. Raises ClientError when it fails."""
    yield from _run(stage, stage.client("redshift-data"), sql, stage.warehouse_secret or "").rows


def query_as_analyst(stage: Stage, sql: str) -> Answer:
    """The same with the rights of the stage's analysts: to read the marts, and nothing else. Raises ClientError."""
    return _run(stage, stage.client_as("redshift-data", stage.output("AnalystRoleArn")), sql, "")


def _run(stage: Stage, api: Any, sql: str, secret_arn: str) -> Answer:
    warehouse = Warehouse(api, stage.output("WorkgroupName"), stage.output("DatabaseName"), secret_arn)
    try:
        (result,) = warehouse.query(_NAME, [sql], {}, _LONGEST_SECONDS)
    except StatementFailedError as error:
        raise ClientError(f"The warehouse refused a query: {error.reason}.") from error
    except StatementRunningError as error:
        raise ClientError(
            f"The warehouse has not answered within {_LONGEST_SECONDS:.0f} s: try again later."
        ) from error
    return _answer(result)


def _answer(result: Result) -> Answer:
    pages = result.pages()
    first = next(pages, {})
    columns = [column["name"] for column in first.get("ColumnMetadata", [])]

    def rows() -> Iterator[list[Any]]:
        page = first
        while page:
            yield from ([value(cell) for cell in record] for record in page["Records"])
            page = next(pages, {})

    return Answer(columns, rows())
