"""The API hop: what the journals of this machine hold as acknowledged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from client.aws import Stage
from client.errors import ClientError
from client.files.stream import open_input
from client.reconcile.id_multiset import Digests, IdMultiset, digest
from client.send.journal import Journal


@dataclass
class Acknowledged:
    """Rows that the API answered for, accepted or rejected, and the ids of the accepted ones."""

    journals: list[Path]
    accepted: int = 0
    rejected: int = 0
    unfinished: list[str] = field(default_factory=list)  # files whose sending was stopped
    ids: IdMultiset = field(default_factory=IdMultiset)

    def names(self, wanted: Digests) -> Iterator[str]:
        """Give the ids behind some digests, in the order of the files."""
        looked_for = set(wanted.tolist())
        for journal in self.journals if looked_for else ():
            for identity in _ids(journal):
                # A digest that ends in zero bytes loses them in an array of bytes: compare both forms alike.
                if digest(identity).rstrip(b"\0") in looked_for:
                    yield identity

    def has(self) -> Callable[[str], bool]:
        """Give the question whether an id is among them, of sets in memory: about 100 bytes an id."""
        known = set(self.ids.distinct().tolist())
        return lambda identity: digest(identity).rstrip(b"\0") in known


def acknowledged(stage: Stage, file: str | None) -> Acknowledged:
    """Read the journals of a stage, or of one file. Raises ClientError if the file was never sent from here."""
    if file is None:
        journals = sorted(stage.journals.glob("*.sqlite"))
    else:
        source = open_input(file)
        source.close()
        if source.identity is None:
            raise ClientError(f"--file needs a file, and {file} is a stream.")
        journals = [path for path in sorted(stage.journals.glob("*.sqlite")) if _is_of(path, source.identity)]
        if not journals:
            raise ClientError(f"{file} was not sent to stage {stage.name} from here: run `swipeline send {file}`.")
    found = Acknowledged(journals)
    for path in journals:
        with Journal.open(path) as journal:
            totals, facts = journal.totals(), journal.facts()
            found.accepted += totals.accepted
            found.rejected += totals.rejected
            if facts.get("rows") != str(totals.rows):
                found.unfinished.append(facts.get("file", path.name))
            for identity in journal.ids():
                found.ids.add(identity)
    return found


def _is_of(path: Path, content: str) -> bool:
    """Whether a journal is of a content: by its name, or, if the file was read with a mapping, by what it notes."""
    if path.stem == content:
        return True
    with Journal.open(path) as journal:
        return journal.facts().get("content") == content


def _ids(path: Path) -> Iterator[str]:
    with Journal.open(path) as journal:
        yield from journal.ids()
