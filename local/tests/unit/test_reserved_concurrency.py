"""Reserving concurrency: what AWS refuses is refused, by the API and by CloudFormation."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from local.reserved_concurrency import ReservedConcurrency, least_unreserved


def lambda_svc(cap: int, **functions: dict[str, Any]) -> Any:
    """MiniStack's module, as far as it is used."""
    module = SimpleNamespace(_functions=functions, _ACCOUNT_CONCURRENCY_CAP=cap)
    module.error_response_json = lambda code, message, status: (
        status,
        {},
        json.dumps({"__type": code, "message": message}).encode(),
    )

    def put(name: str, data: dict[str, Any]) -> tuple[int, Any, bytes]:
        module._functions[name]["concurrency"] = data["ReservedConcurrentExecutions"]
        return 200, {}, json.dumps(data).encode()

    module._put_function_concurrency = put
    return module


@pytest.mark.parametrize(
    ("cap", "others", "wanted", "taken"),
    [(1000, 0, 900, True), (1000, 0, 901, False), (1000, 500, 400, True), (1000, 500, 401, False), (10, 0, 1, False)],
)
def test_an_accounts_last_executions_stay_unreserved(cap: int, others: int, wanted: int, taken: bool) -> None:
    module = lambda_svc(cap, one={}, two={"concurrency": others})
    status, _, body = ReservedConcurrency(module).put("one", {"ReservedConcurrentExecutions": wanted})
    assert (status == 200) is taken
    if not taken:
        assert f"below its minimum value of [{least_unreserved(cap)}]" in json.loads(body)["message"]
        assert not module._functions["one"].get("concurrency")


def test_zero_stops_a_function_whatever_is_reserved() -> None:
    module = lambda_svc(10, one={})
    assert ReservedConcurrency(module).put("one", {"ReservedConcurrentExecutions": 0})[0] == 200


def test_a_stack_that_asks_for_too_much_fails_and_one_that_asks_no_more_lets_go() -> None:
    module = lambda_svc(10, one={})
    handlers = {
        "AWS::Lambda::Function": {
            "create": lambda logical_id, props, stack: ("one", {}),
            "update": lambda physical_id, old, new, *rest: ("one", {}),
        }
    }
    ReservedConcurrency(module).install(handlers)
    function = handlers["AWS::Lambda::Function"]
    with pytest.raises(ValueError, match="UnreservedConcurrentExecution"):
        function["create"]("One", {"ReservedConcurrentExecutions": 2}, "stack")
    module._ACCOUNT_CONCURRENCY_CAP = 1000
    function["create"]("One", {"ReservedConcurrentExecutions": 2}, "stack")
    assert module._functions["one"]["concurrency"] == 2
    function["update"]("one", {"ReservedConcurrentExecutions": 2}, {}, "stack")
    assert module._functions["one"]["concurrency"] is None
