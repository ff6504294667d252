"""The journal: any sequence of batches of any size leaves what was said last of each row."""

from __future__ import annotations

import errno
import sqlite3
import tempfile
import zlib
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import client.send.journal as journal_module
from client.errors import ClientError
from client.send.journal import Journal

batches = st.lists(st.dictionaries(st.integers(0, 60), st.booleans(), min_size=1, max_size=25), max_size=15)


@settings(deadline=None, max_examples=60)
@given(batches, st.booleans())
def test_it_knows_of_each_row_what_was_recorded_last(said: list[dict[int, bool]], consecutive: bool) -> None:
    known: dict[int, str | None] = {}
    with tempfile.TemporaryDirectory() as folder, Journal.open(Path(folder) / "j.sqlite") as journal:
        for number, good in enumerate(said):
            first = min(good)
            rows = list(range(first, first + len(good))) if consecutive else sorted(good)
            ids = [f"{number}-{row}" if ok else None for row, ok in zip(rows, good.values(), strict=True)]
            journal.record(rows, ids, {at: [("amt", f"reason {number}")] for at, i in enumerate(ids) if not i})
            known |= dict(zip(rows, ids, strict=True))
        accepted = [known[i] for i in sorted(known) if known[i]]
        assert journal.totals() == (len(known), len(accepted), len(known) - len(accepted))
        assert list(journal.ids()) == accepted
        covered = list(journal.covered())
        assert [i for begin, end in covered for i in range(begin, end)] == sorted(known)
        assert all(end < begin for (_, end), (begin, _) in pairwise(covered)), "ranges that touch are one"
        assert [row for row, _ in journal.rejected()] == [i for i in sorted(known) if known[i] is None]
        assert all(found and found[0][0] == "amt" for _, found in journal.rejected())


def test_a_journal_of_the_first_version_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite"
    with closing(sqlite3.connect(path)) as old:
        old.executescript(
            "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);"
            "CREATE TABLE batch (first_row INTEGER PRIMARY KEY, rows INTEGER NOT NULL, accepted INTEGER NOT NULL,"
            "rejected INTEGER NOT NULL, ids BLOB NOT NULL, findings BLOB NOT NULL, acknowledged_at REAL NOT NULL);"
            "PRAGMA user_version = 1;"
        )
        nothing = zlib.compress(b"[]")
        old.execute("INSERT INTO batch VALUES (10, 3, 3, 0, ?, ?, 0)", (zlib.compress(b"a\nb\nc"), nothing))
        old.commit()
    with Journal.open(path) as journal:
        assert list(journal.ids()) == ["a", "b", "c"]
        journal.record([9, 11, 14], ["x", "y", "z"], {})
        assert list(journal.ids()) == ["x", "a", "y", "c", "z"]
    with Journal.open(path) as journal:
        assert list(journal.covered()) == [(9, 13), (14, 15)]


def test_what_is_recorded_outlives_a_process_that_never_closes(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    with Journal.open(path) as journal:
        journal.record([0, 1], ["a", None], {1: [("amt", "negative")]})
        with Journal.open(path) as reader:  # another process, while the first is still at work
            assert reader.totals() == (2, 1, 1)
            assert list(reader.rejected()) == [(1, [("amt", "negative")])]


def test_a_journal_takes_over_what_another_knows(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "a.sqlite") as one, Journal.open(tmp_path / "b.sqlite") as two:
        one.record([0, 1], ["a", "b"], {})
        two.record([1, 2], ["b", None], {1: [("amt", "negative")]})
        two.describe(rows="3")
        one.adopt(two)
        assert list(one.ids()) == ["a", "b"]
        assert one.totals() == (3, 2, 1)
        assert one.facts()["rows"] == "3"


@pytest.mark.parametrize(
    ("error", "says", "not_"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "disk full: the journal", "Remove"),
        (PermissionError(errno.EACCES, "Permission denied"), "cannot be used: [Errno 13]", "Remove"),
    ],
)
def test_a_journal_that_cannot_be_written_is_not_to_be_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, says: str, not_: str
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(journal_module.sqlite3, "connect", refused)
    with pytest.raises(ClientError) as raised, Journal.open(tmp_path / "j.sqlite"):
        pass
    assert says in str(raised.value)
    assert not_ not in str(raised.value)


def test_a_disk_that_becomes_full_is_named(tmp_path: Path) -> None:
    def fill() -> None:
        with Journal.open(tmp_path / "j.sqlite") as journal:
            [(pages,)] = journal._database.execute("PRAGMA page_count")
            journal._database.execute(f"PRAGMA max_page_count = {pages}")
            for row in range(0, 100_000, 1_000):
                journal.record(range(row, row + 1_000), [f"{i:032}" for i in range(row, row + 1_000)], {})

    with pytest.raises(ClientError, match=r"disk full.*--resume.*Keep the journal"):
        fill()


def test_a_damaged_journal_is_named(tmp_path: Path) -> None:
    (tmp_path / "j.sqlite").write_bytes(b"not a database, but a text of some length" * 100)
    with pytest.raises(ClientError, match="is damaged"), Journal.open(tmp_path / "j.sqlite"):
        pass
