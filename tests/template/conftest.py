"""The packaged stages, each packaged when first asked for."""

from __future__ import annotations

import pytest

from tests.template.template import Template, packaged

# try-out stands for any stage that stages.yml does not name.
STAGES = ("dev", "prod", "local", "try-out")


@pytest.fixture(params=STAGES)
def template(request: pytest.FixtureRequest) -> Template:
    """Each stage in turn."""
    return packaged(request.param)


@pytest.fixture(params=[stage for stage in STAGES if stage != "local"])
def on_aws(request: pytest.FixtureRequest) -> Template:
    """Each stage that runs on AWS in turn."""
    return packaged(request.param)


@pytest.fixture(params=["prod", "local"])
def full(request: pytest.FixtureRequest) -> Template:
    """Each stage that has all alarms and the dashboards; dev has the essential alarms alone."""
    return packaged(request.param)


@pytest.fixture
def dev() -> Template:
    """Stage dev."""
    return packaged("dev")


@pytest.fixture
def guarded() -> Template:
    """Stage dev with the API's two options on: a web application firewall, and SigV4 beside the key."""
    return packaged("dev", "webFirewall=firewall", "apiAuthorizer=aws_iam")


@pytest.fixture
def prod() -> Template:
    """Stage prod."""
    return packaged("prod")


@pytest.fixture
def local() -> Template:
    """Stage local, of the embedded AWS."""
    return packaged("local")


@pytest.fixture
def try_out() -> Template:
    """A stage with a name of its own."""
    return packaged("try-out")
