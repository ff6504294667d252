"""Rehearses a deploy before an implementation of AWS that nobody here wrote: the packaged dev template, whole life.

`python -m tests.rehearsal.run localemu`. The stack is made as osls makes it (its bucket first, then an update
to the full template), updated, and deleted. What an implementation refuses is listed with the reason; anything else is
an error.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local.tests.ports import free_port_pair
from tests.rehearsal.implementations import IMPLEMENTATIONS, Implementation
from tests.rehearsal.invoke import Invoked, invoke_all
from tests.rehearsal.parts import artifacts, with_texts, without
from tests.template.packaging import package

STACK = "swipeline-dev"
START_SECONDS, STEP_SECONDS = 90.0, 300.0


class RehearsalError(Exception):
    """The implementation refused something that is not on its list."""


class Rehearsal:
    """One life of the stack."""

    def __init__(self, implementation: Implementation, port: int) -> None:
        self._implementation = implementation
        self._session = boto3.Session("test", "test", region_name="us-east-1")
        self._endpoint = f"http://127.0.0.1:{port}"

    def client(self, service: str) -> Any:
        """A client of the implementation."""
        config = Config(read_timeout=120, retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
        return self._session.client(service, endpoint_url=self._endpoint, config=config)

    def run(self) -> dict[str, Any]:
        """Create, update and delete; the number of resources that each step made. Raises RehearsalError."""
        first, full = package("dev"), package("dev", "logLevel=DEBUG")
        template = _read(first, "cloudformation-template-create-stack.json")
        self.client("cloudformation").create_stack(
            StackName=STACK, TemplateBody=json.dumps(self._taken(template)), Capabilities=["CAPABILITY_NAMED_IAM"]
        )
        self._ended("CREATE_COMPLETE")
        created = self._update(first, {})
        invoked: list[Invoked] = []
        if self._implementation.invokes:
            invoked = invoke_all(self.client, self._endpoint, self._implementation.not_invoked)
        updated = self._update(full, self._as_created(first))
        self._delete()
        return {
            "created": created,
            "updated": updated,
            "invoked": dict(invoked),
            "left out": sorted(self._implementation.refused),
        }

    def _taken(self, template: dict[str, Any]) -> dict[str, Any]:
        """What the implementation takes of a template."""
        names = self._implementation.left_out(template["Resources"])
        if not self._implementation.stands_in:
            return without(template, names)
        secrets = {
            name: self._secret(resource["Properties"])
            for name, resource in template["Resources"].items()
            if name in names and resource["Type"] == "AWS::SecretsManager::Secret"
        }
        arn = "arn:aws:service:us-east-1:123456789012:{}"
        return with_texts(template, {name: arn.format(name) for name in names} | secrets)

    def _secret(self, properties: dict[str, Any]) -> str:
        """Create a secret as its resource says; gives its ARN, also of one that is there."""
        client, name = self.client("secretsmanager"), properties["Name"]
        try:
            return str(client.describe_secret(SecretId=name)["ARN"])
        except client.exceptions.ResourceNotFoundException:
            pass
        how = properties["GenerateSecretString"]
        value = json.loads(how["SecretStringTemplate"])
        value[how["GenerateStringKey"]] = client.get_random_password(
            PasswordLength=how["PasswordLength"], ExcludePunctuation=True
        )["RandomPassword"]
        return str(client.create_secret(Name=name, SecretString=json.dumps(value))["ARN"])

    def _as_created(self, folder: Path) -> dict[str, Any]:
        """The resources of a package that no update may change."""
        resources = _read(folder, "cloudformation-template-update-stack.json")["Resources"]
        return {name: one for name, one in resources.items() if one["Type"] in self._implementation.not_updated}

    def _update(self, folder: Path, as_created: dict[str, Any]) -> int:
        """Upload the artifacts and update to the template of a package."""
        bucket = self._resources()["ServerlessDeploymentBucket"]["PhysicalResourceId"]
        whole = _read(folder, "cloudformation-template-update-stack.json")
        template = self._taken({**whole, "Resources": whole["Resources"] | as_created})
        for key, name in artifacts(template).items():
            self.client("s3").upload_file(str(folder / name), bucket, key)
        # In the call, not by its URL: an implementation on the loopback has no address of S3's form.
        self.client("cloudformation").update_stack(
            StackName=STACK, TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_NAMED_IAM"]
        )
        self._ended("UPDATE_COMPLETE")
        made = {name for name, one in self._resources().items() if one["ResourceStatus"].endswith("_COMPLETE")}
        if missing := sorted(set(template["Resources"]) - made):
            raise RehearsalError(f"not made: {', '.join(missing)}; {self._failures()}")
        return len(made)

    def _delete(self) -> None:
        buckets = self._session.resource("s3", endpoint_url=self._endpoint).buckets.all()
        for bucket in buckets:
            bucket.object_versions.all().delete()
            bucket.objects.all().delete()
        self.client("cloudformation").delete_stack(StackName=STACK)
        deadline = time.monotonic() + STEP_SECONDS
        while time.monotonic() < deadline:
            try:
                status = self.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"]
            except (ClientError, IndexError):
                return
            if status == "DELETE_COMPLETE":
                return
            if status.endswith("FAILED"):
                raise RehearsalError(f"the stack is {status}: {self._failures()}")
            time.sleep(1)
        raise RehearsalError("the stack was not deleted in time")

    def _ended(self, wanted: str) -> None:
        deadline = time.monotonic() + STEP_SECONDS
        while time.monotonic() < deadline:
            status = self.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"]
            if not status.endswith("IN_PROGRESS"):
                if status != wanted:
                    raise RehearsalError(f"the stack is {status}: {self._failures()}")
                return
            time.sleep(1)
        raise RehearsalError(f"the stack was not {wanted} in {STEP_SECONDS:.0f} s")

    def _resources(self) -> dict[str, dict[str, Any]]:
        pages = self.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=STACK)
        return {one["LogicalResourceId"]: one for page in pages for one in page["StackResourceSummaries"]}

    def _failures(self) -> str:
        events = self.client("cloudformation").describe_stack_events(StackName=STACK)["StackEvents"]
        reported = [
            f"{e['LogicalResourceId']} ({e['ResourceType']}): {e.get('ResourceStatusReason', '')[:200]}"
            for e in events
            if "FAILED" in e["ResourceStatus"]
        ]
        return "; ".join(reported[:5]) or "no event says why"


@contextmanager
def serving(implementation: Implementation) -> Iterator[int]:
    """The implementation's server, installed in a Python of its own when it is used for the first time."""
    python, port = implementation.install(), free_port_pair()
    log = python.parents[1] / "server.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            implementation.command(python, port),
            stdout=output,
            stderr=output,
            cwd=python.parents[1],
            start_new_session=True,
        )
        try:
            session = boto3.Session("test", "test", region_name="us-east-1")
            deadline = time.monotonic() + START_SECONDS
            while True:
                try:
                    session.client("sts", endpoint_url=f"http://127.0.0.1:{port}").get_caller_identity()
                    break
                except (BotoCoreError, ClientError) as error:
                    if time.monotonic() > deadline or server.poll() is not None:
                        raise RehearsalError(f"{implementation.name} does not serve, see {log}") from error
                    time.sleep(1)
            yield port
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()


def rehearse(name: str) -> dict[str, Any]:
    """Rehearse before an implementation. Raises RehearsalError."""
    implementation = IMPLEMENTATIONS[name]
    with serving(implementation) as port:
        return Rehearsal(implementation, port).run()


def _read(folder: Path, name: str) -> dict[str, Any]:
    return dict(json.loads((folder / name).read_text()))


if __name__ == "__main__":
    try:
        print(json.dumps(rehearse(sys.argv[1]), indent=1))
    except RehearsalError as error:
        sys.exit(f"{sys.argv[1]}: {error}")
