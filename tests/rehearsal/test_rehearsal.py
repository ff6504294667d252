"""The packaged dev template lives a whole life before an implementation of AWS that nobody here wrote."""

from __future__ import annotations

import pytest

from tests.rehearsal.implementations import IMPLEMENTATIONS
from tests.rehearsal.run import rehearse, without
from tests.template.template import packaged

LEAST_RESOURCES = 60  # of 240: what is left out is listed with its reason in implementations.py


@pytest.mark.slow
@pytest.mark.parametrize("name", IMPLEMENTATIONS)
def test_the_dev_template_is_created_updated_and_deleted(name: str) -> None:
    done = rehearse(name)
    assert done["created"] >= LEAST_RESOURCES
    assert done["updated"] == done["created"]


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
