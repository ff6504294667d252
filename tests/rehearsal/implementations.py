"""The implementations of AWS that a deploy is rehearsed before, and what each of them refuses, with the reason."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.template.packaging import ROOT

PYTHON = "3.13"  # localemu needs 3.12 or newer, whatever runs the tests


@dataclass(frozen=True)
class Implementation:
    """An implementation: its package, the arguments of its server, and the resources that are left out, with why."""

    name: str
    requirement: str
    arguments: tuple[str, ...]
    refused: dict[str, str] = field(default_factory=dict)  # by logical id, or by type
    not_updated: dict[str, str] = field(default_factory=dict)  # by type: the update leaves these as they were created
    stands_in: bool = False  # what refers to a refused resource has a text instead; else it is left out as well
    invokes: bool = False  # it creates functions, whose code is invoked with the sample events
    not_invoked: dict[str, str] = field(default_factory=dict)  # by function

    def left_out(self, resources: Mapping[str, Any]) -> set[str]:
        """The logical ids of a template that it refuses."""
        return {name for name, one in resources.items() if name in self.refused or one["Type"] in self.refused}

    def install(self) -> Path:
        """A virtual environment with the package, under build/; gives its Python. Raises CalledProcessError."""
        folder = ROOT / "build" / "rehearsal" / self.requirement.replace("[", "-").replace("]", "")
        python = folder / "bin" / "python"
        if not (folder / "ready").exists():
            uv = str(Path(sys.executable).with_name("uv"))
            subprocess.run([uv, "venv", "--quiet", "--clear", "--python", interpreter(), str(folder)], check=True)
            subprocess.run([uv, "pip", "install", "--quiet", "--python", str(python), self.requirement], check=True)
            (folder / "ready").touch()
        return python

    def command(self, python: Path, port: int) -> list[str]:
        """What starts the server."""
        program, *rest = self.arguments
        return [str(python.with_name(program)), *(word.format(port=port) for word in rest)]


def interpreter() -> str:
    """A Python that is new enough: pyenv's, or what uv finds or fetches."""
    found = sorted(Path.home().glob(f".pyenv/versions/{PYTHON}.*/bin/python"))
    return str(found[-1]) if found else PYTHON


_WITHOUT_METHODS = {
    "AWS::ApiGateway::Deployment": "without the functions the API has no methods to deploy",
    "AWS::ApiGateway::UsagePlan": "its stage is the deployment's",
}
IMPLEMENTATIONS = {
    one.name: one
    for one in (
        Implementation(
            "localemu",
            "localemu==1.3.2",
            ("localemu", "start", "--host", "127.0.0.1", "--port", "{port}"),
            {
                "AWS::RedshiftServerless::Namespace": "unknown to it",
                "AWS::RedshiftServerless::Workgroup": "unknown to it",
                "AWS::Lambda::Function": "it creates a function in Docker alone",
                "AWS::Lambda::LayerVersion": "it makes none of the packaged zip where no function asks for it",
                **_WITHOUT_METHODS,
            },
        ),
        Implementation(
            "moto",
            "moto[all,server]==5.2.5",
            ("moto_server", "--host", "127.0.0.1", "--port", "{port}"),
            dict.fromkeys(
                (
                    "AWS::ApiGateway::Account",
                    "AWS::ApiGateway::ApiKey",
                    "AWS::ApiGateway::UsagePlan",
                    "AWS::ApiGateway::UsagePlanKey",
                    "AWS::Athena::NamedQuery",
                    "AWS::Athena::WorkGroup",
                    "AWS::Budgets::Budget",
                    "AWS::CloudWatch::Alarm",
                    "AWS::Glue::Crawler",
                    "AWS::Glue::Database",
                    "AWS::Glue::Job",
                    "AWS::KinesisFirehose::DeliveryStream",
                    "AWS::Lambda::EventInvokeConfig",
                    "AWS::Logs::LogStream",
                    "AWS::Logs::QueryDefinition",
                    "AWS::RedshiftServerless::Namespace",
                    "AWS::RedshiftServerless::Workgroup",
                    "AWS::S3::BucketPolicy",
                    "AWS::SNS::TopicPolicy",
                    "AWS::SQS::QueuePolicy",
                    "AWS::Scheduler::Schedule",
                    "AWS::Scheduler::ScheduleGroup",
                    "AWS::SecretsManager::Secret",
                ),
                "no type of its CloudFormation",
            )
            | dict.fromkeys(
                (
                    "AWS::EC2::InternetGateway",
                    "AWS::EC2::Route",
                    "AWS::EC2::RouteTable",
                    "AWS::EC2::SecurityGroup",
                    "AWS::EC2::Subnet",
                    "AWS::EC2::SubnetRouteTableAssociation",
                    "AWS::EC2::VPC",
                    "AWS::EC2::VPCGatewayAttachment",
                ),
                "it creates them, but deletes the VPC before what is in it: DependencyViolation",
            ),
            not_updated={
                "AWS::Lambda::LayerVersion": "its update of a function that has a layer raises AttributeError",
                "AWS::Lambda::Function": "its update of a function that has a layer raises AttributeError",
            },
            stands_in=True,
            invokes=True,
            not_invoked={
                "merge-warehouse": "it has no warehouse behind the Redshift Data API",
                "migrate-warehouse": "it has no warehouse behind the Redshift Data API",
                "detect-fraud": "its PartiQL takes no parameters in a conditional INSERT: profiles are written so",
                "write-to-dynamodb": "its PartiQL takes no parameters in a conditional INSERT: transactions, too",
            },
        ),
    )
}
