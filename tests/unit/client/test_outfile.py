"""A command writes over nothing that it did not write itself, and through no symlink."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from client import outfile
from client.csv_cells import harmless_cell
from client.errors import ClientError
from client.files.mapping import Reading, load
from client.send.journal import Journal
from client.send.run import keep_mapping


def write(path: Path, text: str = "new", **how: object) -> None:
    with outfile.open_private(path, **how) as out:  # type: ignore[arg-type]
        out.write(text)
    outfile.remember(path)


def write_whole(path: Path, text: str = "new", **how: object) -> None:
    with outfile.whole(path, **how) as out:  # type: ignore[arg-type]
        out.write(text.encode())


WRITERS = [write, write_whole]


@pytest.mark.parametrize("save", WRITERS)
def test_a_file_of_its_own_is_written_again(save, tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    save(path, "first")
    save(path, "second")
    assert path.read_text() == "second"


@pytest.mark.parametrize("save", WRITERS)
def test_a_file_of_somebody_elses_stays_unless_overwrite_says_so(save, tmp_path: Path) -> None:
    path = tmp_path / "theirs.csv"
    path.write_text("theirs")
    with pytest.raises(ClientError, match="--overwrite"):
        save(path)
    assert path.read_text() == "theirs"
    save(path, overwrite=True)
    assert path.read_text() == "new"


@pytest.mark.parametrize("save", WRITERS)
def test_a_file_of_its_own_that_was_corrected_by_hand_stays(save, tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    save(path)
    path.write_text("corrected")
    with pytest.raises(ClientError, match="changed since"):
        save(path)
    assert path.read_text() == "corrected"


@pytest.mark.parametrize("save", WRITERS)
@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("there", [False, True])
def test_nothing_is_written_through_a_symlink(save, overwrite: bool, there: bool, tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "out.csv"
    if there:
        target.write_text("theirs")
    link.symlink_to(target)
    with pytest.raises(ClientError, match="symbolic link"):
        save(link, overwrite=overwrite)
    assert target.exists() == there
    assert not there or target.read_text() == "theirs"


@pytest.mark.parametrize("save", WRITERS)
@pytest.mark.parametrize("overwrite", [False, True])
def test_the_input_is_never_written_over_by_whatever_name(save, overwrite: bool, tmp_path: Path) -> None:
    source, other = tmp_path / "in.csv", tmp_path / "hard-link.csv"
    source.write_text("rows")
    other.hardlink_to(source)
    for path in (source, other, tmp_path / "." / "in.csv"):
        with pytest.raises(ClientError, match="is the input"):
            save(path, inputs=[source], overwrite=overwrite)
    assert source.read_text() == "rows"


def test_a_failed_write_leaves_the_old_file_and_no_part_of_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    write_whole(path, "old")
    with pytest.raises(ClientError, match="Cannot write"), outfile.whole(path):
        raise OSError(28, "No space left on device")
    assert path.read_text() == "old"
    assert {one.name for one in tmp_path.iterdir()} == {"out.csv", "home"}


def test_a_file_of_rejected_rows_is_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        write(tmp_path / "rejected.csv")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "rejected.csv").stat().st_mode) == 0o600


def test_only_a_file_of_its_own_is_deleted(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    outfile.remove(ours)
    write_whole(ours)
    outfile.remove(ours)
    assert not ours.exists()
    theirs.write_text("theirs")
    with pytest.raises(ClientError, match="--overwrite"):
        outfile.remove(theirs)
    ours.symlink_to(theirs)
    with pytest.raises(ClientError, match="symbolic link"):
        outfile.remove(ours, overwrite=True)
    assert theirs.read_text() == "theirs"
    outfile.remove(theirs, overwrite=True)
    assert not theirs.exists()


MAPPED = Reading(columns={"cc_num": "card"})


def test_a_mapping_is_kept_beside_the_rejected_rows_until_they_need_none(tmp_path: Path) -> None:
    rejected, beside = tmp_path / "r.csv", tmp_path / "r.csv.swipeline.toml"
    keep_mapping(rejected, MAPPED)
    assert load(beside) == MAPPED
    keep_mapping(rejected, Reading())
    assert not beside.exists()


@pytest.mark.parametrize("reading", [MAPPED, Reading()])
def test_a_mapping_of_somebody_elses_beside_the_rejected_rows_stays(reading: Reading, tmp_path: Path) -> None:
    rejected, beside, target = tmp_path / "r.csv", tmp_path / "r.csv.swipeline.toml", tmp_path / "target"
    beside.write_text("theirs")
    with pytest.raises(ClientError, match="--overwrite"):
        keep_mapping(rejected, reading)
    assert beside.read_text() == "theirs"
    beside.rename(target)
    beside.symlink_to(target)
    with pytest.raises(ClientError, match="symbolic link"):
        keep_mapping(rejected, reading, overwrite=True)
    assert target.read_text() == "theirs"


def test_a_device_is_written_to_as_it_is() -> None:
    write(Path("/dev/null"))
    write_whole(Path("/dev/null"))
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_a_journal_is_private_and_never_a_symlink(tmp_path: Path) -> None:
    path, target = tmp_path / "sends" / "a.sqlite", tmp_path / "theirs"
    with Journal.open(path) as journal:
        journal.record([0], ["id"], {})
        modes = {stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir()}
    assert modes == {0o600}
    path.unlink()
    path.symlink_to(target)
    with pytest.raises(ClientError, match="cannot be used"), Journal.open(path):
        pass
    assert not target.exists()


@pytest.mark.parametrize(
    "text", ["=1", "＝1+1", "＋1", "－1", "＠x", "﹦1", "−1", " =1", "\u200b=1", "\ufeff＝1", "\t1"]
)
def test_what_a_spreadsheet_may_run_gets_an_apostrophe(text: str) -> None:
    assert harmless_cell(text) == f"'{text}"


@pytest.mark.parametrize("value", ["a=1", "Smith-Jones", "4", "", " ", -1.5, None])
def test_what_it_only_shows_stays(value: object) -> None:
    assert harmless_cell(value) == value
