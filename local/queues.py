"""Permissions of SQS's batch calls, where MiniStack does not ask as AWS does: each is allowed by the single call's.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html
"""

from __future__ import annotations

from typing import Any

from local.cloudwatch.replacing import replace

_SINGLE = {f"sqs:{name}Batch": f"sqs:{name}" for name in ("SendMessage", "DeleteMessage", "ChangeMessageVisibility")}


def install() -> None:
    """Patch the loaded MiniStack. Raises AttributeError when it is not the one this is for."""
    from ministack.core import iam_actions

    extract = iam_actions.extract_iam_action

    def extract_iam_action(*arguments: Any, **named: Any) -> str | None:
        found = extract(*arguments, **named)
        return _SINGLE.get(found, found) if found else found

    replace(iam_actions, "extract_iam_action", extract_iam_action)
