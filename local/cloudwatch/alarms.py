"""Evaluates the alarms that MiniStack keeps, every two seconds; notifies their topics in CloudWatch's format.

Only periods that are over are looked at, and a few seconds after their end: what other processes send arrives late.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from local.cloudwatch.alarm_rules import COMPARISONS, MORE_PERIODS, TREATMENTS, Rule, evaluate_rule, reason
from local.cloudwatch.bins import percentile_of
from local.cloudwatch.data_queries import DataQueries, key_of
from local.cloudwatch.expression import calls_in, parse
from local.cloudwatch.functions import FUNCTIONS
from local.cloudwatch.store import MetricStore
from local.cloudwatch.values import OPERATORS
from local.settings import ACCOUNT_ID, REGION

log = logging.getLogger(__name__)

EVERY_SECONDS = 2.0
LATE_SECONDS = 6.0
# A gap in which nothing was evaluated (the machine slept) is not a time without data.
LONGEST_GAP_SECONDS = 30.0
MOST_HISTORY = 5000
_BASIC = ("SampleCount", "Sum", "Average", "Minimum", "Maximum")
_REFUSED = ("ThresholdMetricId", "EvaluationCriteria", "EvaluationInterval", "Unit")
_KNOWN_CALLS = {*FUNCTIONS, *OPERATORS, "neg", "METRICS", "FILL"}


def checked(alarm: Mapping[str, Any]) -> None:
    """Raises ValueError for an alarm that CloudWatch, or the embedded one, would not take."""
    for name in _REFUSED:
        if alarm.get(name) is not None:
            raise ValueError(f"{name} is not supported by the embedded CloudWatch")
    if alarm.get("ComparisonOperator") not in COMPARISONS:
        raise ValueError(f"ComparisonOperator {alarm.get('ComparisonOperator')}: one of {', '.join(COMPARISONS)}")
    if alarm.get("Threshold") is None:
        raise ValueError("Threshold is required")
    if (alarm.get("TreatMissingData") or "missing") not in TREATMENTS:
        raise ValueError(f"TreatMissingData {alarm['TreatMissingData']}: one of {', '.join(TREATMENTS)}")
    periods, to_alarm = int(alarm.get("EvaluationPeriods") or 0), alarm.get("DatapointsToAlarm")
    if periods < 1 or (to_alarm is not None and not 1 <= int(to_alarm) <= periods):
        raise ValueError("EvaluationPeriods must be at least 1, and DatapointsToAlarm between 1 and EvaluationPeriods")
    _check_metrics(alarm)
    period = period_of(alarm)
    if period not in (10, 20, 30) and (period <= 0 or period % 60):
        raise ValueError(f"Period {period}: 10, 20, 30 or a multiple of 60")
    if period * periods > (86_400 if period < 3600 else 7 * 86_400):
        raise ValueError("Period times EvaluationPeriods must not be more than a day (of periods of an hour: a week)")
    for action in (
        *alarm.get("AlarmActions", ()),
        *alarm.get("OKActions", ()),
        *alarm.get("InsufficientDataActions", ()),
    ):
        if not str(action).startswith("arn:aws:sns:"):
            raise ValueError(f"Action {action}: the embedded CloudWatch notifies SNS topics only")


def _check_metrics(alarm: Mapping[str, Any]) -> None:
    metrics = alarm.get("Metrics")
    if not metrics:
        if not alarm.get("MetricName") or not alarm.get("Namespace"):
            raise ValueError("MetricName and Namespace, or Metrics, are required")
        statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic")
        if not statistic:
            raise ValueError("Statistic or ExtendedStatistic is required")
        _check_statistic(str(statistic))
        return
    if alarm.get("MetricName") or alarm.get("Statistic") or alarm.get("Period"):
        raise ValueError("An alarm with Metrics has no MetricName, Statistic or Period of its own")
    if sum(1 for metric in metrics if metric.get("ReturnData", True)) != 1:
        raise ValueError("Exactly one of the alarm's Metrics must have ReturnData true")
    ids = {metric["Id"] for metric in metrics}
    for metric in metrics:
        if metric.get("Expression"):
            unknown = calls_in(parse(metric["Expression"])) - _KNOWN_CALLS
            if unknown:
                raise ValueError(f"An alarm can't use {', '.join(sorted(unknown))}")
        elif "MetricStat" in metric:
            _check_statistic(str(metric["MetricStat"]["Stat"]))
        else:
            raise ValueError(f"Metric {metric['Id']} has neither MetricStat nor Expression")
    if len(ids) != len(metrics):
        raise ValueError("The ids of the alarm's Metrics must differ")


def _check_statistic(name: str) -> None:
    if name not in _BASIC:
        percentile_of(name)


def period_of(alarm: Mapping[str, Any]) -> int:
    """The alarm's period in seconds; with metric math, the longest of its metrics."""
    if not alarm.get("Metrics"):
        return int(alarm.get("Period") or 0)
    periods = [int((m.get("MetricStat") or {}).get("Period") or m.get("Period") or 0) for m in alarm["Metrics"]]
    return max(periods)


def rule_of(alarm: Mapping[str, Any]) -> Rule:
    """The pure rule of an alarm."""
    periods = int(alarm.get("EvaluationPeriods") or 1)
    return Rule(
        str(alarm["ComparisonOperator"]),
        float(alarm["Threshold"]),
        periods,
        int(alarm.get("DatapointsToAlarm") or periods),
        str(alarm.get("TreatMissingData") or "missing"),
    )


def values_of(alarm: Mapping[str, Any], store: MetricStore, start: int, end: int, now: float) -> dict[int, float]:
    """The alarm's datapoints within [start, end). Raises ValueError when its expression fails."""
    if alarm.get("Metrics"):
        results = DataQueries(store, alarm["Metrics"], start, end, now).results()
        if len(results) != 1:
            raise ValueError(f"The alarm's expression gives {len(results)} time series, not one")
        return results[0].points
    statistic = str(alarm.get("ExtendedStatistic") or alarm.get("Statistic"))
    bins = store.points(key_of(alarm), int(alarm["Period"]), start, end, now)
    return {at: value for at, one in bins.items() if (value := one.statistic(statistic)) is not None}


def datapoints_of(
    alarm: Mapping[str, Any], store: MetricStore, until: float, now: float
) -> list[tuple[int, float | None]]:
    """The periods that an evaluation looks at: the last ones that are over at `until`, each with its value or None.

    Raises ValueError when the alarm's expression fails.
    """
    period = period_of(alarm)
    end = int(until) - int(until) % period
    start = end - (rule_of(alarm).periods + MORE_PERIODS) * period
    values = values_of(alarm, store, start, end, now)
    return [(at, values.get(at)) for at in range(start, end, period)]


def shown(moment: float) -> str:
    """A moment as CloudWatch's reasons show it: 24/11/26 13:20:00."""
    return datetime.fromtimestamp(moment, UTC).strftime("%d/%m/%y %H:%M:%S")


def iso(moment: float) -> str:
    """A moment as CloudWatch's messages have it: 2026-11-24T13:20:00.000+0000."""
    at = datetime.fromtimestamp(moment, UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}+0000"


class Evaluator:
    """Runs in a thread of the emulator; `cloudwatch` is MiniStack's module, which keeps alarms and their history."""

    def __init__(self, store: MetricStore, cloudwatch: Any) -> None:
        self._store, self._cloudwatch = store, cloudwatch
        self._counts_from = self._last = time.time()
        self._published: set[str] = set()
        self._since: dict[
            str, float
        ] = {}  # when each alarm was first seen: what is missing before is not held against it

    def run(self, stopping: threading.Event) -> None:
        """Evaluate repeatedly until stopped."""
        from ministack.core.responses import request_scope

        while not stopping.wait(EVERY_SECONDS):
            now = time.time()
            if now - self._last > LONGEST_GAP_SECONDS:
                self._counts_from = now
            self._last = now
            with request_scope(ACCOUNT_ID, REGION):
                alarms = dict(self._cloudwatch._alarms.items())
                for alarm in alarms.values():
                    self._try(alarm, now)
                self._since = {name: since for name, since in self._since.items() if name in alarms}
                del self._cloudwatch._history_entries()[:-MOST_HISTORY]

    def _try(self, alarm: dict[str, Any], now: float) -> None:
        try:
            self.evaluate(alarm, now)
        except ValueError as error:
            if alarm["AlarmName"] not in self._published:
                log.error("alarm %s: %s", alarm["AlarmName"], error)
                self._published.add(alarm["AlarmName"])

    def evaluate(self, alarm: dict[str, Any], now: float) -> None:
        """Evaluate the alarm's state; on a change, write its history, notify its topics, check its composite alarms."""
        rule, period = rule_of(alarm), period_of(alarm)
        datapoints = datapoints_of(alarm, self._store, now - LATE_SECONDS, now)
        since = self._since.setdefault(alarm["AlarmName"], now)
        verdict = evaluate_rule(rule, datapoints, max(self._counts_from, since))
        old = alarm["StateValue"]
        if verdict.state in (None, old):
            return
        why = reason(rule, verdict, old, shown)
        data = {
            "version": "1.0",
            "queryDate": iso(now),
            "startDate": iso(verdict.evaluated[0][0] if verdict.evaluated else datapoints[0][0]),
            "statistic": alarm.get("ExtendedStatistic") or alarm.get("Statistic"),
            "period": period,
            "recentDatapoints": [value for _, value in verdict.evaluated],
            "threshold": rule.threshold,
            "evaluatedDatapoints": [{"timestamp": iso(at), "value": v} for at, v in reversed(verdict.evaluated)],
        }
        self._change(alarm, old, str(verdict.state), why, data)

    def _change(self, alarm: dict[str, Any], old: str, new: str, why: str, data: dict[str, Any]) -> None:
        module = self._cloudwatch
        alarm["StateValue"], alarm["StateReason"] = new, why
        alarm["StateReasonData"] = json.dumps(data)
        alarm["StateUpdatedTimestamp"] = alarm["StateTransitionedTimestamp"] = int(time.time())
        module._record_history(alarm["AlarmName"], old, new, why, "MetricAlarm", data)
        module._dispatch_alarm_actions(alarm, old, new, why)
        module._evaluate_parent_alarms(alarm)
