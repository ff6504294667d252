"""botocore's own validation for the fakes: what the real client would not send, a fake does not take either."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import botocore.session
from botocore import xform_name
from botocore.exceptions import ParamValidationError
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

T = TypeVar("T", bound=type)


@functools.cache
def model(service: str) -> ServiceModel:
    """The service as botocore describes it."""
    return botocore.session.get_session().get_service_model(service)


def check(service: str, method: str, parameters: dict[str, Any]) -> None:
    """Raise ParamValidationError as a client of the service would for a call with these parameters."""
    described = model(service)
    name = next((name for name in described.operation_names if xform_name(name) == method), None)
    assert name, f"{service} has no operation {method}"
    shape = described.operation_model(name).input_shape
    report = ParamValidator().validate(parameters, shape) if shape else None
    if report and report.has_errors():
        raise ParamValidationError(report=report.generate_report())


def obeys(service: str) -> Callable[[T], T]:
    """Decorate a fake client: each of its methods that is an operation of the service validates its parameters."""

    def decorate(fake: T) -> T:
        operations = {xform_name(name) for name in model(service).operation_names}
        for name in operations & set(vars(fake)):
            setattr(fake, name, _checked(service, name, vars(fake)[name]))
        return fake

    return decorate


def _checked(service: str, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def call(self: Any, **parameters: Any) -> Any:
        check(service, name, parameters)
        return method(self, **parameters)

    return call
