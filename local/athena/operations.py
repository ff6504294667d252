"""The operations of Athena that concern queries: start, look, stop, read the result. State is MiniStack's own.

https://docs.aws.amazon.com/athena/latest/APIReference/
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, MutableMapping
from contextvars import copy_context
from typing import Any

from botocore.exceptions import ClientError
from botocore.model import ServiceModel
from botocore.session import get_session
from botocore.validate import ParamValidator

from local.athena.accept import accepted
from local.athena.catalog import CATALOG, denied
from local.athena.engine import Run
from local.athena.errors import QueryError, ScanLimitError
from local.athena.kinds import Kind
from local.athena.results import column_info, from_csv, to_csv

Body = dict[str, Any]
ENGINE = {"SelectedEngineVersion": "AUTO", "EffectiveEngineVersion": "Athena engine version 3"}
LONGEST_SECONDS = 1800.0  # "DML query timeout: 30 minutes"
MOST_ROWS = 1000
MOST_KEPT, MOST_READ = 1000, 8
_ENDED = ("SUCCEEDED", "FAILED", "CANCELLED")


class RequestError(Exception):
    """InvalidRequestException; ``code`` is its AthenaErrorCode, if any."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class Queries:
    """``clients(service)`` makes a boto3 client of the caller of the operation, which is made in its context."""

    def __init__(
        self, executions: MutableMapping[str, Any], workgroups: Mapping[str, Any], new_id: Callable[[], str]
    ) -> None:
        self._executions, self._workgroups, self._new_id = executions, workgroups, new_id
        self._model: ServiceModel = get_session().get_service_model("athena")
        self._running: dict[str, Run] = {}
        self._read: OrderedDict[str, list[list[str | None]]] = OrderedDict()
        self.operations: dict[str, Callable[[Body, Callable[[str], Any]], Body]] = {
            "StartQueryExecution": self._start,
            "GetQueryExecution": lambda body, _: {"QueryExecution": _public(self._execution(body))},
            "GetQueryResults": self._results,
            "StopQueryExecution": self._stop,
        }

    def call(self, operation: str, body: Body, clients: Callable[[str], Any]) -> Body:
        """Raises RequestError."""
        report = ParamValidator().validate(body, self._model.operation_model(operation).input_shape)
        if report.has_errors():
            raise RequestError(report.generate_report())
        return self.operations[operation](body, clients)

    def workgroup_of(self, execution_id: str) -> str | None:
        """For IAM, which asks for the workgroup of an execution."""
        found = self._executions.get(execution_id)
        return str(found["WorkGroup"]) if found else None

    def _start(self, body: Body, clients: Callable[[str], Any]) -> Body:
        name = body.get("WorkGroup", "primary")
        workgroup = self._workgroups.get(name)
        if workgroup is None:
            raise RequestError(f"WorkGroup {name} is not found.")
        if workgroup.get("State") == "DISABLED":
            raise RequestError(f"WorkGroup {name} is disabled.")
        for known in ("ExecutionParameters", "ResultReuseConfiguration"):
            if body.get(known):
                raise RequestError(f"{known} is not supported by the embedded Athena")
        settings = workgroup.get("Configuration") or {}
        place = _place(body, settings)
        context = body.get("QueryExecutionContext") or {}
        if context.get("Catalog", CATALOG).lower() != CATALOG:
            raise RequestError(f"Catalog {context['Catalog']} is not supported by the embedded Athena")
        token = body.get("ClientRequestToken")
        for known, execution in self._executions.items():
            if token and execution.get("_token") == token:
                if execution["Query"] != body["QueryString"]:
                    raise RequestError("Idempotent parameters do not match")
                return {"QueryExecutionId": known}
        try:
            accepted(body["QueryString"])
        except QueryError as error:
            raise RequestError(str(error), "MALFORMED_QUERY") from None
        query_id = self._new_id()
        execution = {
            "QueryExecutionId": query_id,
            "Query": body["QueryString"],
            "StatementType": "DML",
            "SubstatementType": "SELECT",
            "ResultConfiguration": {"OutputLocation": f"{place}{query_id}.csv"},
            "QueryExecutionContext": {"Database": context.get("Database", "default"), "Catalog": CATALOG},
            "Status": {"State": "RUNNING", "SubmissionDateTime": time.time()},
            "Statistics": {"DataScannedInBytes": 0},
            "WorkGroup": name,
            "EngineVersion": ENGINE,
            "_token": token,
        }
        limit = settings.get("BytesScannedCutoffPerQuery")
        run = Run(clients("glue"), clients("s3"), int(limit) if limit else None)
        self._keep(query_id, execution)
        self._running[query_id] = run
        context_of_caller = copy_context()
        threading.Thread(
            target=context_of_caller.run, args=(self._execute, execution, run, clients("s3")), daemon=True
        ).start()
        return {"QueryExecutionId": query_id}

    def _keep(self, query_id: str, execution: Body) -> None:
        self._executions[query_id] = execution
        ended = [known for known, one in self._executions.items() if one["Status"]["State"] in _ENDED]
        for known in ended[: max(0, len(self._executions) - MOST_KEPT)]:
            del self._executions[known]

    def _execute(self, execution: Body, run: Run, s3: Any) -> None:
        status, began = execution["Status"], time.monotonic()
        timer = threading.Timer(LONGEST_SECONDS, run.stop)
        timer.daemon = True
        timer.start()
        ended = {"State": "SUCCEEDED"}
        try:
            columns, rows = run.rows(execution["Query"], execution["QueryExecutionContext"]["Database"])
            execution["_columns"] = [(name, tuple(kind)) for name, kind in columns]
            bucket, _, key = execution["ResultConfiguration"]["OutputLocation"].removeprefix("s3://").partition("/")
            s3.put_object(Bucket=bucket, Key=key, Body=to_csv(columns, rows), ContentType="application/octet-stream")
        except ScanLimitError:
            ended = {"State": "CANCELLED", "StateChangeReason": "Bytes scanned limit was exceeded"}
        except QueryError as error:
            cancelled = error.code == "USER_CANCELED"
            ended = {"State": "CANCELLED" if cancelled else "FAILED", "StateChangeReason": str(error)}
        except ClientError as error:
            ended = {"State": "FAILED", "StateChangeReason": str(denied(error, "Unable to write the result: "))}
        except Exception as error:  # noqa: BLE001  whatever it is, the caller who waits for the query must see it
            ended = {"State": "FAILED", "StateChangeReason": f"INTERNAL_ERROR: {error}"}
        finally:
            timer.cancel()
            self._running.pop(execution["QueryExecutionId"], None)
        milliseconds = int(1000 * (time.monotonic() - began))
        execution["Statistics"] = {
            "DataScannedInBytes": run.scanned,
            "EngineExecutionTimeInMillis": milliseconds,
            "TotalExecutionTimeInMillis": milliseconds,
            "QueryQueueTimeInMillis": 0,
            "ServiceProcessingTimeInMillis": 0,
        }
        execution["Status"] = status | ended | {"CompletionDateTime": time.time()}

    def _execution(self, body: Body) -> Body:
        found = self._executions.get(body["QueryExecutionId"])
        if found is None:
            raise RequestError(f"QueryExecution {body['QueryExecutionId']} was not found")
        return dict(found)

    def _stop(self, body: Body, _: Callable[[str], Any]) -> Body:
        self._execution(body)
        if run := self._running.get(body["QueryExecutionId"]):
            run.stop()
        return {}

    def _results(self, body: Body, clients: Callable[[str], Any]) -> Body:
        execution = self._execution(body)
        state = execution["Status"]["State"]
        if state != "SUCCEEDED":
            why = execution["Status"].get("StateChangeReason", "")
            said = "Query has not yet finished" if state not in _ENDED else f"Query did not finish successfully. {why}"
            raise RequestError(f"{said} Final query state: {state}" if state in _ENDED else f"{said}. State: {state}")
        rows = self._rows(execution, clients("s3"))
        first, most = _token(body.get("NextToken")), int(body.get("MaxResults", MOST_ROWS))
        page = [
            {"Data": [{} if value is None else {"VarCharValue": value} for value in row]}
            for row in rows[first : first + most]
        ]
        kinds = [(name, Kind(*kind)) for name, kind in execution["_columns"]]
        answer: Body = {
            "UpdateCount": 0,
            "ResultSet": {
                "Rows": page,
                "ResultSetMetadata": {"ColumnInfo": [column_info(name, kind) for name, kind in kinds]},
            },
        }
        return answer | ({"NextToken": str(first + most)} if first + most < len(rows) else {})

    def _rows(self, execution: Body, s3: Any) -> list[list[str | None]]:
        """From S3, with the caller's right to read it."""
        bucket, _, key = execution["ResultConfiguration"]["OutputLocation"].removeprefix("s3://").partition("/")
        query_id = execution["QueryExecutionId"]
        try:
            s3.head_object(Bucket=bucket, Key=key)
            if query_id not in self._read:
                self._read[query_id] = from_csv(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        except ClientError as error:
            raise RequestError(f"Could not find or read the result s3://{bucket}/{key}: {error}") from None
        self._read.move_to_end(query_id)
        while len(self._read) > MOST_READ:
            self._read.popitem(last=False)
        return self._read[query_id]


def _place(body: Body, settings: Body) -> str:
    asked = (body.get("ResultConfiguration") or {}).get("OutputLocation")
    own = (settings.get("ResultConfiguration") or {}).get("OutputLocation")
    place = own or asked if settings.get("EnforceWorkGroupConfiguration", True) else asked or own
    if not place:
        raise RequestError("No output location provided. Set it in the workgroup, or in the request.")
    if not place.startswith("s3://"):
        raise RequestError(f"The output location {place} is not an s3:// address")
    return place if place.endswith("/") else f"{place}/"


def _public(execution: Body) -> Body:
    return {name: value for name, value in execution.items() if not name.startswith("_")}


def _token(text: str | None) -> int:
    if text is None:
        return 0
    if not text.isdigit():
        raise RequestError("NextToken is not valid")
    return int(text)
