"""When a deployment is needed, and what is said when it cannot be done."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from local import deploy, stack
from local.deploy import DeployError, fingerprint, outputs
from local.project import Project, current
from local.settings import Settings


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for folder in ("resources", "handlers", "functions", "shared", "redshift"):
        (tmp_path / folder).mkdir()
    (tmp_path / "serverless.yml").write_text("service: x")
    (tmp_path / "handlers" / "a.py").write_text("1")
    return tmp_path


def project(folder: Path) -> Project:
    return replace(current(), folder=folder)


def test_a_changed_added_or_removed_file_of_the_package_changes_the_fingerprint(repository: Path) -> None:
    settings = Settings(repository / "home", 5000)
    seen = {fingerprint(settings, project(repository))}
    (repository / "handlers" / "a.py").write_text("2")
    seen.add(fingerprint(settings, project(repository)))
    (repository / "redshift" / "staged.sql").write_text("")
    seen.add(fingerprint(settings, project(repository)))
    (repository / "redshift" / "staged.sql").rename(repository / "redshift" / "merge.sql")
    seen.add(fingerprint(settings, project(repository)))
    (repository / "serverless.yml").unlink()
    seen.add(fingerprint(settings, project(repository)))
    assert len(seen) == 5


def test_another_port_is_another_deployment(repository: Path) -> None:
    assert fingerprint(Settings(repository, 5000), project(repository)) != fingerprint(
        Settings(repository, 5002), project(repository)
    )


def test_compiled_files_and_files_that_are_not_packaged_do_not_matter(repository: Path) -> None:
    settings = Settings(repository / "home", 5000)
    before = fingerprint(settings, project(repository))
    (repository / "handlers" / "__pycache__").mkdir()
    (repository / "handlers" / "__pycache__" / "a.pyc").write_text("x")
    (repository / "README.md").write_text("x")
    assert fingerprint(settings, project(repository)) == before


def test_without_node_it_says_so(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(deploy.sys, "executable", str(repository / "python"))
    with pytest.raises(DeployError, match="Node is missing"):
        deploy._run_serverless(Settings(repository, 5000), project(repository), "local", ())


def test_the_outputs_are_read_by_name() -> None:
    assert outputs({"Outputs": [{"OutputKey": "a", "OutputValue": "b"}]}) == {"a": "b"}
    assert outputs(None) == {}


def test_only_the_stage_local_runs_here() -> None:
    with pytest.raises(stack.StackError, match="sls deploy --stage prod"):
        stack.up("prod")


def test_a_port_that_is_taken_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        monkeypatch.setenv("SWIPELINE_HOME", str(tmp_path))
        monkeypatch.setenv("SWIPELINE_PORT", str(port))
        with pytest.raises(stack.StackError, match=rf"port {port}, which emulator needs, is taken"):
            stack.up()


def test_a_stopped_stack_has_a_status(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWIPELINE_HOME", str(tmp_path))
    monkeypatch.setenv("SWIPELINE_PORT", "45670")
    found = stack.status()
    assert not found.running
    assert not found.deployed
    assert [process.healthy for process in found.processes] == [False] * 4
    assert stack.down() is False
