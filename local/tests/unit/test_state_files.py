"""A state file of the emulator that was damaged keeps it from starting."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local import state_files

CONTENT = state_files.sealed(json.dumps({"__ministack_format__": 2, "payload": {"a": ["b"] * 50}}).encode())


def test_ministack_reads_it_as_its_own() -> None:
    assert json.loads(CONTENT)["payload"] == {"a": ["b"] * 50}
    assert state_files.is_whole(CONTENT)


@given(st.integers(1, len(CONTENT)))
def test_a_file_that_was_cut_is_not_whole(by: int) -> None:
    assert not state_files.is_whole(CONTENT[:-by])


@given(st.integers(0, len(CONTENT) - 1), st.integers(1, 255))
def test_a_file_with_a_changed_byte_is_not_whole(at: int, by: int) -> None:
    changed = bytearray(CONTENT)
    changed[at] ^= by
    assert not state_files.is_whole(bytes(changed))


def test_the_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "earlier.json").write_text(
        '{"__ministack_format__": 2, "payload": {}}'
    )  # of a version without checksums
    (tmp_path / "sqs.json").write_bytes(CONTENT)
    state_files.check(tmp_path)
    (tmp_path / "sqs.json").write_bytes(CONTENT[:-10])
    with pytest.raises(state_files.DamagedStateError, match=r"sqs\.json is damaged"):
        state_files.check(tmp_path)
