"""What the batch path notes about runs and objects: the table of glue/loads.py, read."""

from __future__ import annotations

from typing import Any

from client.aws import Stage


class Loads:
    """The stage's table of loads. An attribute that cannot be read counts as one that is not there."""

    def __init__(self, stage: Stage) -> None:
        self._dynamodb = stage.client("dynamodb")
        self._table = stage.output("BatchLoadsTableName")

    def run_of(self, url: str, etag: str) -> str | None:
        """Give the run that took an object of this content last."""
        item = self._get(f"{url}#{etag}")
        return str(item["run_id"]) if "run_id" in item else None

    def run(self, run_id: str) -> dict[str, Any]:
        """Give a run's counts and texts; empty when it left none."""
        return self._get(f"run#{run_id}")

    def loaded(self, url: str, etag: str) -> dict[str, Any]:
        """Give the run that has loaded an object of this content, or nothing."""
        run_id = self.run_of(url, etag)
        run = self.run(run_id) if run_id else {}
        return run | {"run_id": run_id} if run.get("status") == "loaded" else {}

    def _get(self, key: str) -> dict[str, Any]:
        answer = self._dynamodb.get_item(TableName=self._table, Key={"load": {"S": key}}, ConsistentRead=True)
        read = {name: _plain(value) for name, value in answer.get("Item", {}).items()}
        return {name: value for name, value in read.items() if value is not None}


def _plain(value: dict[str, Any]) -> str | int | None:
    """Give a text or a whole number; None for anything else, which no run writes."""
    try:
        return int(value["N"]) if "N" in value else str(value["S"])
    except (KeyError, ValueError):
        return None
