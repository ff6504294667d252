"""The emulator's journal: a changed byte is found, a cut end is not an entry, earlier versions are read."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from local.journal import Journal
from local.state_files import DamagedStateError


def numbers(folder: Path) -> list[int]:
    return [entry["n"] for entry in Journal(folder).entries()]


def test_a_changed_byte_is_named_by_its_line(tmp_path: Path) -> None:
    journal, draw = Journal(tmp_path), random.Random(1)
    for number in range(3):
        journal.append({"n": number, "data": "x" * 50})
    content = journal.current.read_bytes()
    length = len(content) // 3
    for _ in range(100):
        changed = bytearray(content)
        changed[length + draw.randrange(length)] ^= draw.randint(1, 255)  # in the second line
        journal.current.write_bytes(changed)
        with pytest.raises(DamagedStateError, match="line 2 is damaged"):
            numbers(tmp_path)


def test_an_entry_whose_end_was_cut_off_was_never_acknowledged(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for number in range(3):
        journal.append({"n": number})
    journal.current.write_bytes(journal.current.read_bytes()[:-3])
    assert numbers(tmp_path) == [0, 1]


def test_a_journal_without_checksums_is_read(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.current.write_text('{"n":1}\n{"n":2}\n')
    assert numbers(tmp_path) == [1, 2]
