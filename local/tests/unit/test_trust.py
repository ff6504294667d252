"""A trust policy lets a service in by its name and by what it sends of itself, and by nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local.settings import ACCOUNT_ID
from local.trust import trusts

SERVICE = "redshift.amazonaws.com"
ALLOW = {"Effect": "Allow", "Principal": {"Service": SERVICE}, "Action": "sts:AssumeRole"}


@pytest.mark.parametrize(
    ("change", "trusted"),
    [
        ({}, True),
        ({"Principal": {"Service": [SERVICE, "glue.amazonaws.com"]}, "Action": ["sts:AssumeRole"]}, True),
        ({"Action": "sts:*"}, True),
        ({"Action": "sts:TagSession"}, False),
        ({"Principal": {"Service": "lambda.amazonaws.com"}}, False),
        ({"Principal": "*"}, False),
        ({"Effect": "Deny"}, False),
        ({"Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT_ID}}}, True),
        ({"Condition": {"StringEquals": {"AWS:sourceaccount": ["1", ACCOUNT_ID]}}}, True),
        ({"Condition": {"StringLike": {"aws:SourceAccount": ACCOUNT_ID[:4] + "*"}}}, True),
        ({"Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}}}, False),
        ({"Condition": {"StringNotEquals": {"aws:SourceAccount": ACCOUNT_ID}}}, False),
        ({"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:firehose:*"}}}, True),
        ({"Condition": {"StringEquals": {"sts:ExternalId": ACCOUNT_ID}}}, False),
        ({"Condition": {"StringEqualsIfExists": {"sts:ExternalId": ACCOUNT_ID}}}, True),
        ({"Condition": {"StringNotEquals": {"sts:ExternalId": "x"}}}, True),
        ({"Condition": {"Null": {"sts:ExternalId": "true"}}}, True),
        ({"Condition": {"Null": {"sts:ExternalId": "false"}}}, False),
        ({"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}, False),
    ],
)
def test_a_service_is_trusted_by_its_name_and_what_it_sends(change: dict[str, Any], trusted: bool) -> None:
    statement = ALLOW | change
    assert trusts({"Statement": [statement]}, {SERVICE}) is trusted
    assert trusts(json.dumps({"Statement": statement}), {SERVICE}) is trusted


def test_a_deny_counts_more_than_an_allow() -> None:
    assert trusts({"Statement": [ALLOW, ALLOW | {"Effect": "Deny"}]}, {SERVICE}) is False
