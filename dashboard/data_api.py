"""The page's questions to the warehouse: several at once, as data frames, its errors in words for a reader."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
from botocore.exceptions import BotoCoreError
from botocore.exceptions import ClientError as AwsError

from dashboard.frames import frame
from shared.warehouse import data_api
from shared.warehouse.data_api import Result, StatementFailedError, StatementRunningError

FETCHERS = 4  # results are fetched side by side: on AWS each takes a round trip

Frames = dict[str, pd.DataFrame]
# What AWS and the embedded AWS say when it is they who cannot answer now, not the question that is wrong.
_PASSING = {
    "ActiveStatementsExceededException",
    "InternalServerException",
    "InternalFailure",
    "ServiceUnavailable",
    "ThrottlingException",
    "DatabaseConnectionException",
    *(
        "ExpiredTokenException",
        "UnrecognizedClientException",
        "InvalidClientTokenId",
    ),  # assumed again at the next query
    "ResourceNotFoundException",  # the workgroup is not there (yet), or the statement was lost in a restart
}


class WarehouseUnavailableError(Exception):
    """The warehouse does not answer, or not in time: it may later. The message is for the reader of the page."""


class QueryError(Exception):
    """The warehouse refused a question, and would refuse it again; the message holds its words."""


class Marts:
    """A database of a Redshift Serverless workgroup, to be read as the caller's role. Thread-safe."""

    def __init__(self, warehouse: data_api.Warehouse) -> None:
        self._warehouse = warehouse

    def ask(self, questions: Mapping[str, str], parameters: Mapping[str, str], seconds: float = 30.0) -> Frames:
        """Answer SELECTs, by name, all of one snapshot of the data; ``parameters`` fill their ``:name`` placeholders.

        Raises WarehouseAwayError when there is no answer within ``seconds`` (what still runs is cancelled), QueryError
        when the warehouse refuses, ValueError on more than 40 questions.
        """
        try:
            results = self._warehouse.query("dashboard", list(questions.values()), parameters, seconds)
            with ThreadPoolExecutor(min(FETCHERS, len(results))) as pool:
                frames = list(pool.map(_fetch, results))
        except StatementFailedError as error:
            raise QueryError(f"The warehouse refused a question: {error.reason}") from error
        except StatementRunningError as error:
            raise WarehouseUnavailableError("The warehouse takes too long to answer.") from error
        except AwsError as error:
            raise _error_for(error) from error
        except BotoCoreError as error:
            raise WarehouseUnavailableError(f"The warehouse does not answer: {error}") from error
        return dict(zip(questions, frames, strict=True))


def _fetch(result: Result) -> pd.DataFrame:
    pages = list(result.pages())
    return frame(pages[0]["ColumnMetadata"], [record for page in pages for record in page["Records"]])


def _error_for(error: AwsError) -> Exception:
    detail = error.response.get("Error", {})
    code, text = str(detail.get("Code", "")), str(detail.get("Message", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code in _PASSING or status >= 500:
        return WarehouseUnavailableError(f"The warehouse cannot answer now: {code}: {text}")
    return QueryError(f"AWS refused {error.operation_name}: {code}: {text}")
