"""Puts the metrics, alarms and saved queries of `local/cloudwatch` in MiniStack's place, and runs what they need."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

from local.cloudwatch.alarm_record import putter
from local.cloudwatch.alarms import Evaluator
from local.cloudwatch.emf import data_of
from local.cloudwatch.faults import Faults
from local.cloudwatch.keeping import EVERY_SECONDS, Keeper
from local.cloudwatch.log_retention import tidy
from local.cloudwatch.notify import notifier, recorder
from local.cloudwatch.observe import events, functions, gateway, queues
from local.cloudwatch.observe.recorder import Recorder
from local.cloudwatch.observe.streams import Streams
from local.cloudwatch.observe.tables import Tables
from local.cloudwatch.operations import Operations
from local.cloudwatch.protocol import handler
from local.cloudwatch.query_definitions import QueryDefinitions
from local.cloudwatch.replacing import replace
from local.cloudwatch.store import MetricStore
from local.cloudwatch.templates import install as install_templates
from local.insights.install import Insights, check
from local.settings import ACCOUNT_ID, REGION, Settings

log = logging.getLogger(__name__)


class CloudWatch:
    """The store and the threads around it."""

    def __init__(self, settings: Settings) -> None:
        self.store = MetricStore()
        self._keeper = Keeper(self.store, settings.state / "cloudwatch")
        self._keeper.load(time.time())
        self.definitions = QueryDefinitions(settings.state / "cloudwatch" / "queries.json", check)
        self.faults = Faults()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def install(self) -> None:
        """Put all in place. Raises AttributeError when MiniStack has these functions no more."""
        from ministack.services import cloudwatch, cloudwatch_logs, sns
        from ministack.services.cloudformation import provisioners

        operations = Operations(self.store)
        for name, ours in {
            "PutMetricData": operations.put_metric_data,
            "GetMetricData": operations.get_metric_data,
            "GetMetricStatistics": operations.get_metric_statistics,
            "ListMetrics": operations.list_metrics,
            "PutMetricAlarm": putter(cloudwatch),
        }.items():
            replace(cloudwatch, _snake(name), handler(name, ours))
        replace(cloudwatch, "_dispatch_alarm_actions", notifier(cloudwatch, sns))
        replace(cloudwatch, "_record_history", recorder(cloudwatch))
        # MiniStack's own metrics and evaluation: counted twice, and by the wrong rules.
        replace(cloudwatch, "record_metric", lambda *_, **__: None)
        replace(cloudwatch, "_evaluate_alarm", lambda alarm: None)
        replace(cloudwatch, "_evict_old_metrics", lambda: None)
        self._read_logs(cloudwatch_logs)
        self._observe()
        Insights(cloudwatch_logs, self.definitions).install()
        install_templates(provisioners, cloudwatch, self.definitions)
        evaluator = Evaluator(self.store, cloudwatch)
        self._threads = [
            threading.Thread(target=evaluator.run, args=(self._stopping,), name="alarms", daemon=True),
            threading.Thread(target=self._keep, name="metrics", daemon=True),
        ]

    def _observe(self) -> None:
        from ministack.services import apigateway_v1, dynamodb, eventbridge, kinesis, lambda_svc, sns, stepfunctions

        of_lambda = Recorder(self.store, "AWS/Lambda")
        functions.observe(lambda_svc, of_lambda)
        gateway.observe(apigateway_v1, Recorder(self.store, "AWS/ApiGateway"))
        Streams(kinesis, Recorder(self.store, "AWS/Kinesis"), self.faults).observe()
        Tables(dynamodb, Recorder(self.store, "AWS/DynamoDB"), self.faults).observe()
        events.observe_rules(eventbridge, lambda_svc, Recorder(self.store, "AWS/Events"), of_lambda)
        events.observe_executions(stepfunctions, Recorder(self.store, "AWS/States"))
        events.observe_topics(sns, Recorder(self.store, "AWS/SNS"))

    def start(self) -> None:
        """Begin to evaluate and to keep."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End the threads and keep what is there."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        self._keeper.append()

    def _read_logs(self, logs: Any) -> None:
        append = logs._append_log_events

        def append_and_read(stream: dict[str, Any], events: list[dict[str, Any]]) -> None:
            append(stream, events)
            for event in events:
                if data := data_of(event["message"]):
                    self.store.put(data)

        replace(logs, "_append_log_events", append_and_read)

    def _tidy_logs(self) -> None:
        from ministack.core.responses import request_scope
        from ministack.services import cloudwatch_logs

        with request_scope(ACCOUNT_ID, REGION):
            groups = dict(cloudwatch_logs._log_groups.items())
        tidy(groups, int(time.time() * 1000))

    def _look_at_queues(self) -> None:
        from ministack.core.responses import request_scope
        from ministack.services import sqs

        with request_scope(ACCOUNT_ID, REGION):
            queues.look(sqs, Recorder(self.store, "AWS/SQS"))

    def _keep(self) -> None:
        ticks = 0
        while not self._stopping.wait(EVERY_SECONDS):
            ticks += 1
            self._look_at_queues()
            self._keeper.append()
            if ticks % 30 == 0:
                self.store.tidy(time.time())
                self._tidy_logs()


def _snake(name: str) -> str:
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name)
