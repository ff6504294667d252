"""A stage's logs: its log groups, and queries of Logs Insights over them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from client.aws import SERVICE, Stage

QUERY_SECONDS = 30.0
MOST_GROUPS = 50  # of one query


class Logs:
    """Reads the logs of one stage."""

    def __init__(self, stage: Stage) -> None:
        self._client, self._prefix = stage.client("logs"), f"{SERVICE}-{stage.name}"

    def groups(self, prefix: str = "") -> list[str]:
        """The names of the stage's log groups, all or those that begin so."""
        request = {"logGroupNamePrefix": prefix} if prefix else {}
        pages = self._client.get_paginator("describe_log_groups").paginate(**request)
        names = [str(group["logGroupName"]) for page in pages for group in page["logGroups"]]
        return sorted(name for name in names if self._prefix in name)

    def run(self, groups: Sequence[str], query: str, start: float, end: float) -> dict[str, Any]:
        """Run a query (all groups when none is named) and wait for its rows. Raises ValueError when it doesn't end."""
        chosen = (list(groups) or self.groups())[:MOST_GROUPS]
        if not chosen:
            raise ValueError("this stage has no log groups")
        query_id = self._client.start_query(
            logGroupNames=chosen, startTime=int(start), endTime=int(end) + 1, queryString=query
        )["queryId"]
        deadline, pause = time.monotonic() + QUERY_SECONDS, 0.05
        while (answer := self._client.get_query_results(queryId=query_id))["status"] in ("Scheduled", "Running"):
            if time.monotonic() > deadline:
                self._client.stop_query(queryId=query_id)
                raise ValueError(f"the query takes longer than {QUERY_SECONDS:.0f} s")
            time.sleep(pause)
            pause = min(1.0, pause * 2)
        if answer["status"] != "Complete":
            raise ValueError(f"the query is {answer['status']}")
        rows = [{cell["field"]: cell["value"] for cell in row if cell["field"] != "@ptr"} for row in answer["results"]]
        columns = list(dict.fromkeys(name for row in rows for name in row))
        return {"columns": columns, "rows": rows, "statistics": answer.get("statistics", {})}
