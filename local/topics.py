"""Who may publish to a topic, where MiniStack does not ask as AWS does.

PublishBatch is allowed by sns:Publish (there is no permission of its own), and Step Functions publishes with its state
machine's role: MiniStack lets every state machine publish anywhere.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html
"""

from __future__ import annotations

from typing import Any

from local.cloudwatch.replacing import replace

_BATCH, _PUBLISH = "sns:PublishBatch", "sns:Publish"


def install() -> None:
    """Patch the loaded MiniStack. Raises AttributeError when it is not the one this is for."""
    from ministack.core import iam_actions
    from ministack.services import sns

    extract, enforce = iam_actions.extract_iam_action, sns._enforce_topic_policy

    def extract_iam_action(*arguments: Any, **named: Any) -> str | None:
        found = extract(*arguments, **named)
        return _PUBLISH if found == _BATCH else found

    def enforce_topic_policy(topic: dict[str, Any], action: str) -> Any:
        return enforce(topic, _PUBLISH if action == _BATCH else action)

    replace(iam_actions, "extract_iam_action", extract_iam_action)
    replace(sns, "_enforce_topic_policy", enforce_topic_policy)
