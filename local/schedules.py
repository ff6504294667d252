"""Resumes the schedules that CloudFormation created after a restart.

MiniStack 1.5.33 counts a rule's minutes from its creation, so that a rule which is due fires as soon as it has started
again. But it does not note when CloudFormation made a rule: its minute restarted with each start, and for most of that
minute nobody merged what the warehouse was given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from local.cloudwatch.replacing import replace

LONG_AGO = 0.0  # seconds since 1970


def due_at_once(load: Callable[[Any], None], rules: Callable[[], Iterable[dict[str, Any]]]) -> Callable[[Any], None]:
    """`load`, after which the rules of a kept state that have no time of creation are old ones."""

    def loaded(state: Any) -> None:
        load(state)
        for rule in rules():
            rule.setdefault("CreationTime", LONG_AGO)

    return loaded


def resume_after_restart() -> None:
    """Put it in place. Raises AttributeError when MiniStack has these functions no more: is it still needed?"""
    from ministack.services import eventbridge

    replace(
        eventbridge,
        "load_persisted_state",
        due_at_once(eventbridge.load_persisted_state, eventbridge._rules.all_values),
    )
