"""What CloudFormation can create beside MiniStack's own: metric-math alarms, composite alarms, saved queries."""

from __future__ import annotations

import json
from typing import Any

from local.cloudwatch.alarm_record import record
from local.cloudwatch.query_definitions import QueryDefinitions
from local.cloudwatch.replacing import replace


def install(provisioners: Any, cloudwatch: Any, definitions: QueryDefinitions) -> None:
    """Put it in place. Raises AttributeError when MiniStack has these functions no more."""
    replace(
        provisioners,
        "_cw_metric_alarm_record",
        lambda name, properties: record(name, properties, cloudwatch._alarms.get(name)),
    )
    composite, saved = CompositeAlarms(provisioners, cloudwatch), SavedQueries(provisioners, definitions)
    provisioners._RESOURCE_HANDLERS["AWS::CloudWatch::CompositeAlarm"] = {
        "create": composite.create,
        "update": composite.update,
        "delete": composite.delete,
    }
    provisioners._RESOURCE_HANDLERS["AWS::Logs::QueryDefinition"] = {
        "create": saved.create,
        "update": saved.update,
        "delete": saved.delete,
    }


class CompositeAlarms:
    """AWS::CloudWatch::CompositeAlarm, by MiniStack's own PutCompositeAlarm."""

    def __init__(self, provisioners: Any, cloudwatch: Any) -> None:
        self._provisioners, self._cloudwatch = provisioners, cloudwatch

    def create(self, logical_id: str, properties: dict[str, Any], stack_name: str) -> tuple[str, dict[str, str]]:
        name = properties.get("AlarmName") or self._provisioners._physical_name(stack_name, logical_id, max_len=255)
        return self._put(str(name), properties)

    def update(
        self, physical_id: str, old: dict[str, Any], new: dict[str, Any], stack_name: str
    ) -> tuple[str, dict[str, str]]:
        name = str(new.get("AlarmName") or physical_id)
        put = self._put(name, new)
        if name != physical_id:
            self.delete(physical_id, old)
        return put

    def delete(self, physical_id: str, _: dict[str, Any]) -> None:
        self._cloudwatch._delete_alarms({}, {"AlarmNames": [physical_id]}, False, True)

    def _put(self, name: str, properties: dict[str, Any]) -> tuple[str, dict[str, str]]:
        if properties.get("ActionsSuppressor"):
            raise ValueError("AWS::CloudWatch::CompositeAlarm: ActionsSuppressor is not supported by the embedded AWS")
        request = properties | {"AlarmName": name}
        request["ActionsEnabled"] = str(properties.get("ActionsEnabled", True)).lower() != "false"
        status, _, body = self._cloudwatch._put_composite_alarm({}, request, False, True)
        if status != 200:
            raise ValueError(f"AWS::CloudWatch::CompositeAlarm: {json.loads(body).get('message')}")
        return name, {"Arn": self._cloudwatch._composite_alarms[name]["AlarmArn"]}


class SavedQueries:
    """AWS::Logs::QueryDefinition; Ref is the query's id, as on AWS."""

    def __init__(self, provisioners: Any, definitions: QueryDefinitions) -> None:
        self._provisioners, self._definitions = provisioners, definitions

    def create(self, logical_id: str, properties: dict[str, Any], stack_name: str) -> tuple[str, dict[str, str]]:
        return self._put(None, properties)

    def update(
        self, physical_id: str, old: dict[str, Any], new: dict[str, Any], stack_name: str
    ) -> tuple[str, dict[str, str]]:
        return self._put(physical_id, new)

    def delete(self, physical_id: str, _: dict[str, Any]) -> None:
        self._definitions.delete(physical_id)

    def _put(self, query_id: str | None, properties: dict[str, Any]) -> tuple[str, dict[str, str]]:
        groups = [str(group) for group in properties.get("LogGroupNames") or []]
        found = self._definitions.put(query_id, str(properties["Name"]), str(properties["QueryString"]), groups)
        return found, {"QueryDefinitionId": found}
