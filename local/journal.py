"""A write-ahead journal for the emulator: what it acknowledged on the stream and in the tables outlives `kill -9`.

MiniStack keeps its state in memory and saves it when it is stopped (and after a deployment, see `local.snapshot`). Here
every successful write to Kinesis and DynamoDB is appended to a file before its answer leaves the process, in the order
of execution. After a kill, the last saved state is loaded and the journal is done again on top of it; Kinesis records
get the sequence numbers that were handed out, so that a consumer's checkpoint means what it meant. S3 objects are on
the disk at once. Log events and changes to the stack's own resources since the last save are not kept.

Secrets change rarely and are few: after each change of theirs, the state of Secrets Manager is saved as a whole. A card
key that was rotated in and lost would make every card id made with it worthless.

A write is handed to the kernel, not forced to the disk: it outlives the process, not a power cut.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson

# The functions of MiniStack's modules that write, as `handle_request` finds them by name when it is called.
WRITES = {
    "dynamodb": (
        "_put_item",
        "_update_item",
        "_delete_item",
        "_batch_write_item",
        "_transact_write_items",
        "_batch_execute_statement",
    ),
}
SECRET_WRITES = (
    "_create_secret",
    "_put_secret_value",
    "_update_secret",
    "_update_secret_version_stage",
    "_rotate_secret",
    "_delete_secret",
    "_restore_secret",
)
SECRETS = "secretsmanager"
_CLOCK_LAG_NS = 100_000_000  # a file system's clock lags behind
Answer = tuple[int, Any, bytes]


class Journal:
    """Segments `journal-N.ndjson` in a folder; a new one begins with each save, and the older ones are then removed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._file = -1
        self.rotate()

    def _segments(self) -> list[Path]:
        return sorted(self._folder.glob("journal-*.ndjson"))

    def rotate(self) -> None:
        """Begin a new segment. What is in the older ones stays until `forget`."""
        number = 1 + max((int(path.stem.split("-")[1]) for path in self._segments()), default=0)
        if self._file >= 0:
            os.close(self._file)
        self.current = self._folder / f"journal-{number:09d}.ndjson"
        self._file = os.open(self.current, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def forget(self) -> None:
        """Remove all segments but the current one: a saved state holds what they say."""
        for path in self._segments():
            if path != self.current:
                path.unlink()

    def append(self, entry: dict[str, Any]) -> None:
        """Add an entry. Raises OSError when it cannot be kept: the write must not be acknowledged then."""
        line = orjson.dumps(entry) + b"\n"
        written = os.write(self._file, line)
        if written != len(line):
            # What is there of it must not become the beginning of the next entry.
            os.ftruncate(self._file, os.fstat(self._file).st_size - written)
            raise OSError(f"{self.current}: {written} of {len(line)} bytes written")

    def entries(self) -> Iterator[dict[str, Any]]:
        """All entries, oldest first. A line that the kill cut off was never acknowledged."""
        for path in self._segments():
            with path.open("rb") as file:
                for line in file:
                    if line.endswith(b"\n"):
                        yield orjson.loads(line)


def journaled(write: Callable[[Any], Answer], service: str, name: str, journal: Journal) -> Callable[[Any], Answer]:
    """A function of MiniStack that writes, and is written down when it succeeded."""
    from ministack.core.responses import get_account_id, get_region

    def written(data: Any) -> Answer:
        answer = write(data)
        if answer[0] == 200:
            scope = {"service": service, "name": name, "account": get_account_id(), "region": get_region()}
            numbers = sequence_numbers(answer[2]) if service == "kinesis" else []
            journal.append(scope | {"data": data, "numbers": numbers})
        return answer

    return written


def sequence_numbers(body: bytes) -> list[str]:
    """The sequence numbers in an answer of PutRecord or PutRecords, in the order of the records."""
    answer = orjson.loads(body)
    return [record["SequenceNumber"] for record in answer.get("Records", [answer])]


class Replay:
    """Does again what a journal says, with MiniStack's own functions as they were before they were journaled."""

    def __init__(self, writes: dict[tuple[str, str], Callable[[Any], Answer]], kinesis: Any) -> None:
        self._writes, self._kinesis = writes, kinesis

    def run(self, journal: Journal) -> int:
        """Replay all entries; give how many. One that the saved state holds already changes nothing."""
        from ministack.core.responses import request_scope

        done = 0
        known = self._known_numbers()
        for entry in journal.entries():
            with request_scope(entry["account"], entry["region"]):
                write = self._writes[entry["service"], entry["name"]]
                if entry["service"] == "dynamodb":
                    write(entry["data"])
                elif not known.intersection(entry["numbers"]):
                    self._put_again(write, entry)
            done += 1
        return done

    def _streams(self) -> list[dict[str, Any]]:
        return [stream for stream in self._kinesis._streams._data.values() if isinstance(stream, dict)]

    def _known_numbers(self) -> set[str]:
        return {
            r["SequenceNumber"] for s in self._streams() for shard in s["shards"].values() for r in shard["records"]
        }

    def _put_again(self, write: Callable[[Any], Answer], entry: dict[str, Any]) -> None:
        numbers, kinesis = iter(entry["numbers"]), self._kinesis
        real_number, real_time = kinesis._next_sequence_number, kinesis.time
        kinesis._next_sequence_number = lambda: next(numbers)
        kinesis.time = _Clock(real_time, int(entry["numbers"][0][:20]) / 1000)  # a number begins with its arrival
        try:
            status, _, body = write(entry["data"])
        finally:
            kinesis._next_sequence_number, kinesis.time = real_number, real_time
        if status == 200 and sequence_numbers(body) != entry["numbers"]:
            raise RuntimeError("a replayed PutRecords did not take the sequence numbers that were acknowledged")


class _Clock:
    """The module `time` with the hour stopped: records arrive when they arrived."""

    def __init__(self, real: Any, now: float) -> None:
        self._real, self._now = real, now

    def time(self) -> float:
        return self._now

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def saved_since(service: str, moment_ns: int) -> bool:
    """Whether MiniStack's file of a service's state is newer: it logs a state that it cannot save, and goes on."""
    from ministack.core import persistence

    path = Path(persistence.STATE_DIR) / f"{service}.json"
    return path.exists() and path.stat().st_mtime_ns >= moment_ns


def saved_at_once(write: Callable[[Any], Answer], service: str, state: Callable[[], Any]) -> Callable[[Any], Answer]:
    """A function of MiniStack that writes; when it succeeded, the service's whole state is saved before the answer."""
    from ministack.core import persistence

    def written(data: Any) -> Answer:
        answer = write(data)
        if answer[0] == 200:
            before = time.time_ns() - _CLOCK_LAG_NS
            persistence.save_state(service, state())
            if not saved_since(service, before):
                raise OSError(f"the state of {service} cannot be saved")
        return answer

    return written


def install(folder: Path) -> None:
    """Journal the emulator's writes from now on, replay at its start, begin anew with each save.

    Raises AttributeError when MiniStack has these functions no more.
    """
    from ministack import app
    from ministack.core import persistence
    from ministack.services import dynamodb, kinesis, secretsmanager

    for name in SECRET_WRITES:
        write = getattr(secretsmanager, name)
        setattr(secretsmanager, name, saved_at_once(write, SECRETS, secretsmanager.get_state))
    journal = Journal(folder)
    modules = {"kinesis": kinesis, "dynamodb": dynamodb}
    pairs = list(itertools.chain.from_iterable(((s, n) for n in names) for s, names in WRITES.items()))
    originals = {(service, name): getattr(modules[service], name) for service, name in pairs}
    for (service, name), write in originals.items():
        setattr(modules[service], name, journaled(write, service, name, journal))

    load, save = app._load_persisted_state, persistence.save_all

    def load_and_replay() -> None:
        load()
        Replay(originals, kinesis).run(journal)

    def save_and_forget(services: dict[str, Any]) -> None:
        journal.rotate()
        before = time.time_ns() - _CLOCK_LAG_NS
        save(services)
        if all(saved_since(service, before) for service in WRITES):  # else the journal is still needed
            journal.forget()

    app._load_persisted_state = load_and_replay
    app.save_all = persistence.save_all = save_and_forget
