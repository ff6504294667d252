"""Reserved concurrency as Lambda grants it: an account's last executions must stay unreserved.

MiniStack takes any number, and its CloudFormation leaves the property out; here a stack that asks for too much fails.
https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from local.cloudwatch.replacing import replace

UNRESERVED = 100  # at least, of every account that has more
_PROPERTY = "ReservedConcurrentExecutions"
Answer = tuple[int, Any, bytes]


def least_unreserved(limit: int) -> int:
    """Executions of an account that no function may reserve: a new account's ten all stay."""
    return min(UNRESERVED, limit)


class ReservedConcurrency:
    """Of MiniStack's module `lambda_svc`, and of CloudFormation's functions."""

    def __init__(self, lambda_svc: Any) -> None:
        self._lambda, self._put = lambda_svc, lambda_svc._put_function_concurrency

    def install(self, handlers: dict[str, dict[str, Any]]) -> None:
        """Put it in place. Raises AttributeError or KeyError when MiniStack has these functions no more."""
        replace(self._lambda, "_put_function_concurrency", self.put)
        function = handlers["AWS::Lambda::Function"]
        create, update = function["create"], function["update"]

        def created(logical_id: str, props: Mapping[str, Any], stack_name: str) -> Any:
            made = create(logical_id, props, stack_name)
            self._reserve(str(made[0]), props)
            return made

        def updated(physical_id: str, old: Mapping[str, Any], new: Mapping[str, Any], *rest: Any, **named: Any) -> Any:
            made = update(physical_id, old, new, *rest, **named)
            if old.get(_PROPERTY) != new.get(_PROPERTY):
                self._reserve(physical_id, new)
            return made

        function["create"], function["update"] = created, updated

    def put(self, name: str, data: dict[str, Any]) -> Answer:
        """PutFunctionConcurrency: refused when too little would stay unreserved."""
        functions: Mapping[str, dict[str, Any]] = self._lambda._functions
        wanted = int(data.get(_PROPERTY) or 0)
        others = sum(int(functions[key].get("concurrency") or 0) for key in functions if key != name)
        limit = int(self._lambda._ACCOUNT_CONCURRENCY_CAP or 1000)
        least = least_unreserved(limit)
        if name in functions and wanted and limit - others - wanted < least:
            refused: Answer = self._lambda.error_response_json(
                "InvalidParameterValueException",
                f"Specified {_PROPERTY} for function decreases account's UnreservedConcurrentExecution below its "
                f"minimum value of [{least}].",
                400,
            )
            return refused
        answer: Answer = self._put(name, data)
        return answer

    def _reserve(self, name: str, props: Mapping[str, Any]) -> None:
        if props.get(_PROPERTY) is None:
            if name in self._lambda._functions:
                self._lambda._functions[name]["concurrency"] = None
            return
        status, _, body = self.put(name, {_PROPERTY: int(props[_PROPERTY])})
        if status != 200:
            raise ValueError(json.loads(body).get("message") or body.decode())
