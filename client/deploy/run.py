"""The steps of a deploy: `sls deploy`, deletion protection, the warehouse's migration."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from client.aws import SERVICE, Stage
from client.errors import ClientError
from client.migrate.limit import set_limit
from client.migrate.run import migrate as migrate_stage
from client.serverless import serverless

Report = Callable[[str], None]
Framework = Callable[[Stage, list[str]], int]
Migrate = Callable[[Stage, Report], Any]


def deploy(
    stage: Stage,
    parameters: list[str],
    report: Report,
    framework: Framework | None = None,
    migrate: Migrate | None = None,
) -> None:
    """Deploy and migrate. Safe to repeat. Raises ClientError when a step fails; later steps do not start."""
    framework, migrate = framework or sls_deploy, migrate or migrate_and_limit
    _run(framework, stage, parameters)
    if unprotected(stage):
        report("Deploying again to switch on deletion protection, which a first deploy leaves off so it can roll back.")
        _run(framework, stage, parameters)
    report("Migrating the warehouse. Until this is done, merges fail and Firehose retries.")
    migrate(stage, report)
    report(f"Stage {stage.name} is deployed and migrated. Check it with `swipeline verify --stage {stage.name}`.")


def migrate_and_limit(stage: Stage, report: Report) -> None:
    """Do what `swipeline migrate` does."""
    migrate_stage(stage, report)
    set_limit(stage, report)


def unprotected(stage: Stage) -> bool:
    """Whether resources/plugins/first-deploy.js held deletion protection back from a table of the deployed template."""
    body = stage.client("cloudformation").get_template(StackName=f"{SERVICE}-{stage.name}")["TemplateBody"]
    resources: dict[str, Any] = (json.loads(body) if isinstance(body, str) else body)["Resources"]
    return any("DeletionProtection" in resource.get("Metadata", {}) for resource in resources.values())


def sls_deploy(stage: Stage, parameters: list[str]) -> int:
    """Run `sls deploy`, its output on standard error; gives its exit code."""
    asked = ["deploy", "--stage", stage.name, "--region", stage.region, "--conceal"]
    asked += [f"--param={parameter}" for parameter in parameters]
    return serverless(asked, stdout=sys.stderr).returncode


def _run(framework: Framework, stage: Stage, parameters: list[str]) -> None:
    code = framework(stage, parameters)
    if code:
        raise ClientError(
            f"`sls deploy` ended with {code}: its last lines say why. What a failed first deploy left is removed with"
            f" `swipeline remove --stage {stage.name}`, or `--orphans` once the stack is gone."
        )
