"""Finds a stage's saved queries (AWS::Logs::QueryDefinition) and runs one over the last minutes."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from client.aws import SERVICE, Stage
from client.errors import ClientError

PLACE = '"ID"'  # in a query: what a person fills in
POLL_SECONDS = 0.5
MOST_SECONDS = 120.0


class Question(NamedTuple):
    """A saved query."""

    name: str
    text: str
    groups: list[str]

    @property
    def needs_id(self) -> bool:
        """Whether a person must say what it is about."""
        return PLACE in self.text


def questions(stage: Stage) -> dict[str, Question]:
    """Give the stage's saved queries by their short names."""
    prefix = f"{SERVICE}-{stage.name}/"
    found = stage.client("logs").describe_query_definitions(queryDefinitionNamePrefix=prefix, maxResults=100)
    return {
        one["name"].removeprefix(prefix): Question(
            one["name"].removeprefix(prefix), one["queryString"], one.get("logGroupNames", [])
        )
        for one in found["queryDefinitions"]
    }


def ask(stage: Stage, name: str, minutes: int, about: str = "") -> list[dict[str, str]]:
    """Run a saved query; a row per result, fields in the query's order.

    Raises ClientError when there is no such query, it needs an id that was not given, or it fails.
    """
    known = questions(stage)
    if name not in known:
        raise ClientError(f'No saved query "{name}". Available: {", ".join(sorted(known)) or "none"}.')
    question = known[name]
    if question.needs_id and not about:
        raise ClientError(f"{name} needs an ID: swipeline logs {name} --id ID.")
    if '"' in about or "\\" in about:
        raise ClientError("An ID contains neither quotes nor backslashes.")
    logs, now = stage.client("logs"), int(time.time())
    started = logs.start_query(
        logGroupNames=question.groups,
        startTime=now - minutes * 60,
        endTime=now + 1,
        queryString=question.text.replace(PLACE, f'"{about}"'),
    )
    deadline = time.monotonic() + MOST_SECONDS
    while time.monotonic() < deadline:
        answer: dict[str, Any] = logs.get_query_results(queryId=started["queryId"])
        if answer["status"] not in ("Scheduled", "Running"):
            break
        time.sleep(POLL_SECONDS)
    else:
        raise ClientError(f"{name} did not finish within {MOST_SECONDS:.0f} s. Use fewer --minutes.")
    if answer["status"] != "Complete":
        raise ClientError(f"{name} ended as {answer['status']}.")
    return [
        {field["field"]: field.get("value", "") for field in row if field["field"] != "@ptr"}
        for row in answer["results"]
    ]
