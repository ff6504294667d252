"""The packaged dev template lives a whole life before an implementation of AWS that nobody here wrote."""

from __future__ import annotations

import json

import pytest

from tests.events.make import HERE
from tests.rehearsal.implementations import IMPLEMENTATIONS
from tests.rehearsal.parts import with_texts, without
from tests.rehearsal.run import rehearse
from tests.template.template import packaged

LEAST_RESOURCES = 60  # of 240: what is left out is listed with its reason in implementations.py


@pytest.mark.slow
@pytest.mark.parametrize("name", IMPLEMENTATIONS)
def test_the_dev_template_is_created_updated_and_deleted(name: str) -> None:
    done = rehearse(name)
    assert done["created"] >= LEAST_RESOURCES
    assert done["updated"] == done["created"]
    if IMPLEMENTATIONS[name].invokes:
        answers = done["invoked"]
        assert answers["write-to-kinesis"]["statusCode"] == 207  # two good rows and a bad one
        for writer in {"write-to-dynamodb", "write-to-s3"} - set(IMPLEMENTATIONS[name].not_invoked):
            assert answers[writer] == {"batchItemFailures": []}
        found = json.loads(answers["query-transactions"]["body"])["transactions"]
        assert [row["transaction_id"][-1] for row in found] == ["1"]
        assert answers["rotate-card-key"]["keys"] == 2
        assert answers["measure-fraud"]["rows"] == 0
        functions = {path.stem for path in HERE.glob("*.json")}
        assert set(answers) | set(IMPLEMENTATIONS[name].not_invoked) == functions


@pytest.mark.parametrize("name", IMPLEMENTATIONS)
def test_what_an_implementation_refuses_is_in_the_template_and_says_why(name: str) -> None:
    resources = packaged("dev").resources
    types = {resource["Type"] for resource in resources.values()}
    for refused, reason in IMPLEMENTATIONS[name].refused.items():
        assert refused in types | set(resources)
        assert len(reason) > 5


def test_what_refers_to_a_resource_that_is_left_out_goes_with_it() -> None:
    template = {
        "Resources": {
            "A": {"Type": "T"},
            "B": {"Type": "T", "Properties": {"Name": {"Fn::Sub": "${A.Arn}/x"}}},
            "C": {"Type": "T", "DependsOn": ["A"], "Properties": {"Other": {"Ref": "D"}}},
            "D": {"Type": "T"},
        },
        "Outputs": {"O": {"Value": {"Fn::GetAtt": ["B", "Arn"]}}},
    }
    left = without(template, {"A"})
    assert set(left["Resources"]) == {"C", "D"}
    assert left["Resources"]["C"]["DependsOn"] == []
    assert left["Outputs"] == {}


def test_what_refers_to_a_resource_that_is_left_out_may_have_a_text_instead() -> None:
    template = {
        "Resources": {
            "A": {"Type": "T"},
            "B": {"Type": "T", "DependsOn": "A", "Properties": {"Name": {"Fn::Sub": "${A.Arn}/${B}"}}},
        },
        "Outputs": {"O": {"Value": {"Fn::GetAtt": ["A", "Arn"]}, "Export": {"Name": "x"}}},
    }
    assert with_texts(template, {"A": "arn:a"}) == {
        "Resources": {"B": {"Type": "T", "DependsOn": [], "Properties": {"Name": {"Fn::Sub": "arn:a/${B}"}}}},
        "Outputs": {"O": {"Value": "arn:a"}},
    }
