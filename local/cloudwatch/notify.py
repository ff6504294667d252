"""The message that an alarm sends to its SNS topics, and the sending of it, with an entry in the alarm's history.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from local.cloudwatch.alarms import iso
from local.settings import ACCOUNT_ID, REGION

ACTIONS = {"ALARM": "AlarmActions", "OK": "OKActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}
SERVICE = "cloudwatch.amazonaws.com"
REGION_NAMES = {"us-east-1": "US East (N. Virginia)"}


def message(alarm: Mapping[str, Any], old: str, new: str, why: str, now: float) -> dict[str, Any]:
    """What a subscriber reads."""
    trigger = {
        "AlarmName": alarm["AlarmName"],
        "AlarmDescription": alarm.get("AlarmDescription") or None,
        "AWSAccountId": ACCOUNT_ID,
        "AlarmConfigurationUpdatedTimestamp": iso(alarm.get("AlarmConfigurationUpdatedTimestamp") or now),
        "NewStateValue": new,
        "NewStateReason": why,
        "StateChangeTime": iso(now),
        "Region": REGION_NAMES.get(REGION, REGION),
        "AlarmArn": alarm["AlarmArn"],
        "OldStateValue": old,
        **{name: alarm.get(name) or [] for name in ("OKActions", "AlarmActions", "InsufficientDataActions")},
    }
    if "AlarmRule" in alarm:
        return trigger | {"AlarmRule": alarm["AlarmRule"]}
    return trigger | {"Trigger": _trigger(alarm)}


def _dimensions(metric: Mapping[str, Any]) -> list[dict[str, str]]:
    return [{"value": d["Value"], "name": d["Name"]} for d in metric.get("Dimensions") or []]


def _trigger(alarm: Mapping[str, Any]) -> dict[str, Any]:
    common = {
        "EvaluationPeriods": alarm.get("EvaluationPeriods"),
        "DatapointsToAlarm": alarm.get("DatapointsToAlarm") or alarm.get("EvaluationPeriods"),
        "ComparisonOperator": alarm.get("ComparisonOperator"),
        "Threshold": alarm.get("Threshold"),
        "TreatMissingData": alarm.get("TreatMissingData") or "missing",
        "EvaluateLowSampleCountPercentile": alarm.get("EvaluateLowSampleCountPercentile") or "",
    }
    if alarm.get("Metrics"):
        return common | {"Period": 0, "Metrics": [_metric(metric) for metric in alarm["Metrics"]]}
    statistic = alarm.get("ExtendedStatistic")
    kind = {"ExtendedStatistic": statistic} if statistic else {"Statistic": str(alarm.get("Statistic")).upper()}
    return common | {
        "MetricName": alarm.get("MetricName"),
        "Namespace": alarm.get("Namespace"),
        "StatisticType": "ExtendedStatistic" if statistic else "Statistic",
        **kind,
        "Unit": alarm.get("Unit"),
        "Dimensions": _dimensions(alarm),
        "Period": alarm.get("Period"),
    }


def _metric(metric: Mapping[str, Any]) -> dict[str, Any]:
    trigger = {"Id": metric["Id"], "ReturnData": metric.get("ReturnData", True)}
    if metric.get("Label"):
        trigger["Label"] = metric["Label"]
    if metric.get("Expression"):
        return trigger | {"Expression": metric["Expression"]}
    wanted = metric["MetricStat"]
    named = {"MetricName": wanted["Metric"]["MetricName"], "Namespace": wanted["Metric"]["Namespace"]}
    inner = {"Metric": named | {"Dimensions": _dimensions(wanted["Metric"])}}
    return trigger | {"MetricStat": inner | {"Period": wanted["Period"], "Stat": wanted["Stat"]}}


def recorder(cloudwatch: Any) -> Callable[..., None]:
    """What stands in for MiniStack's `_record_history`: there, creation changes a state to itself."""
    record = cloudwatch._record_history

    def write(name: str, old: str, new: str, *more: Any, **named: Any) -> None:
        record(name, old, new, *more, **named)
        if old == new:
            changed = {"HistoryItemType": "ConfigurationUpdate", "HistorySummary": f'Alarm "{name}" created'}
            cloudwatch._history_entries()[-1].update(changed)

    return write


def notifier(cloudwatch: Any, sns: Any) -> Callable[[dict[str, Any], str, str, str], None]:
    """What stands in for MiniStack's `_dispatch_alarm_actions`."""

    def notify(alarm: dict[str, Any], old: str, new: str, why: str) -> None:
        topics = alarm.get(ACTIONS[new]) or []
        if not alarm.get("ActionsEnabled", True) or not topics:
            return
        now = time.time()
        body = json.dumps(message(alarm, old, new, why, now))
        subject = f'{new}: "{alarm["AlarmName"]}" in {REGION_NAMES.get(REGION, REGION)}'[:100]
        for topic in topics:
            # The topic's own policy decides, as on AWS: CloudWatch is no principal of the account.
            allowed = sns.topic_policy_allows(topic, SERVICE, alarm["AlarmArn"], ACCOUNT_ID)
            if allowed:
                sns._fanout(topic, str(uuid.uuid4()), body, subject)
            done = "Successfully executed" if allowed else "Failed to execute"
            cloudwatch._history_entries().append(
                {
                    "AlarmName": alarm["AlarmName"],
                    "AlarmType": "CompositeAlarm" if "AlarmRule" in alarm else "MetricAlarm",
                    "Timestamp": cloudwatch._ts_iso(now),
                    "HistoryItemType": "Action",
                    "HistorySummary": f"{done} action {topic}",
                    "HistoryData": json.dumps({"actionState": "Succeeded" if allowed else "Failed", "topic": topic}),
                }
            )

    return notify
