"""The journal: any sequence of batches of any size leaves what was said last of each row."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from client.send.journal import Journal

rows = st.tuples(st.integers(0, 60), st.lists(st.booleans(), min_size=1, max_size=25))


@settings(deadline=None, max_examples=60)
@given(st.lists(rows, max_size=15))
def test_it_knows_of_each_row_what_was_recorded_last(batches: list[tuple[int, list[bool]]]) -> None:
    known: dict[int, str | None] = {}
    with tempfile.TemporaryDirectory() as folder, Journal.open(Path(folder) / "j.sqlite") as journal:
        for number, (first, good) in enumerate(batches):
            ids = [f"{number}-{i}" if ok else None for i, ok in enumerate(good)]
            journal.record(first, ids, [[] if i else [("amt", f"reason {number}")] for i in ids])
            known |= {first + i: identity for i, identity in enumerate(ids)}
        accepted = [known[i] for i in sorted(known) if known[i]]
        assert journal.totals() == (len(known), len(accepted), len(known) - len(accepted))
        assert list(journal.ids()) == accepted
        assert [i for begin, end in journal.covered() for i in range(begin, end)] == sorted(known)
        assert [row for row, _ in journal.rejected()] == [i for i in sorted(known) if known[i] is None]
        assert all(found and found[0][0] == "amt" for _, found in journal.rejected())


def test_what_is_recorded_outlives_a_process_that_never_closes(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    with Journal.open(path) as journal:
        journal.record(0, ["a", None], [[], [("amt", "negative")]])
        with Journal.open(path) as reader:  # another process, while the first is still at work
            assert reader.totals() == (2, 1, 1)
            assert list(reader.rejected()) == [(1, [("amt", "negative")])]


def test_a_journal_takes_over_what_another_knows(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "a.sqlite") as one, Journal.open(tmp_path / "b.sqlite") as two:
        one.record(0, ["a", "b"], [[], []])
        two.record(1, ["b", None], [[], [("amt", "negative")]])
        two.describe(rows="3")
        one.adopt(two)
        assert list(one.ids()) == ["a", "b"]
        assert one.totals() == (3, 2, 1)
        assert one.facts()["rows"] == "3"
