"""AWS/Lambda: Invocations, Errors, Throttles, Duration, ConcurrentExecutions, AsyncEventsReceived.

Timestamps are an invocation's start, as on AWS. https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
"""

from __future__ import annotations

import time
from typing import Any

from local.cloudwatch.observe.recorder import Recorder, count, milliseconds
from local.cloudwatch.replacing import replace


def observe(lambda_svc: Any, recorder: Recorder) -> None:
    """Watch MiniStack's executions. Its own counting, which counts throttles twice and API calls never, is put off."""
    execute, dispatch, later = (
        lambda_svc._execute_function,
        lambda_svc._execute_function_dispatch,
        lambda_svc.invoke_async_with_retry,
    )

    def execute_and_see(func: dict[str, Any], event: Any) -> dict[str, Any]:
        config = func.get("config") or func
        result: dict[str, Any] = execute(func, event)
        # Under another account's or region's scope MiniStack calls this again, in the right one.
        if result.get("throttle") and not lambda_svc._function_config_scope_mismatch(config):
            recorder.record({"Throttles": count()}, {"FunctionName": config["FunctionName"]}, {})
        return result

    def dispatch_and_see(
        func: dict[str, Any], config: dict[str, Any], event: Any, request_id: str, started: float
    ) -> dict[str, Any]:
        names = {"FunctionName": str(config["FunctionName"])}
        at = time.time()
        running = lambda_svc._inflight.get(lambda_svc._inflight_key(config), 1)
        recorder.record(
            {"Invocations": count(), "ConcurrentExecutions": count(running), "Throttles": count(0)}, names, at=at
        )
        total = {"ConcurrentExecutions": count(lambda_svc._inflight_total)}
        recorder.record({"Invocations": count(), "Throttles": count(0)} | total, {}, at=at)
        start = time.perf_counter()
        result: dict[str, Any] = dispatch(func, config, event, request_id, started)
        took = time.perf_counter() - start
        recorder.record({"Errors": count(bool(result.get("error"))), "Duration": milliseconds(took)}, names, {}, at=at)
        return result

    def later_and_see(func: dict[str, Any], event: Any) -> None:
        config = func.get("config") or func
        recorder.record({"AsyncEventsReceived": count()}, {"FunctionName": str(config.get("FunctionName"))}, {})
        later(func, event)

    replace(lambda_svc, "_execute_function", execute_and_see)
    replace(lambda_svc, "_execute_function_dispatch", dispatch_and_see)
    replace(lambda_svc, "invoke_async_with_retry", later_and_see)
    replace(lambda_svc, "_emit_lambda_metrics", lambda *_, **__: None)
