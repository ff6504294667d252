"""Who may publish to a topic, where MiniStack does not ask as AWS does.

The default policy of a topic that CloudFormation made lacks its condition in MiniStack: every role could publish to it.
PublishBatch is allowed by sns:Publish (there is no permission of its own), and Step Functions publishes with its state
machine's role: MiniStack lets every state machine publish anywhere.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html
"""

from __future__ import annotations

import json
from typing import Any

from local.cloudwatch.replacing import replace

_DEFAULT_POLICY = "__default_policy_ID"
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

    policy_of = sns.topic_policy_for_arn

    def topic_policy_for_arn(arn: str) -> tuple[str, str] | None:
        found = policy_of(arn)
        return found and (_with_condition(found[0], found[1]), found[1])

    replace(sns, "topic_policy_for_arn", topic_policy_for_arn)
    replace(iam_actions, "extract_iam_action", extract_iam_action)
    replace(sns, "_enforce_topic_policy", enforce_topic_policy)


def _with_condition(policy: str, owner: str) -> str:
    """The policy as it stands, the default one with AWS's condition: for services that act for the topic's owner."""
    if _DEFAULT_POLICY not in policy:
        return policy
    document = json.loads(policy)
    for statement in document.get("Statement", []) if document.get("Id") == _DEFAULT_POLICY else []:
        statement.setdefault("Condition", {"StringEquals": {"AWS:SourceOwner": owner}})
    return json.dumps(document)
