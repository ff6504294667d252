"""The home of a running stack, with all that it stores, logs and unpacks: nobody but its owner reads any of it."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import csv_file, stack
from tests.e2e.stack import Stack
from tests.security.another_user import read_by_another_user

__all__ = ["csv_file", "stack"]  # the fixtures
pytestmark = pytest.mark.e2e


@pytest.fixture
def used(stack: Stack, csv_file: Callable[..., Path]) -> Path:
    """A home in which something was sent and asked."""
    stack.run("send", csv_file(rows=20))
    stack.sql("SELECT transactions FROM mart.overview")
    return stack.home


def test_nothing_below_the_home_is_open_to_others(used: Path) -> None:
    found = [used, *(path for path in used.rglob("*") if not path.is_symlink())]
    assert len(found) > 50
    opened = {}
    for path in found:
        try:
            mode = stat.S_IMODE(path.lstat().st_mode)
        except FileNotFoundError:  # removed meanwhile
            continue
        if mode & 0o077:
            opened[str(path)] = oct(mode)
    assert opened == {}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
def test_another_user_reads_nothing_of_it(used: Path) -> None:
    assert read_by_another_user(used) == []
