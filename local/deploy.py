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
from local.project import Project, current
from local.settings import Settings
from local.snapshot import take_snapshot

DEPLOY_SECONDS = 600


class DeployError(RuntimeError):
    """The service could not be deployed."""


def describe_stack(clients: Clients, stage: str) -> dict[str, Any] | None:
    """The deployed CloudFormation stack, or None."""
    try:
        stacks = clients.root("cloudformation").describe_stacks(StackName=current().stack_name(stage))["Stacks"]
    except ClientError:
        return None
    return dict(stacks[0]) if stacks else None


def outputs(stack: dict[str, Any] | None) -> dict[str, str]:
    """The stack's outputs by name."""
    return {output["OutputKey"]: output["OutputValue"] for output in (stack or {}).get("Outputs", [])}


def deploy(settings: Settings, clients: Clients, stage: str, parameters: Sequence[str] = ()) -> bool:
    """Deploy the project; False when nothing had changed. Raises DeployError with the end of the log.

    osls redeploys a service with a layer although nothing has changed, which costs most of the time of a second
    start: a fingerprint of what goes into the package is kept with the state and compared instead.
    `parameters` are name=value, as for `sls --param`.
    """
    project = current()
    mark = settings.state / f"deployed-{stage}.json"
    wanted = fingerprint(settings, project, parameters)
    stack = describe_stack(clients, stage)
    if stack is not None and _read(mark) == {"fingerprint": wanted, "stack_id": stack["StackId"]}:
        return False
    mark.unlink(missing_ok=True)
    if stack is None and _has_buckets(clients, project.stack_name(stage)):
        raise DeployError(
            "the emulator has lost its stack but not its buckets: it was killed before a first deployment was "
            f"complete. Remove what is left with `{project.command} down --reset`, then `{project.command} up`"
        )
    with only_one_deploy(project):
        _run_serverless(settings, project, stage, parameters)
    stack = describe_stack(clients, stage)
    if stack is None or not str(stack["StackStatus"]).endswith(("CREATE_COMPLETE", "UPDATE_COMPLETE")):
        raise DeployError(f"stack {project.stack_name(stage)} is {stack and stack['StackStatus']}")
    if project.after_deploy:
        _invoke_after(clients, project, stage)
    take_snapshot(settings)
    mark.write_text(json.dumps({"fingerprint": wanted, "stack_id": stack["StackId"]}))
    return True


def _has_buckets(clients: Clients, stack: str) -> bool:
    buckets = clients.root("s3").list_buckets()["Buckets"]
    return any(bucket["Name"].startswith(f"{stack}-") for bucket in buckets)


def fingerprint(settings: Settings, project: Project, parameters: Sequence[str] = ()) -> str:
    """A hash of everything a deployment is made of."""
    digest = hashlib.sha256(" ".join((str(settings.port), sys.version, sys.executable, *parameters)).encode())
    for path in _inputs(project):
        digest.update(f"\0{path.relative_to(project.folder)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _inputs(project: Project) -> Iterator[Path]:
    """The files that a deployment is made of, without what is made from them."""
    for name in project.inputs or sorted(entry.name for entry in project.folder.iterdir()):
        if name in ("node_modules", "__pycache__") or name.startswith("."):
            continue
        place = project.folder / name
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.is_file() and "__pycache__" not in path.parts:
                yield path


def _invoke_after(clients: Clients, project: Project, stage: str) -> None:
    """Invoke the function that completes a deployment. Raises DeployError when it fails."""
    name = f"{project.stack_name(stage)}-{project.after_deploy}"
    answer = clients.root("lambda").invoke(FunctionName=name, Payload=b"{}")
    body = json.loads(answer["Payload"].read() or b"null")
    # By its words: the emulator gives every error the same type.
    ignored = project.ignored_error and project.ignored_error in str(body and body.get("errorMessage"))
    if answer.get("FunctionError") and not ignored:
        raise DeployError(f"{project.after_deploy} failed: {body}")


def _run_serverless(settings: Settings, project: Project, stage: str, parameters: Sequence[str]) -> None:
    bin_folder = str(Path(sys.executable).parent)
    path = os.pathsep.join([bin_folder, os.environ.get("PATH", "")])
    if shutil.which("node", path=path) is None:
        raise DeployError("Node is missing: run `make setup`, or install Node 20.19 or newer")
    own = project.folder / "node_modules" / ".bin" / "sls"
    serverless = str(own) if own.exists() else shutil.which("sls", path=path)
    if serverless is None:
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
    command = [serverless, "deploy", "--stage", stage, "--conceal", *(f"--param={one}" for one in parameters)]
    with log_path.open("wb") as output:
        try:
            done = subprocess.run(
                command,
                cwd=project.folder,
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
def only_one_deploy(project: Project) -> Iterator[None]:
    """The Serverless Framework packages into the project's .serverless/: two at a time would mix their packages."""
    # In the default home, which is private and the same for every home of this project.
    with os.fdopen(open_private(private_folder(project.folder / project.home) / "deploy.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _read(mark: Path) -> object:
    try:
        return json.loads(mark.read_text())
    except (FileNotFoundError, ValueError):
        return None
