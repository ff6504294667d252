"""The warehouse's daily limit: set once, changed when the parameter is, left alone otherwise."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from client.migrate.limit import set_limit

ARN = "arn:aws:redshift-serverless:us-east-1:123456789012:workgroup/one"
LISTED = {"resourceArn": ARN, "usageType": "serverless-compute"}
OURS: dict[str, Any] = {**LISTED, "amount": 48, "period": "daily", "breachAction": "deactivate"}


class FakeStage:
    """A stage whose Redshift answers as botocore's model of the API says."""

    local = False

    def __init__(self) -> None:
        self.redshift = boto3.client(
            "redshift-serverless", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
        )

    def client(self, service: str) -> Any:
        assert service == "redshift-serverless"
        return self.redshift

    def output(self, name: str) -> str:
        return {"WarehouseRpuHoursPerDay": "48", "WorkgroupArn": ARN}[name]


@pytest.mark.parametrize(
    ("there", "call", "expected"),
    [
        ([OURS | {"usageLimitId": "u-1"}], None, {}),
        (
            [OURS | {"amount": 24, "usageLimitId": "u-1"}],
            "update_usage_limit",
            {"usageLimitId": "u-1", "amount": 48, "breachAction": "deactivate"},
        ),
        ([OURS | {"period": "monthly", "usageLimitId": "u-2"}], "create_usage_limit", OURS),
    ],
)
def test_the_limit_is_made_or_brought_to_the_parameter(
    there: list[dict[str, Any]], call: str | None, expected: dict[str, Any]
) -> None:
    stage, reported = FakeStage(), []
    with Stubber(stage.redshift) as stub:
        stub.add_response("list_usage_limits", {"usageLimits": there}, LISTED)
        if call:
            stub.add_response(call, {"usageLimit": {}}, expected)
        assert set_limit(stage, reported.append) == 48  # type: ignore[arg-type]
        stub.assert_no_pending_responses()
    assert reported == ["limit the warehouse to 48 RPU-hours a day"]


def test_the_laptop_has_no_limit() -> None:
    stage = FakeStage()
    stage.local = True
    assert set_limit(stage, print) is None  # type: ignore[arg-type]
