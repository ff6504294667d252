"""The region: one rule for the template and the client, zones by id, names that an account has once."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from client.errors import ClientError
from client.region import choose, servable
from tests.template.packaging import ROOT
from tests.template.template import Template, packaged

REGIONS: dict[str, Any] = json.loads((ROOT / "resources" / "regions.json").read_text())
# Whose names an account has once, in whatever region: https://docs.aws.amazon.com/general/latest/gr/aws-arns-and-namespaces.html
ONCE_AN_ACCOUNT = {
    "AWS::S3::Bucket": "BucketName",
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::CloudWatch::Dashboard": "DashboardName",
}


def of_the_template(environment: dict[str, str]) -> str:
    """The region that resources/variables/region.js chooses, or the words with which it refuses."""
    script = (
        "const { choose } = require('./resources/variables/region.js');"
        "try { console.log(choose(undefined, process.env)) } catch (error) { console.log('refused: ' + error.message) }"
    )
    kept = {"PATH": os.environ["PATH"], "HOME": "/nowhere"}
    done = subprocess.run(
        ["node", "-e", script], cwd=ROOT, env=kept | environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "config"
    path.write_text("[default]\nregion = eu-west-1\n[profile away]\noutput = json\nregion=ap-south-1\n")
    return str(path)


@pytest.mark.parametrize(
    ("given", "region"),
    [
        ({}, "eu-west-1"),
        ({"AWS_PROFILE": "away"}, "ap-south-1"),
        ({"AWS_PROFILE": "unknown"}, "us-east-1"),
        ({"AWS_DEFAULT_REGION": "us-west-2"}, "us-west-2"),
        ({"AWS_REGION": "us-east-2", "AWS_DEFAULT_REGION": "us-west-2", "AWS_PROFILE": "away"}, "us-east-2"),
        ({"AWS_CONFIG_FILE": os.devnull}, "us-east-1"),
    ],
)
def test_template_and_client_choose_the_same_region(config: str, given: dict[str, str], region: str) -> None:
    environment = {"AWS_CONFIG_FILE": config} | given
    assert (of_the_template(environment), choose(environment)) == (region, region)


def test_a_region_that_the_template_cannot_serve_is_an_error_before_anything_is_made() -> None:
    environment = {"AWS_REGION": "eu-south-2", "AWS_CONFIG_FILE": os.devnull}
    assert of_the_template(environment).startswith("refused: Region eu-south-2 cannot hold a stage")
    with pytest.raises(ClientError, match="Region eu-south-2 cannot hold a stage"):
        choose(environment)


def test_client_and_template_know_the_same_regions_each_with_three_zones(dev: Template) -> None:
    assert set(servable()) == set(REGIONS) == set(dev.body["Mappings"]["FirehoseAddresses"])
    for facts in REGIONS.values():
        assert len(set(facts["ZoneIds"])) == 3
        assert len({zone.partition("-")[0] for zone in facts["ZoneIds"]}) == 1


def test_the_warehouse_s_subnets_lie_in_zones_by_id(on_aws: Template) -> None:
    """GetAZs gives names, which mean other zones in each account, some of them without Redshift Serverless."""
    subnets = on_aws.of_type("AWS::EC2::Subnet").values()
    assert [subnet["AvailabilityZoneId"] for subnet in subnets] == REGIONS["us-east-1"]["ZoneIds"]
    assert not any("AvailabilityZone" in subnet for subnet in subnets)


def test_the_zones_are_a_parameter() -> None:
    chosen = packaged("dev", "warehouseZoneIds=use1-az1,use1-az2,use1-az5").of_type("AWS::EC2::Subnet").values()
    assert [subnet["AvailabilityZoneId"] for subnet in chosen] == ["use1-az1", "use1-az2", "use1-az5"]


def test_a_stage_may_be_in_two_regions_of_one_account() -> None:
    here, there = packaged("dev"), packaged("dev", region="eu-west-1")
    for kind, name in ONCE_AN_ACCOUNT.items():
        names = [
            {i: json.dumps(r["Properties"].get(name)) for i, r in template.resources.items() if r["Type"] == kind}
            for template in (here, there)
        ]
        shared = set(names[0].values()) & set(names[1].values()) - {"null"}
        assert {name for name in shared if "AWS::Region" not in name} == set(), kind
    budgets = [t.resources["Budget"]["Properties"]["Budget"]["BudgetName"] for t in (here, there)]
    assert budgets[0] != budgets[1]
