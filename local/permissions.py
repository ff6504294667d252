"""Which of its permissions each role has used since the emulator started: IAM's "last accessed", to the resource.

`GET /_swipeline/permissions` answers {"used": [{role, action, resource}]}: the action and the resource as the role's
policy writes them, noted when a request was allowed by them. A request to the Redshift Data API is noted when it is
asked: its server decides by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from local.cloudwatch.replacing import replace

PERMISSIONS_PATH = "/_swipeline/permissions"
REDSHIFT_TARGET = "RedshiftData."
MOST_REMEMBERED = 20_000  # requests that need no second look: an S3 key is met once, a table a million times


def role_name(principal_arn: str) -> str:
    """`writer` of arn:aws:sts::1:assumed-role/writer/SESSION and of arn:aws:iam::1:role/path/writer; else empty."""
    kind, *names = principal_arn.rpartition(":")[2].split("/")
    if kind == "assumed-role":
        return names[0]
    return names[-1] if kind == "role" else ""


class Permissions:
    """What was used. Safe across threads: a set grows, and is copied, in one step."""

    def __init__(self) -> None:
        self._used: set[tuple[str, str, str]] = set()
        self._met: set[tuple[str, str, str]] = set()

    def install(self, evaluator: Any) -> None:
        """Listen to MiniStack's policy evaluator. Raises AttributeError when it is not the one this is for."""
        evaluate, action_matches, resource_matches = (
            evaluator.evaluate,
            evaluator._action_matches,
            evaluator._resource_matches,
        )

        def noting(context: Any, policies: Any, *limits: Any) -> Any:
            result = evaluate(context, policies, *limits)
            met = (context.principal_arn, context.action, context.resource_arn)
            if result.decision == "Allow" and met not in self._met and (role := role_name(context.principal_arn)):
                self._used.update(
                    (role, action, resource)
                    for statement in (one for policy in policies for one in policy if one.effect == "Allow")
                    for action in statement.actions
                    for resource in statement.resources
                    if action_matches(context.action, [action], [])
                    and resource_matches(context.resource_arn, [resource], [])
                )
                if len(self._met) >= MOST_REMEMBERED:
                    self._met.clear()
                self._met.add(met)
            return result

        replace(evaluator, "evaluate", noting)

    def asked(self, headers: Iterable[tuple[str, str]], caller: str) -> None:
        """Note a request to the Redshift Data API, whose server had its signature checked."""
        target = next((value for name, value in headers if name.lower() == "x-amz-target"), "")
        if target.startswith(REDSHIFT_TARGET):
            self._used.add((caller, f"redshift-data:{target.removeprefix(REDSHIFT_TARGET)}", "*"))

    def report(self) -> dict[str, Any]:
        """What was used so far."""
        used = sorted(self._used.copy())
        return {"used": [dict(zip(("role", "action", "resource"), one, strict=True)) for one in used]}
