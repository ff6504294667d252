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
    """Decorate a fake client: each of its methods that is an operation of the service validates its parameters.

    So do those of its subclasses, which need no decorator.
    """

    def decorate(fake: T) -> T:
        _check_operations(fake, service)
        above = vars(fake).get("__init_subclass__")  # another service's

        def init_subclass(cls: type, **given: Any) -> None:
            if above:
                above.__func__(cls, **given)
            else:
                super(fake, cls).__init_subclass__(**given)  # type: ignore[arg-type]
            _check_operations(cls, service)

        fake.__init_subclass__ = classmethod(init_subclass)  # type: ignore[assignment]
        return fake

    return decorate


def operations(service: str) -> set[str]:
    """The methods of a boto3 client that call the service."""
    return {xform_name(name) for name in model(service).operation_names}


def _check_operations(fake: type, service: str) -> None:
    for name in operations(service) & set(vars(fake)):
        setattr(fake, name, _checked(service, name, vars(fake)[name]))


def _checked(service: str, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def call(self: Any, **parameters: Any) -> Any:
        check(service, name, parameters)
        return method(self, **parameters)

    return call
