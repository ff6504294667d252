"""The event source mappings: whether each is on, and the result of its last batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError as AwsError

from client.doctor.finding import OK, PROBLEM, UNKNOWN, WARNING, Finding
from client.verify.deployed import Deployed

AREA = "Event source mappings"
ON = ("Enabled", "Updating")
NOTHING_YET = "No records processed"


def mappings(deployed: Deployed) -> Iterator[Finding]:
    """Give a finding for each mapping of the template."""
    client = deployed.stage.client("lambda")
    uuids = list(deployed.of_type("AWS::Lambda::EventSourceMapping"))
    if not uuids:
        yield Finding(AREA, "mappings", UNKNOWN, "The stage's template has no event source mapping.")
    for uuid in uuids:
        try:
            yield assess(client.get_event_source_mapping(UUID=uuid), f"{deployed.stack}-")
        except AwsError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            text = f"The mapping {uuid} was removed: its function reads nothing."
            yield Finding(AREA, uuid, PROBLEM, text, f"swipeline deploy --stage {deployed.stage.name}")


def assess(mapping: dict[str, Any], prefix: str) -> Finding:
    """The finding for a mapping as GetEventSourceMapping gives it."""
    name = str(mapping["FunctionArn"]).split(":")[6].removeprefix(prefix)
    state, result = str(mapping.get("State")), str(mapping.get("LastProcessingResult") or "")
    of_queue = str(mapping.get("EventSourceArn", "")).split(":")[2:3] == ["sqs"]
    anchor = "merge-lag" if of_queue else f"{name}-backlog"
    if state in ("Disabled", "Disabling"):
        enable = f"aws lambda update-event-source-mapping --uuid {mapping['UUID']} --enabled"
        text = f"{state} ({mapping.get('StateTransitionReason', 'no reason given')}): the function reads nothing."
        return Finding(AREA, name, PROBLEM, text, enable, anchor)
    if state not in ON:
        return Finding(AREA, name, WARNING, f"{state}: not reading yet.", runbook=anchor)
    if result.startswith("PROBLEM"):
        help_ = "swipeline repair-roles" if "Cannot access" in result else "swipeline logs errors-by-function"
        return Finding(AREA, name, PROBLEM, f"{state}, last result: {result}", help_, anchor)
    if of_queue:  # Lambda gives no result of a queue's mapping
        return Finding(AREA, name, OK, f"{state}.")
    if result == OK.upper() or result == NOTHING_YET:
        return Finding(AREA, name, OK, f"{state}, last result: {result}.")
    return Finding(AREA, name, UNKNOWN, f"{state}, last result: {result or 'not given'}.", runbook=anchor)
