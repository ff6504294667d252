"""The embedded Kinesis inside MiniStack, in the test's own process; MiniStack is afterwards as it was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local.kinesis.install import Kinesis


@contextmanager
def embedded_kinesis(folder: Path, saved: dict[str, Any] | None = None) -> Iterator[Kinesis]:
    """Start it in a folder, with what was stored there."""
    from ministack.services import kinesis
    from ministack.services.cloudformation import provisioners

    before = dict(vars(kinesis))
    embedded = Kinesis(kinesis, folder)
    try:
        embedded.load(saved or {})
        embedded.install(dict(provisioners._RESOURCE_HANDLERS))
        yield embedded
    finally:
        embedded.store.close()
        kinesis._streams._data.clear()
        kinesis._consumers._data.clear()
        vars(kinesis).update(before)


class RefusedByKinesisError(Exception):
    """An operation was answered with an error; `code` is the API's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


def call(operation: str, **data: Any) -> dict[str, Any]:
    """Call an operation as MiniStack does: `call("_split_shard", StreamName=...)`. Raises RefusedByKinesisError."""
    from ministack.services import kinesis

    status, _, body = getattr(kinesis, operation)(data)
    answer: dict[str, Any] = json.loads(body)
    if status != 200:
        raise RefusedByKinesisError(answer["__type"], answer["message"])
    return answer
