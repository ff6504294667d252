"""The list of guards is that of the tree as it is, and docs/failure-tests.md names every one of them."""

from __future__ import annotations

import pytest

from tests.chaos.mutations import MUTATIONS, REPO, Mutation, find


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.guard)
def test_each_guard_is_in_one_place_and_each_test_that_is_to_notice_exists(mutation: Mutation) -> None:
    assert find(REPO, mutation).is_file()
    assert mutation.code != mutation.without
    assert all((REPO / test).exists() for test in mutation.tests)
