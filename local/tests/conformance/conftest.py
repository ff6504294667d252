"""Fixtures of the conformance tests."""

from collections.abc import Iterator

import pytest

from local.tests.conformance.emulator import Emulator


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """One emulator for all tests of a run: they use names of their own."""
    started = Emulator.start(tmp_path_factory.mktemp("emulator"))
    yield started
    started.stop()
