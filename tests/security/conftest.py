"""One emulator for the tests that ask AWS's services whether they refuse."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.tests.conformance.emulator import Emulator


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    found = Emulator.start(tmp_path_factory.mktemp("emulator"))
    yield found
    found.stop()
