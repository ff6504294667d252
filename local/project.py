"""The Serverless project that is deployed into the embedded AWS, described by `embedded-aws.toml` in its folder."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

FILE = "embedded-aws.toml"
VARIABLE = "SWIPELINE_PROJECT"  # the project's folder
ROOT = Path(__file__).resolve().parent.parent  # the folder that holds this package


class ProjectError(ValueError):
    """A project's description cannot be read; the message says where and what was expected."""


@dataclass(frozen=True)
class Warehouse:
    """The Redshift Serverless workgroup: CloudFormation does not create it here, so it is there from the start."""

    workgroup: str = "default"
    database: str = "dev"
    owner: str = "admin"
    owner_secret: str = "warehouse-admin"  # noqa: S105  the Secrets Manager secret with the owner's password


@dataclass(frozen=True)
class Project:
    """What is deployed.

    ``service`` is the name in serverless.yml; ``inputs`` are the files and folders that a deployment is made of (empty:
    all of the folder); ``after_deploy`` is the short name of a function that is invoked after each deployment, and
    ``ignored_error`` a part of its error message that does not fail the deployment; ``refused_when_full`` are ends of
    API paths whose POSTs answer 503 while the disk is full; ``command`` is the command that messages name; ``home``
    is the default folder for state.
    """

    folder: Path
    service: str
    inputs: tuple[str, ...] = ()
    after_deploy: str = ""
    refused_when_full: tuple[str, ...] = ()
    ignored_error: str = ""
    command: str = "python -m local"
    home: str = ".embedded-aws"
    warehouse: Warehouse = field(default_factory=Warehouse)

    def stack_name(self, stage: str) -> str:
        """The CloudFormation stack of a stage, as the Serverless Framework names it."""
        return f"{self.service}-{stage}"


def read_project(folder: Path) -> Project:
    """Read a folder's description. Raises ProjectError."""
    path = folder / FILE
    try:
        values: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        warehouse = Warehouse(**values.pop("warehouse", {}))
        lists: dict[str, Any] = {name: tuple(values.pop(name, ())) for name in ("inputs", "refused_when_full")}
        return Project(folder=folder, warehouse=warehouse, **lists, **values)
    except FileNotFoundError as error:
        raise ProjectError(f'{path} does not exist: create it with at least service = "NAME"') from error
    except (tomllib.TOMLDecodeError, TypeError) as error:
        raise ProjectError(f"{path}: {error}") from error


@cache  # the emulator empties its environment before functions inherit it
def current() -> Project:
    """The project that `SWIPELINE_PROJECT` names, or the one around this package. Raises ProjectError."""
    return read_project(Path(os.environ.get(VARIABLE) or ROOT).expanduser().resolve())
