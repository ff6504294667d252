"""One `send` from the file's name to the summary: puts input, journal, API and sender together."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from threading import Event
from typing import Any

from client import outfile
from client.aws import Stage
from client.errors import ClientError
from client.files.mapping import Reading
from client.files.stream import Input, open_input
from client.files.table import Table, identity_of, mapping_beside
from client.send.api import Api, Endpoint, batch_budget
from client.send.journal import Journal
from client.send.rejected import RejectedRows
from client.send.sender import Counts, Sender


@dataclass(frozen=True)
class Options:
    """What the command line may set."""

    batch_size: int = 1000
    workers: int = 4
    rate: float | None = None
    resume: bool = False
    rejected: Path | None = None
    retry_deadline: float = 60.0
    reading: Reading = field(default_factory=Reading)
    overwrite: bool = False  # the file of rejected rows, though another program wrote it
    again: bool = False  # put rows on the stream though the API has answered the same request before

    def __post_init__(self) -> None:
        if self.again and self.resume:
            raise ClientError("--again sends every row, --resume leaves out what was sent: give one of them.")
        if not 1 <= self.batch_size <= 1000:
            raise ClientError(f"--batch-size must be between 1 and 1000, the API's limit; got {self.batch_size}.")
        if not 1 <= self.workers <= 64:
            raise ClientError(f"--workers must be between 1 and 64, got {self.workers}.")
        if self.rate is not None and not self.rate > 0:
            raise ClientError(f"--rate must be above 0 rows per second, got {self.rate}.")
        if not self.retry_deadline >= 0:
            raise ClientError(f"--retry-deadline must not be negative, got {self.retry_deadline}.")


@dataclass
class Summary:
    """What a run came to, in rows; `accepted` and `rejected` are of the whole file, `skipped` rows included.

    ``rows`` = accepted + rejected + not_sent; after a failure `not_sent` counts the rows that nobody has answered for.
    """

    file: str
    stage: str
    rows: int
    skipped: int
    accepted: int
    rejected: int
    resent: int
    seconds: float
    rows_per_second: float
    rejected_file: str | None
    reasons: list[dict[str, object]]
    error: str | None
    journal: str
    not_sent: int = 0
    notes: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The summary as programs read it."""
        return asdict(self)


Progress = Callable[[Counts, int, int | None], None]  # counts, position, size


def send_file(
    stage: Stage,
    name: str,
    options: Options,
    progress: Progress = lambda *_: None,
    report: Callable[[str], None] = lambda _: None,
    member: str | None = None,
) -> Summary:
    """Send a file and return its outcome, also when the API kept failing (`error`) or refused rows.

    ``report`` hears of what is unusual about the file before anything is sent. Raises ClientError for what makes
    sending impossible, and KeyboardInterrupt after writing down what was acknowledged by then.
    """
    if options.resume and name == "-":
        raise ClientError("--resume needs a file: standard input cannot be read from its start again.")
    source = open_input(name, member)
    try:
        if options.resume and source.identity is None:
            raise ClientError(f"--resume needs a file, and {name} is a pipe.")
        return _send(stage, source, options, progress, report)
    finally:
        source.close()


def _send(stage: Stage, source: Input, options: Options, progress: Progress, report: Callable[[str], None]) -> Summary:
    place = options.rejected or Path(f"{source.label}.rejected.csv")
    check_place(place, overwrite=options.overwrite)
    rows = Table(source, options.reading)
    for text in (*rows.notes, *rows.warnings):
        report(text)
    run = uuid.uuid4().hex if options.again else ""
    endpoint = Endpoint(stage.transactions_url, stage.api_key, stage.name, not stage.local, stage.api_auth, run)
    inputs = () if source.name == "-" else (source.name,)
    rejected = RejectedRows(place, rows.columns, inputs, overwrite=options.overwrite)
    stop = Event()
    journal_path = stage.journals / f"{rows.identity or f'stream-{uuid.uuid4().hex}'}.sqlite"
    began = time.monotonic()
    with Journal.open(journal_path) as journal:
        journal.describe(file=source.name, stage=stage.name, content=source.identity or "")
        sender = Sender(
            source=rows,
            api=Api(endpoint, lambda: batch_budget(options.retry_deadline, stop.wait)),
            journal=journal,
            rejected=rejected,
            batch_size=options.batch_size,
            workers=options.workers,
            rate=options.rate,
            resume=options.resume,
            stop=stop,
            progress=lambda counts: progress(counts, rows.position(), source.size),
        )
        try:
            counts = sender.run()
        finally:
            rejected.close()
        if not counts.failure:
            journal.describe(rows=str(counts.rows))
    if source.identity is None and not counts.failure:
        journal_path = _name_by_content(journal_path, identity_of(source.stream.hexdigest(), rows.asked) or "")
    if source.changed():
        raise ClientError(f"{source.name} was changed while it was being sent: send it again, what was sent stays.")
    if rejected.count:
        keep_mapping(rejected.path, rows.reading, overwrite=options.overwrite)
    rows.close()
    return _summary(stage, source, sender, time.monotonic() - began, journal_path)


def check_place(rejected: Path, *, overwrite: bool = False) -> None:
    """Raise ClientError if rejected rows could not be written: that is better known before anything is sent."""
    folder = rejected.parent
    if not folder.is_dir():
        raise ClientError(f"--rejected: the folder {folder} does not exist. Create it first; nothing was sent.")
    if rejected.is_dir():
        raise ClientError(f"--rejected: {rejected} is a folder. Give a file name; nothing was sent.")
    if not os.access(rejected if rejected.exists() else folder, os.W_OK):
        raise ClientError(f"--rejected: {rejected} cannot be written. Choose another place; nothing was sent.")
    outfile.check(mapping_beside(rejected), overwrite=overwrite)


def keep_mapping(rejected: Path, reading: Reading, *, overwrite: bool = False) -> None:
    """Write the mapping beside the rejected rows, which have the file's own columns, or delete that of an earlier run.

    Raises ClientError for a file that swipeline did not write, unless ``overwrite``: it would apply to the rows.
    """
    kept = replace(reading, encoding=None, delimiter=None, sheet=None)
    beside = mapping_beside(rejected)
    if kept == Reading():
        outfile.remove(beside, overwrite=overwrite)
        return
    with outfile.whole(beside, overwrite=overwrite) as out:
        out.write(kept.toml().encode())


def _name_by_content(path: Path, identity: str) -> Path:
    """Give the journal of a stream the name that its content has as a file; join it with the one already there."""
    target = path.with_name(f"{identity}.sqlite")
    if not target.exists():
        path.rename(target)
        return target
    with Journal.open(path) as stream, Journal.open(target) as journal:
        journal.adopt(stream)
    for left in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
        with suppress(FileNotFoundError):
            left.unlink()
    return target


def _summary(stage: Stage, source: Input, sender: Sender, seconds: float, journal: Path) -> Summary:
    counts, rejected = sender.counts, sender.rejected
    done = counts.accepted + counts.rejected - counts.skipped
    return Summary(
        file=source.name,
        stage=stage.name,
        rows=counts.rows,
        skipped=counts.skipped,
        accepted=counts.accepted,
        rejected=counts.rejected,
        resent=counts.resent,
        seconds=round(seconds, 3),
        rows_per_second=round(done / seconds, 1) if seconds > 0 else 0.0,
        rejected_file=str(rejected.path) if rejected.count else None,
        reasons=rejected.summary(),
        error=counts.failure.reason if counts.failure else None,
        journal=str(journal),
        not_sent=counts.rows - counts.accepted - counts.rejected,
        notes=[*sender.source.notes, *sender.source.warnings],
    )
