"""Whether a role's trust policy lets an AWS service assume it, by what the service sends of itself.

Services send aws:SourceAccount and aws:SourceArn, https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html.
None sends sts:ExternalId: a role that asks for it is refused here as on AWS.
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from local.settings import ACCOUNT_ID

SENT = {"aws:sourceaccount": ACCOUNT_ID}
NOT_COMPARED = {"aws:sourcearn"}  # which services send, and this imitation does not know

_Operator = Callable[[str, str], bool]
_OPERATORS: dict[str, _Operator] = {
    "StringEquals": str.__eq__,
    "StringEqualsIgnoreCase": lambda sent, asked: sent.lower() == asked.lower(),
    "StringLike": fnmatch.fnmatchcase,
    "ArnEquals": fnmatch.fnmatchcase,
    "ArnLike": fnmatch.fnmatchcase,
}


def trusts(policy: Any, services: Collection[str]) -> bool:
    """Whether a trust policy, as JSON or parsed, lets one of the services assume the role; a Deny counts more."""
    effects = {statement.get("Effect") for statement in _matching(policy, services)}
    return "Allow" in effects and "Deny" not in effects


def install(evaluator: Any) -> None:
    """Put it into the emulator: root's requests for a role that trusts services are those of services.

    AWS lets root assume no role. The emulator alone would compare what services send with nothing.
    """
    original = evaluator.evaluate_trust_policy

    def evaluate(policy: Any, caller: str, context: Any = None) -> bool:
        of_a_service = caller.endswith(":root") and trusts(policy, set().union(*map(_services, _statements(policy))))
        return of_a_service or bool(original(policy, caller, context))

    evaluator.evaluate_trust_policy = evaluate


def _statements(policy: Any) -> list[Mapping[str, Any]]:
    document = json.loads(policy) if isinstance(policy, str) else policy
    return _listed(document.get("Statement", []))


def _services(statement: Mapping[str, Any]) -> set[str]:
    principal = statement.get("Principal", {})
    return set(_listed(principal.get("Service", []))) if isinstance(principal, dict) else set()


def _matching(policy: Any, services: Collection[str]) -> Iterator[Mapping[str, Any]]:
    for statement in _statements(policy):
        actions = [action.lower() for action in _listed(statement.get("Action", []))]
        if (
            _services(statement) & set(services)
            and any(fnmatch.fnmatchcase("sts:assumerole", action) for action in actions)
            and all(
                _satisfied(operator, key.lower(), _listed(values))
                for operator, keys in statement.get("Condition", {}).items()
                for key, values in keys.items()
            )
        ):
            yield statement


def _satisfied(operator: str, key: str, values: list[str]) -> bool:
    name = operator.removesuffix("IfExists")
    sent = SENT.get(key)
    if key in NOT_COMPARED:
        return True
    if name == "Null":
        return all((str(value).lower() == "true") == (sent is None) for value in values)
    if sent is None:  # of a key that is not sent, only a negation or ...IfExists is true
        return operator != name or "Not" in name
    compare = _OPERATORS.get(name.replace("Not", ""))
    if compare is None:
        return False
    return any(compare(sent, str(value)) for value in values) != ("Not" in name)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
