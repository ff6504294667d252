"""AWS/Events, AWS/States and AWS/SNS: rules and their targets, executions, published messages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from local.cloudwatch.observe.recorder import Recorder, count, milliseconds
from local.cloudwatch.replacing import replace

_ENDED = {
    "SUCCEEDED": "ExecutionsSucceeded",
    "FAILED": "ExecutionsFailed",
    "TIMED_OUT": "ExecutionsTimedOut",
    "ABORTED": "ExecutionsAborted",
}


def observe_rules(eventbridge: Any, lambda_svc: Any, recorder: Recorder, functions: Recorder) -> None:
    """AWS/Events per rule; https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html"""
    invoke = eventbridge._invoke_target

    def invoke_and_see(target: dict[str, Any], event: Any, rule: dict[str, Any], view: Any = None) -> None:
        arn, names = str(target.get("Arn", "")), {"RuleName": str(rule.get("Name", ""))}
        missing = ":lambda:" in arn and not lambda_svc._get_func_record_for_ref(arn)[0]
        values = {"TriggeredRules": count(), "Invocations": count(), "FailedInvocations": count(missing)}
        recorder.record(values, names, {})
        if ":lambda:" in arn and not missing:
            function = arn.split(":function:")[-1].split(":")[0]
            functions.record({"AsyncEventsReceived": count()}, {"FunctionName": function}, {})
        invoke(target, event, rule, view)

    replace(eventbridge, "_invoke_target", invoke_and_see)


def observe_executions(stepfunctions: Any, recorder: Recorder) -> None:
    """AWS/States per state machine; https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html"""
    emit = stepfunctions._emit_execution_status_event

    def emit_and_see(execution: dict[str, Any], *more: Any) -> None:
        names = {"StateMachineArn": str(execution["stateMachineArn"])}
        if execution["status"] == "RUNNING":
            recorder.record({"ExecutionsStarted": count()}, names)
        elif execution["status"] in _ENDED:
            values = {name: count(status == execution["status"]) for status, name in _ENDED.items()}
            values["ExecutionTime"] = milliseconds(_seconds(execution))
            recorder.record(values, names)
        emit(execution, *more)

    replace(stepfunctions, "_emit_execution_status_event", emit_and_see)


def observe_topics(sns: Any, recorder: Recorder) -> None:
    """AWS/SNS per topic; https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html"""
    fan_out = sns._fanout

    def fan_out_and_see(topic_arn: str, message_id: str, message: str, *more: Any, **named: Any) -> None:
        values = {"NumberOfMessagesPublished": count(), "PublishSize": (float(len(message.encode())), "Bytes")}
        recorder.record(values, {"TopicName": topic_arn.rsplit(":", 1)[-1]})
        fan_out(topic_arn, message_id, message, *more, **named)

    replace(sns, "_fanout", fan_out_and_see)


def _seconds(execution: dict[str, Any]) -> float:
    start, ended = (_moment(execution.get(name)) for name in ("startDate", "stopDate"))
    return max(0.0, ended - start) if start and ended else 0.0


def _moment(value: Any) -> float:
    if isinstance(value, int | float):
        return float(value)
    return datetime.fromisoformat(str(value)).timestamp() if value else 0.0
