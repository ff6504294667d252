"""Functions get the API key's ID, where the method asks for a key, and only there."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ministack.services import apigateway_v1

from local import api_keys

KNOWN = {"id": "k1", "value": "secret-value"}


def event(monkeypatch: pytest.MonkeyPatch, method: str, headers: dict[str, str]) -> dict[str, Any]:
    """The event that MiniStack's own code builds, with the wrapper around it."""
    module = SimpleNamespace(
        _build_lambda_event_v1=apigateway_v1._build_lambda_event_v1,
        _api_key_from_request=apigateway_v1._api_key_from_request,
        _resolve_api_key=lambda value: KNOWN if value == KNOWN["value"] else None,
    )
    api_keys.install(module)  # type: ignore[arg-type]
    methods = {"ANY": {"apiKeyRequired": True}, "POST": {"apiKeyRequired": False}}
    resource = {"id": "r", "path": "/x", "resourceMethods": methods}
    built: dict[str, Any] = module._build_lambda_event_v1(
        "api", "local", {}, resource, "/x", method, headers, b"", {}, {}
    )
    return dict(built["requestContext"]["identity"])


def test_a_key_is_identified_by_its_id(monkeypatch: pytest.MonkeyPatch) -> None:
    assert event(monkeypatch, "GET", {"x-api-key": "secret-value"})["apiKeyId"] == "k1"


def test_a_method_that_asks_for_no_key_passes_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "apiKeyId" not in event(monkeypatch, "POST", {"x-api-key": "secret-value"})


def test_an_unknown_key_is_passed_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "apiKeyId" not in event(monkeypatch, "GET", {"x-api-key": "other"})
