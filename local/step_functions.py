"""What MiniStack's Step Functions lack: `glue:startJobRun.sync`, the Redshift Data API, the role for SNS and SQS.

Tasks call services inside the emulator, past its API and IAM, so that these cannot be supplied from outside. They
behave as https://docs.aws.amazon.com/step-functions/latest/dg/connect-glue.html and .../supported-services-awssdk.html
say.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from local.clients import Clients, error_code

LOOK_EVERY_SECONDS = 0.5
START_JOB_RUN = "arn:aws:states:::glue:startJobRun"
REDSHIFT_DATA = "arn:aws:states:::aws-sdk:redshiftdata:"
SNS_PUBLISH = "arn:aws:states:::sns:publish"
SNS = "arn:aws:states:::aws-sdk:sns:"
SQS_SEND = "arn:aws:states:::sqs:sendMessage"
_ENDED = {"SUCCEEDED", "FAILED", "TIMEOUT", "STOPPED", "ERROR"}


class Integrations:
    """Adds the two integrations to MiniStack's module `stepfunctions`."""

    def __init__(self, clients: Clients, stepfunctions: Any) -> None:
        self._clients, self._states = clients, stepfunctions
        self._role: ContextVar[str] = ContextVar("role of the execution")

    def install(self) -> None:
        """Register both, and note for each task whose role it has."""
        execute = self._states._execute_task

        def with_role(state: Any, value: Any, execution: dict[str, Any], context: Any) -> Any:
            machine = self._states._state_machines.get(execution["stateMachineArn"], {})
            token = self._role.set(machine.get("roleArn", ""))
            try:
                return execute(state, value, execution, context)
            finally:
                self._role.reset(token)

        self._states._execute_task = with_role
        self._states._SERVICE_DISPATCH[START_JOB_RUN] = self.start_job_run
        self._states._SERVICE_DISPATCH[REDSHIFT_DATA] = self.redshift_data
        self._states._SERVICE_DISPATCH[SNS_PUBLISH] = self.sns
        self._states._SERVICE_DISPATCH[SNS] = self.sns
        self._states._SERVICE_DISPATCH[SQS_SEND] = self.sqs

    def start_job_run(self, resource: str, arguments: dict[str, Any]) -> Any:
        """Start a run; with `.sync`, wait until it has ended, and fail as the run did."""
        started = self._glue("startJobRun", arguments)
        if not resource.endswith(".sync"):
            return started
        wanted = {"JobName": arguments["JobName"], "RunId": started["JobRunId"]}
        while (run := self._glue("getJobRun", wanted)["JobRun"])["JobRunState"] not in _ENDED:
            time.sleep(LOOK_EVERY_SECONDS)
        if run["JobRunState"] != "SUCCEEDED":
            raise self._states._ExecutionError("States.TaskFailed", json.dumps(run, default=str))
        return run

    def redshift_data(self, resource: str, arguments: dict[str, Any]) -> Any:
        """Call the Data API's server as the state machine's role."""
        return self._renamed(self._as_role("redshift-data", "RedshiftData", resource, arguments))

    def sns(self, resource: str, arguments: dict[str, Any]) -> Any:
        """Call SNS as the state machine's role: its policies and the topic's decide."""
        message = arguments.get("Message")
        if message is not None and not isinstance(message, str):
            arguments = arguments | {"Message": json.dumps(message)}
        return self._as_role("sns", "SNS", resource, arguments)

    def sqs(self, resource: str, arguments: dict[str, Any]) -> Any:
        """Call SQS as the state machine's role. A body that is no text is sent as JSON."""
        body = arguments.get("MessageBody")
        if not isinstance(body, str):
            arguments = arguments | {"MessageBody": json.dumps(body)}
        return self._as_role("sqs", "SQS", resource, arguments)

    def _as_role(self, service: str, name: str, resource: str, arguments: dict[str, Any]) -> Any:
        role = self._role.get()
        client = self._clients.role(service, role)
        try:
            answer = getattr(client, xform_name(resource.rsplit(":", 1)[1]))(**arguments)
        except ClientError as error:
            self._clients.forget_if_stale(role, error)
            raise self._states._ExecutionError(f"{name}.{error_code(error)}", str(error)) from error
        except BotoCoreError as error:
            raise self._states._ExecutionError(f"{name}.SdkClientException", str(error)) from error
        del answer["ResponseMetadata"]
        return answer

    def _glue(self, action: str, arguments: Mapping[str, Any]) -> Any:
        return self._states._invoke_aws_sdk_integration(f"arn:aws:states:::aws-sdk:glue:{action}", arguments)

    def _renamed(self, value: Any) -> Any:
        """Name members as Step Functions does: longValue becomes LongValue."""
        if isinstance(value, Mapping):
            return {self._states._api_name_to_sfn_key(key): self._renamed(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._renamed(item) for item in value]
        return value.isoformat() if isinstance(value, datetime) else value
