"""Passes the ID of a call's API key to the function, as API Gateway does and MiniStack 1.5.33 does not.

API Gateway puts ``apiKey`` and ``apiKeyId`` into ``requestContext.identity`` of a method that asks for a key:
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any


def install(apigateway: ModuleType) -> None:
    """Wrap ``_build_lambda_event_v1`` of ministack.services.apigateway_v1; keys were checked before it is called."""
    build, resolve, sent = (
        getattr(apigateway, name) for name in ("_build_lambda_event_v1", "_resolve_api_key", "_api_key_from_request")
    )

    def with_key(api_id: str, stage_name: str, stage: Any, resource: Any, path: str, method: str, headers: Any,
                 *rest: Any, **more: Any) -> dict[str, Any]:  # fmt: skip
        event: dict[str, Any] = build(api_id, stage_name, stage, resource, path, method, headers, *rest, **more)
        methods: Mapping[str, Any] = resource.get("resourceMethods", {})
        serving = methods.get(method) or methods.get("ANY") or {}
        key = resolve(sent(headers)) if serving.get("apiKeyRequired") else None
        if key:
            event["requestContext"]["identity"] |= {"apiKey": key["value"], "apiKeyId": key["id"]}
        return event

    apigateway._build_lambda_event_v1 = with_key  # type: ignore[attr-defined]
