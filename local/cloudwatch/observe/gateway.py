"""AWS/ApiGateway: Count, 4XXError, 5XXError, Latency, IntegrationLatency, per API and stage.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

from local.cloudwatch.observe.recorder import Recorder, count, milliseconds
from local.cloudwatch.replacing import replace

_integration: ContextVar[list[float] | None] = ContextVar("seconds spent in the integration", default=None)


def observe(apigateway: Any, recorder: Recorder) -> None:
    """Watch each request to a deployed stage."""
    execute, call = apigateway.handle_execute, apigateway._call_lambda_raw

    async def execute_and_see(api_id: str, stage: str, *request: Any, **more: Any) -> Any:
        spent: list[float] = []
        token, start = _integration.set(spent), time.perf_counter()
        try:
            answer = await execute(api_id, stage, *request, **more)
        finally:
            _integration.reset(token)
        took, status = time.perf_counter() - start, int(answer[0])
        scope = apigateway.find_api_scope(api_id)
        if scope is None:
            return answer
        values = {
            "Count": count(),
            "4XXError": count(400 <= status < 500),
            "5XXError": count(status >= 500),
            "Latency": milliseconds(took),
        }
        if spent:
            values["IntegrationLatency"] = milliseconds(sum(spent))
        name = _api_name(apigateway, api_id)
        recorder.record(values, {"ApiName": name, "Stage": stage}, {"ApiName": name})
        return answer

    replace(apigateway, "handle_execute", execute_and_see)
    replace(apigateway, "_call_lambda_raw", timed(call))


def timed(call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """The call of an integration, and how long it took."""

    async def timed_call(*arguments: Any, **more: Any) -> Any:
        start = time.perf_counter()
        try:
            return await call(*arguments, **more)
        finally:
            spent = _integration.get()
            if spent is not None:
                spent.append(time.perf_counter() - start)

    return timed_call


def _api_name(apigateway: Any, api_id: str) -> str:
    for (_, _, stored), api in apigateway._rest_apis.all_items():
        if stored == api_id:
            return str(api.get("name", api_id))
    return api_id
