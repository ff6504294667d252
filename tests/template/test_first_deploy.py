"""Deletion protection and the first deploy: a table that is made can be rolled back, one that is there is protected."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from tests.template.packaging import ROOT
from tests.template.template import Template

SCRIPT = """
const Plugin = require('./resources/plugins/first-deploy.js');
const { template, deployed } = JSON.parse(process.argv[1]);
const { CloudFormationClient } = require('@aws-sdk/client-cloudformation');
CloudFormationClient.prototype.send = async (command) => {
  if (command.input.StackName !== 'swipeline-prod') throw new Error('another stack');
  if (deployed === null) throw new Error('Stack with id swipeline-prod does not exist');
  return { TemplateBody: JSON.stringify({ Resources: deployed }) };
};
const provider = {
  naming: { getStackName: () => 'swipeline-prod' },
  getAwsSdkV3Config: async () => ({ region: 'us-east-1' }),
};
const serverless = { service: { provider: { compiledCloudFormationTemplate: template } }, getProvider: () => provider };
const plugin = new Plugin(serverless, {}, { log: { notice: () => {} } });
plugin.hooks['before:aws:deploy:deploy:checkForChanges']().then(() => console.log(JSON.stringify(template)));
"""


def tables(resources: dict[str, Any]) -> dict[str, Any]:
    return {i: r for i, r in resources.items() if r["Type"] == "AWS::DynamoDB::Table"}


def deployed(template: Template, before: dict[str, Any] | None) -> dict[str, bool]:
    """Deletion protection, by table, of the template that a deploy sends on top of what is deployed."""
    # As dumped: a package is large, and only its tables matter here.
    given = json.dumps({"template": {"Resources": tables(template.resources)}, "deployed": before})
    done = subprocess.run(["node", "-e", SCRIPT, given], cwd=ROOT, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)["Resources"]
    held = {i for i, r in found.items() if "DeletionProtection" in r.get("Metadata", {})}
    protected = {i: r["Properties"].get("DeletionProtectionEnabled", False) for i, r in found.items()}
    wanted = {i for i, r in tables(template.resources).items() if r["Properties"].get("DeletionProtectionEnabled")}
    assert held == {i for i in wanted if not protected[i]}  # what `swipeline deploy` deploys once more for
    return protected


@pytest.mark.parametrize("before", [None, {}, {"ServerlessDeploymentBucket": {"Type": "AWS::S3::Bucket"}}])
def test_a_first_deploy_makes_no_protected_table_so_it_can_be_rolled_back(prod: Template, before: Any) -> None:
    assert set(deployed(prod, before).values()) == {False}


def test_the_next_deploy_protects_them(prod: Template) -> None:
    found = deployed(prod, tables(prod.resources))
    wanted = {i: r["Properties"].get("DeletionProtectionEnabled", False) for i, r in tables(prod.resources).items()}
    assert found == wanted
    assert found["TransactionTable"] is True


def test_a_table_that_a_later_release_adds_is_held_back_alone(prod: Template) -> None:
    before = tables(prod.resources)
    del before["AlertsTable"]
    found = deployed(prod, before)
    assert (found["AlertsTable"], found["TransactionTable"]) == (False, True)


def test_dev_is_never_protected(dev: Template) -> None:
    assert set(deployed(dev, None).values()) == {False}


def test_no_named_resource_of_prod_outlives_a_first_deploy_that_failed(prod: Template) -> None:
    """But for what the account shares: RetainExceptOnCreate keeps what was there before, and nothing else."""
    for logical_id, resource in prod.resources.items():
        if resource.get("DeletionPolicy") == "Retain":
            named = [key for key in resource["Properties"] if key.endswith("Name") or key == "Name"]
            assert not named, logical_id
