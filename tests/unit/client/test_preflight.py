"""`swipeline verify --preflight`: what an account lacks is named before anything is made."""

from __future__ import annotations

from typing import Any

import pytest

from client.verify import preflight as module
from client.verify.line import FAILED, OK, SKIPPED, Line
from client.verify.permissions import ACTIONS, needed
from client.verify.preflight import preflight, principal
from client.verify.run import Run
from tests.template.template import packaged
from tests.unit.fakes.shapes import check

STAGES = ("dev", "prod", "try-out")


class Account:
    """An account on AWS: each client's calls are validated as botocore does."""

    local, region = False, "us-east-1"

    def __init__(self, name: str = "dev", **given: Any) -> None:
        self.name, self.given = name, given

    def client(self, service: str) -> Client:
        return Client(service, self.given)


class Client:
    def __init__(self, service: str, given: dict[str, Any]) -> None:
        self._service, self._given = service, given

    def __getattr__(self, method: str) -> Any:
        def call(**parameters: Any) -> Any:
            check(self._service, method, parameters)
            return self._answer(method, parameters)

        return call

    def get_paginator(self, method: str) -> Any:
        class Pages:
            def paginate(_, **parameters: Any) -> list[Any]:
                check(self._service, method, parameters)
                return [self._answer(method, parameters)]

        return Pages()

    def _answer(self, method: str, parameters: dict[str, Any]) -> Any:
        given = self._given
        quotas = {
            "vpc": ("VPCs per Region", given.get("vpcs_allowed", 5)),
            "redshift-serverless": ("Maximum RPU capacity", given.get("rpu", 512)),
            "glue": ("Max task DPUs per account", given.get("dpu", 200)),
        }
        denied = given.get("denied", ())
        answers: dict[str, Any] = {
            "get_caller_identity": {"Arn": given.get("caller", "arn:aws:iam::123456789012:user/ann")},
            "get_account_settings": {"AccountLimit": {"ConcurrentExecutions": given.get("concurrency", 1000)}},
            "describe_vpcs": {"Vpcs": [{}] * given.get("vpcs", 1)},
            "describe_availability_zones": {
                "AvailabilityZones": [
                    {"ZoneId": zone, "State": "available"}
                    for zone in given.get("zones", [f"use1-az{number}" for number in range(1, 7)])
                ]
            },
        }
        if method == "list_service_quotas":
            name, value = quotas[parameters["ServiceCode"]]
            return {"Quotas": [{"QuotaName": "Another one", "Value": 1.0}, {"QuotaName": name, "Value": float(value)}]}
        if method == "simulate_principal_policy":
            return {
                "EvaluationResults": [
                    {"EvalActionName": action, "EvalDecision": "implicitDeny" if action in denied else "allowed"}
                    for action in parameters["ActionNames"]
                ]
            }
        return answers[method]


@pytest.fixture(autouse=True)
def packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "package", lambda stage: packaged(stage).resources)


def lines(account: Any) -> dict[str, Line]:
    run = Run(account)
    preflight(run, lambda _: None)
    return {line.name: line for line in run.lines}


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_a_usual_account_has_all_that_a_stage_needs(stage: str) -> None:
    found = lines(Account(stage))
    assert {name: line.detail for name, line in found.items() if line.status != OK} == {}
    assert "an idle month about $" in found["cost"].detail


def test_a_new_account_with_ten_concurrent_executions_holds_dev_and_not_prod() -> None:
    assert lines(Account("dev", concurrency=10))["quota: Lambda"].status == OK
    prod = lines(Account("prod", concurrency=10))["quota: Lambda"]
    assert (prod.status, "L-B99A9384" in prod.remedy) == (FAILED, True)


@pytest.mark.parametrize(
    ("given", "line", "cause"),
    [
        ({"vpcs": 5}, "quota: VPCs", "5 VPCs of 5"),
        ({"rpu": 4}, "quota: Redshift", "8 RPU; the quota is 4"),
        ({"dpu": 5}, "quota: Glue", "10 DPU; the quota is 5"),
        ({"zones": ["use1-az2", "use1-az4"]}, "zones", "no zone use1-az6"),
        ({"denied": ("kinesis:CreateStream",)}, "permissions", "may not kinesis:CreateStream"),
    ],
)
def test_what_is_lacking_is_named(given: dict[str, Any], line: str, cause: str) -> None:
    found = lines(Account("dev", **given))
    assert found[line].status == FAILED
    assert cause in found[line].detail
    assert found[line].remedy
    assert [name for name, one in found.items() if one.status == FAILED] == [line]


def test_a_session_is_asked_about_as_its_role_and_the_root_user_not_at_all() -> None:
    assert principal("arn:aws:sts::123456789012:assumed-role/deployer/ann") == "arn:aws:iam::123456789012:role/deployer"
    assert principal("arn:aws:iam::123456789012:user/ann") == "arn:aws:iam::123456789012:user/ann"
    assert lines(Account(caller="arn:aws:iam::123456789012:root"))["permissions"].status == OK


def test_stage_local_says_by_name_what_it_cannot_answer() -> None:
    account = Account("local")
    account.local = True  # type: ignore[misc]
    found = lines(account)
    skipped = {name for name, line in found.items() if line.status == SKIPPED}
    assert skipped == {"zones", "permissions", "quota: VPCs", "quota: Redshift", "quota: Glue"}
    assert all("not available on stage local" in found[name].detail for name in skipped)


def test_a_stage_s_name_must_fit_the_bucket_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "package", lambda _: packaged("dev").resources)
    assert lines(Account("a" * 29))["region"].status == OK
    assert "at most 29" in lines(Account("a" * 30))["region"].remedy
    assert lines(Account("My_Stage"))["region"].status == FAILED


@pytest.mark.parametrize("stage", STAGES)
def test_every_type_of_resource_has_the_action_that_makes_it(stage: str) -> None:
    types = {resource["Type"] for resource in packaged(stage).resources.values()}
    assert types <= set(ACTIONS)
    assert "lambda:CreateFunction" in needed(types)
