"""Progress of a replay: manifests and marks in the delivery bucket, so that any machine can resume it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from client.aws import Stage
from client.replay.plan import Days, LakeObject, manifest

PREFIX = "replays/"
_PLAN, _FINISHED = "plan.json", "finished.json"


@dataclass
class Part:
    """One COPY: the key of its manifest, what that names, and whether it was copied and merged."""

    manifest: str
    objects: int
    bytes: int
    done: bool = False


@dataclass
class Run:
    """One replay of a window, as S3 has it; `prefix` ends in a slash."""

    prefix: str
    parts: list[Part] = field(default_factory=list)

    @property
    def left(self) -> list[Part]:
        """The parts that are not done."""
        return [part for part in self.parts if not part.done]


class ReplayJournal:
    """The replays of a stage. A run exists once its plan does, which is written after all its manifests."""

    def __init__(self, stage: Stage) -> None:
        self._s3, self._bucket, self._lake = (
            stage.client("s3"),
            stage.output("DeliveryBucket"),
            stage.output("LakeBucket"),
        )

    def begin(self, days: Days, parts: Iterator[list[LakeObject]], now: datetime) -> Run:
        """Write the manifests of a new run, then its plan. A crash in between leaves manifests that nobody reads."""
        run = Run(f"{PREFIX}{days.name}/{now:%Y%m%dT%H%M%S%fZ}/")
        for number, objects in enumerate(parts, 1):
            part = Part(f"{run.prefix}part-{number:05d}.manifest", len(objects), sum(o.size for o in objects))
            self._put(part.manifest, manifest(self._lake, [o.key for o in objects]))
            run.parts.append(part)
        plan = {"from": str(days.first), "to": str(days.end), "parts": [vars(part) for part in run.parts]}
        self._put(run.prefix + _PLAN, json.dumps(plan).encode())
        return run

    def unfinished(self, days: Days) -> Run | None:
        """The newest unfinished run of a window."""
        keys = set(self._keys(f"{PREFIX}{days.name}/"))
        plans = sorted(key.removesuffix(_PLAN) for key in keys if key.endswith("/" + _PLAN))
        if not plans or plans[-1] + _FINISHED in keys:
            return None
        body = self._s3.get_object(Bucket=self._bucket, Key=plans[-1] + _PLAN)["Body"].read()
        run = Run(plans[-1], [Part(**part) for part in json.loads(body)["parts"]])
        for part in run.parts:
            part.done = _mark(part) in keys
        return run

    def done(self, part: Part, counts: dict[str, Any]) -> None:
        """Note that a part is in core."""
        self._put(_mark(part), json.dumps(counts).encode())
        part.done = True

    def finish(self, run: Run) -> None:
        """Note that all parts are."""
        self._put(run.prefix + _FINISHED, b"{}")

    def _keys(self, prefix: str) -> Iterator[str]:
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix):
            yield from (item["Key"] for item in page.get("Contents", []))

    def _put(self, key: str, body: bytes) -> None:
        self._s3.put_object(Bucket=self._bucket, Key=key, Body=body, ContentType="application/json")


def _mark(part: Part) -> str:
    return part.manifest.removesuffix(".manifest") + ".done"
