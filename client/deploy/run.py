"""The steps of a deploy: `sls deploy`, deletion protection, the warehouse's migration."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError as AwsError
from botocore.exceptions import ReadTimeoutError

from client.aws import SERVICE, Stage
from client.errors import ClientError
from local.settings import REPOSITORY

Tell = Callable[[str], None]
Framework = Callable[[Stage, list[str]], int]
Migrate = Callable[[Stage, Tell], None]
MIGRATE_SECONDS = 900.0
PAUSE_SECONDS = 10.0


def deploy(
    stage: Stage,
    parameters: list[str],
    tell: Tell,
    framework: Framework | None = None,
    migrate: Migrate | None = None,
) -> None:
    """Deploy and migrate. Repeatable. Raises ClientError when a step fails; a later one is not begun then."""
    framework, migrate = framework or sls_deploy, migrate or migrate_warehouse
    _run(framework, stage, parameters)
    if unprotected(stage):
        tell(
            "new tables were made without deletion protection, so that the deploy could be rolled back: switching it on"
        )
        _run(framework, stage, parameters)
    tell("migrating the warehouse: merges fail, and Firehose retries, until this is done")
    migrate(stage, tell)
    tell(f"stage {stage.name} is deployed and migrated: check it with `swipeline verify --stage {stage.name}`")


def unprotected(stage: Stage) -> bool:
    """Whether resources/plugins/first-deploy.js held deletion protection back from a table of the deployed template."""
    body = stage.client("cloudformation").get_template(StackName=f"{SERVICE}-{stage.name}")["TemplateBody"]
    resources: dict[str, Any] = (json.loads(body) if isinstance(body, str) else body)["Resources"]
    return any("DeletionProtection" in resource.get("Metadata", {}) for resource in resources.values())


def migrate_warehouse(stage: Stage, tell: Tell) -> None:
    """Invoke migrate-warehouse until it has ended well; every statement is idempotent.

    A warehouse that is made now may take longer than an answer is waited for: then it is asked again, not given up.
    Raises ClientError with the function's words, or when MIGRATE_SECONDS are over.
    """
    deadline, name = time.monotonic() + MIGRATE_SECONDS, f"{SERVICE}-{stage.name}-migrate-warehouse"
    while True:
        try:
            answer = stage.client("lambda").invoke(FunctionName=name, Payload=b"{}")
        except (ReadTimeoutError, AwsError) as error:
            reason = str(error)
        else:
            told = json.loads(answer["Payload"].read() or b"null")
            if "FunctionError" not in answer:
                tell(f"migrated: {told}")
                return
            reason = str(told.get("errorMessage", told) if isinstance(told, dict) else told)
            if "still" not in reason and "timed out" not in reason.lower():
                raise ClientError(f"The warehouse was not migrated: {reason}. Mend it, and deploy again.")
        if time.monotonic() > deadline:
            raise ClientError(f"The warehouse was not migrated in {MIGRATE_SECONDS:.0f} s: {reason}.")
        tell(f"not yet: {reason}")
        time.sleep(PAUSE_SECONDS)


def sls_deploy(stage: Stage, parameters: list[str]) -> int:
    """Run `sls deploy`, its output on standard error; gives its exit code."""
    command = REPOSITORY / "node_modules" / ".bin" / "sls"
    if not command.exists():
        raise ClientError("The Serverless Framework is missing: run `make setup`.")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environment = os.environ | {"PATH": path, "SWIPELINE_PYTHON": sys.executable, "SLS_TELEMETRY_DISABLED": "1"}
    asked = [str(command), "deploy", "--stage", stage.name, "--region", stage.region, "--conceal"]
    asked += [f"--param={parameter}" for parameter in parameters]
    return subprocess.run(
        asked, cwd=REPOSITORY, env=environment, stdin=subprocess.DEVNULL, stdout=sys.stderr
    ).returncode


def _run(framework: Framework, stage: Stage, parameters: list[str]) -> None:
    code = framework(stage, parameters)
    if code:
        raise ClientError(
            f"`sls deploy` ended with {code}: its last lines say why. What a failed first deploy left is removed with"
            f" `swipeline remove --stage {stage.name}`, or `--orphans` once the stack is gone."
        )
