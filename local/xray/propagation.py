"""Carries a trace through the embedded AWS: API Gateway begins it or takes it on, Lambda hands it to the function.

The segments that the services write of themselves have the form they have on AWS: AWS::ApiGateway::Stage,
AWS::Lambda, AWS::Lambda::Function.
"""

from __future__ import annotations

import time
from contextvars import ContextVar
from typing import Any

from local.cloudwatch.replacing import replace
from local.xray.header import Header, Sampler, new_root, new_segment_id, parse
from local.xray.store import Traces

_incoming: ContextVar[Header | None] = ContextVar("the trace that an invocation comes from", default=None)
_function: ContextVar[str | None] = ContextVar("the header that the function gets", default=None)


class Propagation:
    """Puts itself into MiniStack's functions."""

    def __init__(self, traces: Traces) -> None:
        self._traces, self._sampler = traces, Sampler()

    def install(self, apigateway: Any, lambda_svc: Any) -> None:
        """Raises AttributeError when MiniStack has these functions no more."""
        self._install_gateway(apigateway)
        self._install_lambda(lambda_svc)

    def _install_gateway(self, apigateway: Any) -> None:
        execute = apigateway.handle_execute

        async def execute_traced(
            api_id: str, stage: str, method: str, path: str, headers: dict[str, Any], *more: Any, **named: Any
        ) -> Any:
            given = parse(str(headers.get("x-amzn-trace-id") or ""))
            own = self._stage_is_traced(apigateway, api_id, stage)
            header = given or Header(new_root())
            if own and header.sampled is None:
                header = Header(header.root, header.parent, self._sampler.decide())
            segment, start = new_segment_id(), time.time()
            passed = Header(header.root, segment, header.sampled) if own and header.sampled else header
            token = _incoming.set(passed)
            try:
                status, answered, body = await execute(api_id, stage, method, path, headers, *more, **named)
            finally:
                _incoming.reset(token)
            if own and header.sampled:
                self._gateway_segment(apigateway, api_id, stage, header, segment, start, (method, path, int(status)))
            shown = Header(header.root, None, header.sampled if own else None)
            return status, {**answered, "X-Amzn-Trace-Id": shown.text()}, body

        replace(apigateway, "handle_execute", execute_traced)

    def _stage_is_traced(self, apigateway: Any, api_id: str, stage: str) -> bool:
        scope = apigateway.find_api_scope(api_id)
        if scope is None:
            return False
        stages = apigateway._stages_v1.get_scoped(*scope, api_id, {})
        return str((stages.get(stage) or {}).get("tracingEnabled")).lower() == "true"

    def _gateway_segment(
        self,
        apigateway: Any,
        api_id: str,
        stage: str,
        header: Header,
        segment: str,
        start: float,
        http: tuple[str, str, int],
    ) -> None:
        method, path, status = http
        api = apigateway._rest_apis.get_scoped(*apigateway.find_api_scope(api_id), api_id, {})
        document = {
            "trace_id": header.root,
            "id": segment,
            "name": f"{api.get('name', api_id)}/{stage}",
            "start_time": start,
            "end_time": time.time(),
            "origin": "AWS::ApiGateway::Stage",
            "http": {"request": {"method": method, "url": path}, "response": {"status": status}},
            "aws": {"api_gateway": {"rest_api_id": api_id, "stage": stage}},
        }
        if header.parent:
            document["parent_id"] = header.parent
        self._traces.add(document | _flags(status))

    def _install_lambda(self, lambda_svc: Any) -> None:
        invoke, dispatch = lambda_svc._invoke, lambda_svc._execute_function_dispatch

        async def invoke_traced(name: str, event: Any, headers: dict[str, Any], *more: Any, **named: Any) -> Any:
            token = _incoming.set(parse(str(headers.get("x-amzn-trace-id") or "")))
            try:
                return await invoke(name, event, headers, *more, **named)
            finally:
                _incoming.reset(token)

        def dispatch_traced(
            func: dict[str, Any], config: dict[str, Any], event: Any, request_id: str, started: float
        ) -> dict[str, Any]:
            active = (config.get("TracingConfig") or {}).get("Mode") == "Active"
            header = _incoming.get() or Header(new_root())
            if header.sampled is None and active:
                header = Header(header.root, header.parent, self._sampler.decide())
            recorded = active and bool(header.sampled)
            service, function = new_segment_id(), new_segment_id()
            passed = Header(header.root, function if recorded else header.parent or function, bool(header.sampled))
            token, start = _function.set(passed.text()), time.time()
            try:
                result: dict[str, Any] = dispatch(func, config, event, request_id, started)
            finally:
                _function.reset(token)
            if recorded:
                self._lambda_segments(config, header, (service, function), (start, time.time()), request_id, result)
            return result

        replace(lambda_svc, "_invoke", invoke_traced)
        replace(lambda_svc, "_execute_function_dispatch", dispatch_traced)
        replace(lambda_svc, "_xray_trace_id_for_invocation", lambda config, inbound=None: _function.get())

    def _lambda_segments(
        self,
        config: dict[str, Any],
        header: Header,
        ids: tuple[str, str],
        times: tuple[float, float],
        request_id: str,
        result: dict[str, Any],
    ) -> None:
        common = {
            "trace_id": header.root,
            "name": config["FunctionName"],
            "start_time": times[0],
            "end_time": times[1],
            "resource_arn": config.get("FunctionArn"),
            "aws": {"request_id": request_id},
        }
        failed = {"fault": True} if result.get("error") else {}
        service = common | {"id": ids[0], "origin": "AWS::Lambda", "http": {"response": {"status": 200}}} | failed
        if header.parent:
            service["parent_id"] = header.parent
        self._traces.add(service)
        self._traces.add(common | {"id": ids[1], "parent_id": ids[0], "origin": "AWS::Lambda::Function"} | failed)


def _flags(status: int) -> dict[str, bool]:
    if status >= 500:
        return {"fault": True}
    if status == 429:
        return {"error": True, "throttle": True}
    return {"error": True} if status >= 400 else {}
