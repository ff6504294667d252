"""Deploys the service into the embedded AWS with the Serverless Framework, unless it is there already."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from local.clients import Clients
from local.private import open_private, private_folder
from local.processes import log_tail
from local.settings import REPOSITORY, Settings
from local.snapshot import take_snapshot
from shared.warehouse.migrations import IS_NEWER

DEPLOY_SECONDS = 600
LOCKS = REPOSITORY / ".swipeline"  # the default home: private, and the same for every home of this repository
# Everything that goes into the packaged service.
_INPUT_FILES = ("serverless.yml", "package.json", "package-lock.json", "requirements.txt", "requirements.lock")
_INPUT_FOLDERS = ("resources", "handlers", "functions", "shared", "redshift", "glue", "fraud")


class DeployError(RuntimeError):
    """The service could not be deployed."""


def stack_name(stage: str) -> str:
    return f"swipeline-{stage}"


def describe_stack(clients: Clients, stage: str) -> dict[str, Any] | None:
    """The deployed CloudFormation stack, or None."""
    try:
        stacks = clients.root("cloudformation").describe_stacks(StackName=stack_name(stage))["Stacks"]
    except ClientError:
        return None
    return dict(stacks[0]) if stacks else None


def outputs(stack: dict[str, Any] | None) -> dict[str, str]:
    """The stack's outputs by name."""
    return {output["OutputKey"]: output["OutputValue"] for output in (stack or {}).get("Outputs", [])}


def deploy(settings: Settings, clients: Clients, stage: str, parameters: Sequence[str] = ()) -> bool:
    """Deploy and migrate the warehouse; False when nothing had changed. Raises DeployError with the end of the log.

    osls redeploys a service with a layer although nothing has changed, which costs most of the time of a second
    `swipeline up`: a fingerprint of what goes into the package is kept with the state and compared instead.
    `parameters` are name=value, as for `sls --param`.
    """
    mark = settings.state / f"deployed-{stage}.json"
    wanted = fingerprint(settings, parameters)
    stack = describe_stack(clients, stage)
    if stack is not None and _read(mark) == {"fingerprint": wanted, "stack_id": stack["StackId"]}:
        return False
    mark.unlink(missing_ok=True)
    if stack is None and _has_buckets(clients, stage):
        raise DeployError(
            "the emulator has lost its stack but not its buckets: it was killed before a first deployment was "
            "complete. Remove what is left with `swipeline down --reset`, then `swipeline up`"
        )
    with only_one_deploy():
        _run_serverless(settings, stage, parameters)
    stack = describe_stack(clients, stage)
    if stack is None or not str(stack["StackStatus"]).endswith(("CREATE_COMPLETE", "UPDATE_COMPLETE")):
        raise DeployError(f"stack {stack_name(stage)} is {stack and stack['StackStatus']}")
    _migrate(clients, stage)
    take_snapshot(settings)
    mark.write_text(json.dumps({"fingerprint": wanted, "stack_id": stack["StackId"]}))
    return True


def _has_buckets(clients: Clients, stage: str) -> bool:
    buckets = clients.root("s3").list_buckets()["Buckets"]
    return any(bucket["Name"].startswith(f"{stack_name(stage)}-") for bucket in buckets)


def fingerprint(settings: Settings, parameters: Sequence[str] = ()) -> str:
    """A hash of everything a deployment is made of."""
    digest = hashlib.sha256(" ".join((str(settings.port), sys.version, sys.executable, *parameters)).encode())
    paths = [REPOSITORY / name for name in _INPUT_FILES]
    for folder in _INPUT_FOLDERS:
        paths += sorted(path for path in (REPOSITORY / folder).rglob("*") if "__pycache__" not in path.parts)
    for path in paths:
        if path.is_file():
            digest.update(f"\0{path.relative_to(REPOSITORY)}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _migrate(clients: Clients, stage: str) -> None:
    """Bring the warehouse up to date; one that a newer release has migrated stays as it is: this is a rollback."""
    answer = clients.root("lambda").invoke(FunctionName=f"{stack_name(stage)}-migrate-warehouse", Payload=b"{}")
    body = json.loads(answer["Payload"].read() or b"null")
    # By its words: the emulator gives every error the same type.
    if answer.get("FunctionError") and IS_NEWER not in str(body.get("errorMessage")):
        raise DeployError(f"migrate-warehouse failed: {body}")


def _run_serverless(settings: Settings, stage: str, parameters: Sequence[str]) -> None:
    bin_folder = str(Path(sys.executable).parent)
    path = os.pathsep.join([bin_folder, os.environ.get("PATH", "")])
    if shutil.which("node", path=path) is None:
        raise DeployError("Node is missing: run `make setup`, or install Node 20.19 or newer")
    serverless = REPOSITORY / "node_modules" / ".bin" / "sls"
    if not serverless.exists():
        raise DeployError("the Serverless Framework is missing: run `make setup`, or `npm ci`")
    environment = settings.environment() | {
        "PATH": path,
        "SWIPELINE_PYTHON": sys.executable,
        # Polls the stack every 0.3 s; every 5 s otherwise.
        "SLS_AWS_MONITORING_FREQUENCY": "300",
        "SLS_TELEMETRY_DISABLED": "1",
        "NODE_NO_WARNINGS": "1",
    }
    log_path = settings.logs / "deploy.log"
    # --conceal: it prints the API key's value otherwise.
    command = [str(serverless), "deploy", "--stage", stage, "--conceal", *(f"--param={one}" for one in parameters)]
    with log_path.open("wb") as output:
        try:
            done = subprocess.run(
                command,
                cwd=REPOSITORY,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=DEPLOY_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise DeployError(f"`sls deploy` took more than {DEPLOY_SECONDS} s, see {log_path}") from error
    if done.returncode != 0:
        raise DeployError(f"`sls deploy` failed, see {log_path}:\n{log_tail(log_path)}")


@contextmanager
def only_one_deploy() -> Iterator[None]:
    """The Serverless Framework works in the repository's .serverless/: two at a time would mix their packages."""
    with os.fdopen(open_private(private_folder(LOCKS) / "deploy.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _read(mark: Path) -> object:
    try:
        return json.loads(mark.read_text())
    except (FileNotFoundError, ValueError):
        return None
