"""An alarm in the form that MiniStack keeps, made of a PutMetricAlarm request or of a template's properties."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from local.cloudwatch.alarms import checked
from local.settings import ACCOUNT_ID, REGION

_TEXTS = ("AlarmDescription", "MetricName", "Namespace", "Statistic", "ExtendedStatistic", "ComparisonOperator")
_LISTS = ("AlarmActions", "OKActions", "InsufficientDataActions")
_KEPT = ("StateValue", "StateReason", "StateReasonData", "StateUpdatedTimestamp", "StateTransitionedTimestamp")


def record(name: str, given: Mapping[str, Any], existing: Mapping[str, Any] | None) -> dict[str, Any]:
    """The alarm, with the state that an existing one of this name has. Raises ValueError for what is not supported."""
    now = int(time.time())
    alarm: dict[str, Any] = {
        "AlarmName": name,
        "AlarmArn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT_ID}:alarm:{name}",
        "EvaluationPeriods": int(given.get("EvaluationPeriods") or 0),
        "TreatMissingData": given.get("TreatMissingData") or "missing",
        "ActionsEnabled": str(given.get("ActionsEnabled", True)).lower() != "false",
        "StateValue": "INSUFFICIENT_DATA",
        "StateReason": "Unchecked: Initial alarm creation",
        "StateUpdatedTimestamp": now,
        "AlarmConfigurationUpdatedTimestamp": now,
    }
    alarm |= {field: given[field] for field in _TEXTS if given.get(field)}
    alarm |= {field: [str(action) for action in given.get(field) or []] for field in _LISTS}
    if given.get("Threshold") is not None:
        alarm["Threshold"] = float(given["Threshold"])
    for field in ("DatapointsToAlarm", "Period"):
        if given.get(field) is not None:
            alarm[field] = int(given[field])
    if given.get("Metrics"):
        alarm["Metrics"] = [_metric(metric) for metric in given["Metrics"]]
    else:
        alarm["Dimensions"] = [{"Name": d["Name"], "Value": d["Value"]} for d in given.get("Dimensions") or []]
    if given.get("EvaluateLowSampleCountPercentile"):
        alarm["EvaluateLowSampleCountPercentile"] = given["EvaluateLowSampleCountPercentile"]
    refused = ("ThresholdMetricId", "Unit", "EvaluationCriteria", "EvaluationInterval")
    checked(alarm | {field: given[field] for field in refused if given.get(field) is not None})
    if existing:
        alarm |= {field: existing[field] for field in _KEPT if field in existing}
    return alarm


def _metric(given: Mapping[str, Any]) -> dict[str, Any]:
    metric = {field: given[field] for field in ("Id", "Label", "Expression") if given.get(field)}
    metric["ReturnData"] = str(given.get("ReturnData", True)).lower() != "false"
    if given.get("Period"):
        metric["Period"] = int(given["Period"])
    if given.get("MetricStat"):
        wanted = given["MetricStat"]
        if wanted.get("Unit"):
            raise ValueError("MetricStat.Unit is not supported by the embedded CloudWatch")
        inner = {"Namespace": wanted["Metric"]["Namespace"], "MetricName": wanted["Metric"]["MetricName"]}
        inner["Dimensions"] = [
            {"Name": d["Name"], "Value": d["Value"]} for d in wanted["Metric"].get("Dimensions") or []
        ]
        metric["MetricStat"] = {"Metric": inner, "Period": int(wanted["Period"]), "Stat": wanted["Stat"]}
    return metric


def putter(cloudwatch: Any) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """The operation PutMetricAlarm on MiniStack's alarms."""

    def put_metric_alarm(request: Mapping[str, Any]) -> dict[str, Any]:
        name = str(request["AlarmName"])
        known = cloudwatch._alarms.get(name)
        alarm = record(name, request, known)
        cloudwatch._alarms[name] = alarm
        if known is None:
            cloudwatch._resource_tags[alarm["AlarmArn"]] = {t["Key"]: t["Value"] for t in request.get("Tags") or []}
        return {}

    return put_metric_alarm
