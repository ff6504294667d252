"""Reads a stage's CloudWatch for the page: the same calls for the embedded AWS and for a stage on AWS."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError as AwsError

from client.aws import SERVICE, Stage
from client.console.widgets import (
    alarm_names,
    distinct,
    formatted_label,
    is_one_number,
    log_query,
    metric_widget,
    whole_range,
)
from client.logs import Logs

WIDGETS_AT_ONCE = 4
MOST_ALARMS = 100
_BOX = {"x": 0, "y": 0, "width": 6, "height": 6}
ALARM_TYPES = ["MetricAlarm", "CompositeAlarm"]


class Watch:
    """What the page shows of one stage."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.prefix = f"{SERVICE}-{stage.name}"
        self.logs = Logs(stage)

    def dashboards(self) -> list[str]:
        """The names of the stage's dashboards."""
        pages = self.stage.client("cloudwatch").get_paginator("list_dashboards").paginate()
        names = [entry["DashboardName"] for page in pages for entry in page["DashboardEntries"]]
        return sorted(name for name in names if name.startswith(self.prefix))

    def dashboard(self, name: str, seconds: int) -> dict[str, Any]:
        """A dashboard with the data of all its widgets over the last ``seconds``."""
        body = json.loads(self.stage.client("cloudwatch").get_dashboard(DashboardName=name)["DashboardBody"])
        end = time.time()
        with ThreadPoolExecutor(WIDGETS_AT_ONCE) as pool:
            widgets = list(pool.map(lambda widget: self._widget(widget, end - seconds, end), body.get("widgets") or []))
        return {"name": name, "start": end - seconds, "end": end, "widgets": widgets}

    def _widget(self, widget: Mapping[str, Any], start: float, end: float) -> dict[str, Any]:
        properties = widget.get("properties") or {}
        kind = str(widget.get("type"))
        shown: dict[str, Any] = {
            "type": kind,
            "box": {side: widget.get(side, default) for side, default in _BOX.items()},
            "properties": properties,
        }
        readers: dict[str, Callable[[Mapping[str, Any], float, float], dict[str, Any]]] = {
            "metric": self._metrics,
            "log": self._log,
            "alarm": self._alarm_widget,
            "text": lambda *_: {},
        }
        if kind not in readers:
            return shown | {"error": f"widgets of type {kind} are not shown here"}
        try:
            return shown | readers[kind](properties, start, end)
        except ValueError as error:
            return shown | {"error": str(error)}
        except AwsError as error:
            return shown | {"error": error.response["Error"].get("Message") or str(error)}

    def _metrics(self, properties: Mapping[str, Any], start: float, end: float) -> dict[str, Any]:
        annotated = (properties.get("annotations") or {}).get("alarms")
        if annotated and not properties.get("metrics"):
            return self._alarm_graph(str(annotated[0]).split(":alarm:")[-1], start, end)
        if is_one_number(properties):
            start, end = whole_range(start, end)
        wanted = metric_widget(properties, int(end - start))
        return {"series": self._series(wanted.lines, start, end)}

    def _series(self, lines: Sequence[Any], start: float, end: float) -> list[dict[str, Any]]:
        if not lines:
            return []
        client = self.stage.client("cloudwatch")
        found: list[dict[str, Any]] = []
        by_id = {line.query["Id"]: line for line in lines}
        request: dict[str, Any] = {
            "MetricDataQueries": [line.query for line in lines],
            "StartTime": _moment(start),
            "EndTime": _moment(end),
            "ScanBy": "TimestampAscending",
        }
        for page in client.get_paginator("get_metric_data").paginate(**request):
            for result in page["MetricDataResults"]:
                line = by_id[result["Id"]]
                stamps = [int(at.timestamp()) for at in result["Timestamps"]]
                found.append(
                    {
                        "id": result["Id"],
                        "label": formatted_label(line.label, result["Label"], result["Values"]),
                        "color": line.color,
                        "right": line.right,
                        "period": line.period,
                        "points": list(zip(stamps, result["Values"], strict=True)),
                    }
                )
        return [one | {"label": label} for one, label in zip(found, distinct(found, by_id), strict=True)]

    def _alarm_graph(self, name: str, start: float, end: float) -> dict[str, Any]:
        """An alarm's own metrics, with its threshold."""
        found = self._described([name])
        if not found:
            raise ValueError(f"there is no alarm {name}")
        alarm = found[0]
        if alarm.get("Metrics"):
            metrics: list[Any] = [_entry(metric) for metric in alarm["Metrics"]]
            properties: dict[str, Any] = {"metrics": metrics}
        else:
            pairs = [part for d in alarm.get("Dimensions", []) for part in (d["Name"], d["Value"])]
            statistic = alarm.get("Statistic") or alarm.get("ExtendedStatistic")
            options = {"stat": statistic, "period": alarm["Period"]}
            properties = {"metrics": [[alarm["Namespace"], alarm["MetricName"], *pairs, options]]}
        wanted = metric_widget(properties, int(end - start))
        threshold = {"value": alarm.get("Threshold"), "label": f"{alarm['AlarmName']} ({alarm['StateValue']})"}
        return {"series": self._series(wanted.lines, start, end), "thresholds": [threshold], "alarm": _alarm(alarm)}

    def _log(self, properties: Mapping[str, Any], start: float, end: float) -> dict[str, Any]:
        groups, query = log_query(properties)
        return self.run_query(groups, query, start, end)

    def _alarm_widget(self, properties: Mapping[str, Any], _: float, __: float) -> dict[str, Any]:
        names = alarm_names(properties)
        wanted = set(properties.get("states") or ("ALARM", "OK", "INSUFFICIENT_DATA"))
        return {"alarms": [_alarm(alarm) for alarm in self._described(names) if alarm["StateValue"] in wanted]}

    def alarms(self) -> list[dict[str, Any]]:
        """The stage's alarms, those that ring first."""
        rank = {"ALARM": 0, "INSUFFICIENT_DATA": 1, "OK": 2}
        found = [_alarm(alarm) for alarm in self._described(None)]
        return sorted(found, key=lambda alarm: (rank[alarm["state"]], alarm["name"]))

    def _described(self, names: list[str] | None) -> list[dict[str, Any]]:
        pages = self.stage.client("cloudwatch").get_paginator("describe_alarms")
        chosen: list[dict[str, Any]] = (
            [{"AlarmNamePrefix": self.prefix}]
            if names is None
            else [{"AlarmNames": names[i : i + MOST_ALARMS]} for i in range(0, len(names), MOST_ALARMS)]
        )
        return [
            alarm
            for selection in chosen
            for page in pages.paginate(AlarmTypes=ALARM_TYPES, **selection)
            for alarm in (*page["MetricAlarms"], *page["CompositeAlarms"])
        ]

    def history(self, name: str) -> list[dict[str, Any]]:
        """What an alarm did lately, newest first."""
        answer = self.stage.client("cloudwatch").describe_alarm_history(
            AlarmName=name, AlarmTypes=ALARM_TYPES, MaxRecords=50, ScanBy="TimestampDescending"
        )
        items = []
        for item in answer["AlarmHistoryItems"]:
            data = json.loads(item.get("HistoryData") or "{}")
            reason = (data.get("newState") or {}).get("stateReason")
            said = {
                "at": item["Timestamp"].timestamp(),
                "kind": item["HistoryItemType"],
                "summary": item["HistorySummary"],
            }
            items.append(said | {"reason": reason})
        return items

    def alarm_graph(self, name: str, seconds: int) -> dict[str, Any]:
        """The graph of one metric alarm, in a widget's form."""
        end = time.time()
        box = {"x": 0, "y": 0, "width": 24, "height": 6}
        shown = {"type": "metric", "box": box, "properties": {"view": "timeSeries", "title": name}}
        return shown | {"start": end - seconds, "end": end} | self._alarm_graph(name, end - seconds, end)

    def queries(self) -> list[dict[str, Any]]:
        """The stage's saved queries."""
        client, found = self.stage.client("logs"), []
        request: dict[str, Any] = {}
        while True:
            page = client.describe_query_definitions(**request)
            found += page.get("queryDefinitions", [])
            if not page.get("nextToken"):
                break
            request = {"nextToken": page["nextToken"]}
        return [
            {"name": q["name"], "query": q["queryString"], "groups": q.get("logGroupNames") or []}
            for q in sorted(found, key=lambda q: str(q["name"]))
            if q["name"].startswith(self.prefix)
        ]

    def log_groups(self) -> list[str]:
        """The names of the stage's log groups."""
        return self.logs.groups()

    def run_query(self, groups: Sequence[str], query: str, start: float, end: float) -> dict[str, Any]:
        """Run an Insights query and wait for its rows. Raises ValueError when it doesn't end."""
        return self.logs.run(groups, query, start, end)

    def traces(self, seconds: int, expression: str) -> list[dict[str, Any]]:
        """The newest traces that a filter expression lets through."""
        end = time.time()
        request: dict[str, Any] = {"StartTime": _moment(end - min(seconds, 86_400)), "EndTime": _moment(end)}
        if expression:
            request["FilterExpression"] = expression
        answer = self.stage.client("xray").get_trace_summaries(**request)
        return [
            {
                "id": one["Id"],
                "at": int(one["Id"].split("-")[1], 16),
                "duration": one.get("Duration"),
                "response": one.get("ResponseTime"),
                "status": (one.get("Http") or {}).get("HttpStatus"),
                "method": (one.get("Http") or {}).get("HttpMethod"),
                "url": (one.get("Http") or {}).get("HttpURL"),
                "fault": one.get("HasFault"),
                "error": one.get("HasError"),
                "services": list(dict.fromkeys(s.get("Name") for s in one.get("ServiceIds") or [])),
            }
            for one in answer["TraceSummaries"]
        ]

    def trace(self, trace_id: str) -> list[dict[str, Any]]:
        """The segments of a trace. Raises ValueError when there is none."""
        found = self.stage.client("xray").batch_get_traces(TraceIds=[trace_id])["Traces"]
        if not found:
            raise ValueError(f"there is no trace {trace_id}: was it sampled?")
        return [json.loads(segment["Document"]) for segment in found[0]["Segments"]]


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _entry(metric: Mapping[str, Any]) -> list[Any]:
    """An alarm's metric in a widget's form."""
    options: dict[str, Any] = {"id": metric["Id"], "visible": metric.get("ReturnData", True)}
    if metric.get("Label"):
        options["label"] = metric["Label"]
    if metric.get("Expression"):
        return [options | {"expression": metric["Expression"]}]
    wanted = metric["MetricStat"]
    pairs = [part for d in wanted["Metric"].get("Dimensions", []) for part in (d["Name"], d["Value"])]
    options |= {"stat": wanted["Stat"], "period": wanted["Period"]}
    return [wanted["Metric"]["Namespace"], wanted["Metric"]["MetricName"], *pairs, options]


def _alarm(alarm: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": alarm["AlarmName"],
        "state": alarm["StateValue"],
        "since": alarm["StateUpdatedTimestamp"].timestamp(),
        "reason": alarm.get("StateReason", ""),
        "description": alarm.get("AlarmDescription", ""),
        "rule": alarm.get("AlarmRule"),
        "composite": "AlarmRule" in alarm,
    }
