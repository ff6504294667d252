"""The region of a stage, by the same rule as the template's (resources/variables/region.js)."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import botocore.session

from client.errors import ClientError
from client.serverless import REPOSITORY
from local.settings import REGION

REGIONS = REPOSITORY / "resources" / "regions.json"


def servable(path: Path = REGIONS) -> tuple[str, ...]:
    """The regions that the template can serve, sorted."""
    return tuple(sorted(json.loads(path.read_text(encoding="utf-8"))))


def choose(environment: Mapping[str, str] = os.environ) -> str:
    """AWS_REGION, else AWS_DEFAULT_REGION, else the profile's region, else us-east-1.

    boto3 alone does not read AWS_REGION. Raises ClientError for a region that the template cannot serve.
    """
    named = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION")
    region = named or _of_profile(environment) or REGION
    known = servable()
    if region not in known:
        raise ClientError(
            f"Region {region} cannot hold a stage: resources/regions.json does not know it. "
            f"Set AWS_REGION to one of {', '.join(known)}."
        )
    return region


def _of_profile(environment: Mapping[str, str]) -> str:
    session = botocore.session.Session()
    session.set_config_variable("config_file", environment.get("AWS_CONFIG_FILE", "~/.aws/config"))
    profile = environment.get("AWS_PROFILE") or environment.get("AWS_DEFAULT_PROFILE") or "default"
    found = session.full_config.get("profiles", {}).get(profile, {})
    return str(found.get("region", ""))
