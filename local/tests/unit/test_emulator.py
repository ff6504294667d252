"""How the emulator is started and what its extra route answers."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from local.cloudwatch.faults import Faults
from local.door.verifying import role_arn
from local.emulator import emulator_environment, with_routes
from local.permissions import Permissions
from local.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path, 4566)


def test_a_role_session_is_mapped_to_its_role() -> None:
    assert role_arn("arn:aws:sts::1:assumed-role/name/session") == "arn:aws:iam::1:role/name"
    assert role_arn("arn:aws:iam::1:root") == "arn:aws:iam::1:root"


def test_the_emulator_listens_on_the_loopback_and_enforces_iam(settings: Settings) -> None:
    environment = emulator_environment(settings, {})
    assert environment["BIND_HOST"] == "127.0.0.1"
    assert environment["AUTH"] == "true"


def test_nothing_of_the_shell_reaches_the_functions(settings: Settings) -> None:
    shell = {"PATH": "/bin", "TMPDIR": "/x", "AWS_PROFILE": "a", "AWS_SESSION_TOKEN": "secret", "DATABASE_URL": "b"}
    environment = emulator_environment(settings, shell)
    assert environment["PATH"] == "/bin"
    assert environment["TMPDIR"] == str(settings.functions), "functions are unpacked where `down` finds them"
    assert environment["AWS_ACCESS_KEY_ID"] == settings.root_key.access_key_id
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN", "DATABASE_URL"} & set(environment)


def test_other_requests_pass_through_untouched() -> None:
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope)

    scope = {"type": "http", "method": "GET", "path": "/bucket/_swipeline/caller", "headers": []}
    asyncio.run(with_routes(app, Faults(), Permissions())(scope, None, None))  # type: ignore[arg-type]
    assert seen == [scope]


@pytest.mark.parametrize("port", ["80", "70000", "x", "-1"])
def test_a_port_that_cannot_be_used_is_refused(port: str) -> None:
    with pytest.raises(ValueError, match="SWIPELINE_PORT"):
        Settings.from_environment({"SWIPELINE_PORT": port})


def test_a_process_talks_to_this_emulator_only(tmp_path: Path) -> None:
    settings = Settings.from_environment({"SWIPELINE_HOME": str(tmp_path), "SWIPELINE_PORT": "5000"})
    environment = settings.environment({"AWS_PROFILE": "work", "PATH": "/bin"})
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:5000"
    assert environment["AWS_ENDPOINT_URL_REDSHIFT_DATA"] == "http://127.0.0.1:5001"
    assert "AWS_PROFILE" not in environment
