"""Packages a stage as `sls package` does, once for each state of the sources, in a copy of them."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# All that a package is made of. The framework works in .serverless/ beside it: in a copy, tests never wipe a deploy's.
SOURCES = ("serverless.yml", "package.json", "package-lock.json", "requirements.txt", "requirements.lock")
TREES = ("resources", "handlers", "functions", "shared", "redshift", "glue", "fraud")
CACHE = ROOT / "build" / "template-tests"
KEEP = 4  # packages of the latest states of the sources


def package(stage: str, *parameters: str, region: str = "us-east-1") -> Path:
    """Give the folder with a stage's template and zips, packaged now unless these very sources were before.

    ``parameters`` are name=value, as for `sls --param`. Safe to call from several processes at once. Needs no AWS
    account: none can be found while it runs. Raises RuntimeError with the framework's output when it fails.
    """
    elsewhere = () if region == "us-east-1" else (region,)
    folder = CACHE / _fingerprint() / ",".join((stage, *parameters, *elsewhere))
    with _locked(folder.name):
        if not (folder / "done").exists():
            # The first of these sources builds the layer, alone; the others use it side by side.
            with _locked("layers", shared=any(folder.parent.glob("*/done"))):
                _package(stage, folder, parameters=parameters, region=region)
            _forget_old()
            (folder / "done").touch()
    return folder


@contextmanager
def _locked(name: str, *, shared: bool = False) -> Iterator[None]:
    locks = CACHE / "locks"
    locks.mkdir(parents=True, exist_ok=True)
    with (locks / name).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        yield


def package_again(stage: str, folder: Path, layers: Path) -> None:
    """Package these sources once more, with nothing left of an earlier time: the layer is built in ``layers``."""
    _package(stage, folder, layers)


def _package(
    stage: str,
    folder: Path,
    layers: Path = ROOT / "build" / "layers",
    parameters: Sequence[str] = (),
    region: str = "us-east-1",
) -> None:
    sls = ROOT / "node_modules" / ".bin" / "sls"
    if not sls.exists():
        raise RuntimeError("the Serverless Framework is not installed: run `make setup`")
    work = folder.with_name(f"{folder.name}.work")
    shutil.rmtree(work, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)
    work.mkdir(parents=True)
    for file in _files():
        target = work / file.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, target)
    (work / "node_modules").symlink_to(ROOT / "node_modules")
    # A file that must not be packaged, in a folder that is.
    (work / "shared" / "__pycache__").mkdir()
    (work / "shared" / "__pycache__" / "schema.cpython-311.pyc").write_bytes(b"stale")
    (work / "build").mkdir()
    layers.mkdir(parents=True, exist_ok=True)
    (work / "build" / "layers").symlink_to(layers)
    done = subprocess.run(
        [
            *(str(sls), "package", "--stage", stage, "--region", region, "--package", str(folder)),
            *(f"--param={parameter}" for parameter in parameters),
        ],
        cwd=work,
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"sls package --stage {stage} failed:\n{done.stdout}\n{done.stderr}")
    # Links into the work folder, which goes.
    for link in [path for path in folder.iterdir() if path.is_symlink()]:
        target = link.resolve()
        link.unlink()
        if target.is_file():
            shutil.copy2(target, link)
    shutil.rmtree(work)


def _environment() -> dict[str, str]:
    """Give an environment in which nobody is logged in to AWS."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SWIPELINE_", "SLS_"))}
    return kept | {
        "SWIPELINE_PYTHON": sys.executable,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NODE_NO_WARNINGS": "1",
        "SLS_TELEMETRY_DISABLED": "1",
    }


def _files() -> Iterator[Path]:
    yield from (ROOT / name for name in SOURCES)
    for tree in TREES:
        yield from sorted(p for p in (ROOT / tree).rglob("*") if p.is_file() and "__pycache__" not in p.parts)


def _fingerprint() -> str:
    digest = hashlib.sha256(sys.version.encode())
    digest.update(Path(__file__).read_bytes())
    for file in _files():
        digest.update(f"{file.relative_to(ROOT)}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _forget_old() -> None:
    states = [path for path in CACHE.iterdir() if path.is_dir() and path.name not in ("locks", "cfn-lint")]
    for state in sorted(states, key=lambda path: path.stat().st_mtime)[:-KEEP]:
        shutil.rmtree(state, ignore_errors=True)
