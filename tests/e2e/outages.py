"""Outages of the embedded AWS, for as long as a test wants them, and how long Firehose retries."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from local.processes import PROCESSES, held_file, is_healthy
from local.settings import Settings
from tests.e2e.stack import Stack, wait_until


@contextmanager
def held(stack: Stack, name: str) -> Iterator[None]:
    """Kill a process of the supervisor's and keep it dead; afterwards it is up again."""
    settings = Settings(stack.home, stack.port)
    (process,) = (one for one in PROCESSES if one.name == name)
    file = held_file(settings, name)
    file.touch()
    try:
        wait_until(lambda: pid(stack, name) is None, 30, f"{name} is dead")
        yield
        assert pid(stack, name) is None, f"{name} was not away all the time"
    finally:
        file.unlink()
        wait_until(lambda: is_healthy(settings, process), 60, f"{name} is up again")


def pid(stack: Stack, name: str) -> int | None:
    """The process id that the supervisor gives."""
    processes = json.loads((stack.home / "run" / "supervisor.json").read_text())["processes"]
    found: int | None = {one["name"]: one["pid"] for one in processes}[name]
    return found


@contextmanager
def retrying_for(stack: Stack, seconds: int) -> Iterator[None]:
    """Let Firehose repeat a COPY for so long, by UpdateDestination: 0 gives a delivery up at its first failure."""
    firehose, name = stack.client("firehose"), stack.outputs["DeliveryStreamName"]

    def update(seconds: int) -> int:
        stream = firehose.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]
        (destination,) = stream["Destinations"]
        firehose.update_destination(
            DeliveryStreamName=name,
            CurrentDeliveryStreamVersionId=stream["VersionId"],
            DestinationId=destination["DestinationId"],
            RedshiftDestinationUpdate={"RetryOptions": {"DurationInSeconds": seconds}},
        )
        return int(destination["RedshiftDestinationDescription"]["RetryOptions"]["DurationInSeconds"])

    before = update(seconds)
    try:
        yield
    finally:
        update(before)
