"""Ways to break a part of a running stage and to fix it again: what a wrong release, role or hand does."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from local.cloudwatch.faults import FAULTS_PATH
from local.control import call
from local.settings import Settings
from tests.e2e.stack import Stack, wait_until

NOWHERE = "http://127.0.0.1:9"  # discard: nobody listens


class Breakage:
    """Breaks the parts of one stage."""

    def __init__(self, stack: Stack) -> None:
        self._stack, self._prefix = stack, f"swipeline-{stack.stage}-"
        self.functions = stack.client("lambda")

    def name(self, function: str) -> str:
        """A function's whole name."""
        return self._prefix + function

    def invoke(self, function: str, payload: Mapping[str, Any] | None = None) -> Any:
        """Invoke a function and ignore the result."""
        return self.functions.invoke(FunctionName=self.name(function), Payload=json.dumps(payload or {}))

    @contextmanager
    def unloadable(self, function: str) -> Iterator[None]:
        """A release whose handler cannot be imported."""
        with self._changed(function, Handler="handlers.missing.handler"):
            yield

    @contextmanager
    def cut_off(self, function: str, service: str) -> Iterator[None]:
        """A service that the function cannot reach; it gives up soon, for the test's sake."""
        name = self.name(function)
        variables = self.functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        cut = variables | {f"AWS_ENDPOINT_URL_{service.upper()}": NOWHERE}
        with self._changed(function, Environment={"Variables": cut}, Timeout=8):
            yield

    @contextmanager
    def _changed(self, function: str, **settings: Any) -> Iterator[None]:
        name = self.name(function)
        before = self.functions.get_function_configuration(FunctionName=name)
        self.functions.update_function_configuration(FunctionName=name, **settings)
        try:
            yield
        finally:
            kept = {key: before[key] for key in settings if key != "Environment"}
            if "Environment" in settings:
                kept["Environment"] = {"Variables": before["Environment"]["Variables"]}
            self.functions.update_function_configuration(FunctionName=name, **kept)

    @contextmanager
    def without_concurrency(self, function: str) -> Iterator[None]:
        """Somebody stopped the function by hand."""
        self.functions.put_function_concurrency(FunctionName=self.name(function), ReservedConcurrentExecutions=0)
        try:
            yield
        finally:
            self.functions.delete_function_concurrency(FunctionName=self.name(function))

    @contextmanager
    def few_attempts(self, function: str) -> Iterator[None]:
        """A mapping that gives up at the first failure, and whole batches."""
        (mapping,) = self.functions.list_event_source_mappings(FunctionName=self.name(function))["EventSourceMappings"]
        self.functions.update_event_source_mapping(
            UUID=mapping["UUID"], MaximumRetryAttempts=0, BisectBatchOnFunctionError=False
        )
        try:
            yield
        finally:
            self.functions.update_event_source_mapping(
                UUID=mapping["UUID"],
                MaximumRetryAttempts=mapping["MaximumRetryAttempts"],
                BisectBatchOnFunctionError=mapping["BisectBatchOnFunctionError"],
            )

    @contextmanager
    def denied(self, role: str, *actions: str) -> Iterator[None]:
        """A role that may not do this any more."""
        iam = self._stack.client("iam")
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": actions, "Resource": "*"}]}
        iam.put_role_policy(RoleName=role, PolicyName="broken", PolicyDocument=json.dumps(document))
        try:
            yield
        finally:
            iam.delete_role_policy(RoleName=role, PolicyName="broken")

    def role_of(self, function: str) -> str:
        """A function's role."""
        role = self.functions.get_function_configuration(FunctionName=self.name(function))["Role"]
        return str(role).rsplit("/", 1)[1]

    @contextmanager
    def disabled_rule(self, rule: str) -> Iterator[None]:
        """A schedule that somebody switched off."""
        events = self._stack.client("events")
        events.disable_rule(Name=self._prefix + rule)
        try:
            yield
        finally:
            events.enable_rule(Name=self._prefix + rule)

    @contextmanager
    def unmapped(self, function: str) -> Iterator[None]:
        """An event source mapping that somebody switched off: the function's queue fills."""
        name = self.name(function)
        (mapping,) = self.functions.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
        self.functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
        try:
            yield
        finally:
            self.functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)

    @contextmanager
    def refused(self, service: str, operation: str, code: str) -> Iterator[None]:
        """An operation of AWS that is throttled for everybody."""
        settings = Settings(self._stack.home, self._stack.port)
        fault = {"service": service, "operation": operation, "code": code, "status": 400, "share": 1.0, "seconds": 300}
        assert call(settings, "POST", FAULTS_PATH, fault)[0] == HTTPStatus.OK
        try:
            yield
        finally:
            assert call(settings, "POST", FAULTS_PATH, {})[0] == HTTPStatus.OK

    @contextmanager
    def renamed_tables(self, *deliveries: str) -> Iterator[None]:
        """Tables of the warehouse that somebody renamed: no COPY finds them."""
        firehose = self._stack.client("firehose")
        tables = []
        for delivery in deliveries:
            described = firehose.describe_delivery_stream(DeliveryStreamName=self._prefix + delivery)
            (destination,) = described["DeliveryStreamDescription"]["Destinations"]
            tables.append(destination["RedshiftDestinationDescription"]["CopyCommand"]["DataTableName"])
        for table in tables:
            self._stack.sql(f"ALTER TABLE {table} RENAME TO {table.partition('.')[2]}_away")
        try:
            yield
        finally:
            for table in tables:
                self._stack.sql(f"ALTER TABLE {table}_away RENAME TO {table.partition('.')[2]}")

    def wait_for_rows(self, table: str) -> None:
        """Wait until a table of the warehouse has any."""
        wait_until(lambda: self._stack.sql(f"SELECT COUNT(*) FROM {table}")[0][0], 60, f"rows in {table}")
