"""Writes docs/sbom.json (CycloneDX 1.6) and docs/licenses.md from the locks: all that is deployed, builds or tests."""

from __future__ import annotations

import importlib.metadata
import json
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SBOM, LICENSES = ROOT / "docs" / "sbom.json", ROOT / "docs" / "licenses.md"
_LOCKED = re.compile(r"([a-z0-9.-]+)==(\S+)(.*)")
_OF_CLASSIFIER = {"Apache Software License": "Apache-2.0", "BSD License": "BSD-3-Clause", "MIT License": "MIT"}
# Names that are no SPDX expression in the packages' own metadata.
_SPDX = {"MIT License": "MIT", "Apache License 2.0": "Apache-2.0", "Dual License": "Apache-2.0 OR BSD-3-Clause"}


def python_components() -> list[dict[str, Any]]:
    """The functions' packages, from requirements.lock, with the hashes that pip asks for."""
    found = []
    for line in (ROOT / "requirements.lock").read_text().splitlines():
        match = _LOCKED.match(line)
        if not match:
            raise ValueError(f"requirements.lock: cannot read {line[:60]!r}")
        name, version, rest = match.groups()
        hashes = [{"alg": "SHA-256", "content": digest} for digest in sorted(re.findall(r"sha256:(\w{64})", rest))]
        found.append(_component(name, version, f"pkg:pypi/{name}@{version}", _license(name), "required", hashes))
    return found


def laptop_components(deployed: set[str]) -> list[dict[str, Any]]:
    """The other Python packages, from constraints.txt and requirements-setup.lock: they run on a laptop, or test."""
    text = "".join((ROOT / name).read_text() for name in ("constraints.txt", "requirements-setup.lock"))
    found: dict[str, dict[str, Any]] = {}
    for line in text.replace("\\\n", " ").splitlines():
        if line.startswith("#"):
            continue
        match = _LOCKED.match(line)
        if not match or "sha256:" not in line:
            raise ValueError(f"constraints.txt: no version and hash in {line[:60]!r}: run `make lock`")
        name, version, rest = match.groups()
        url = f"pkg:pypi/{name}@{version}"
        hashes = [{"alg": "SHA-256", "content": digest} for digest in sorted(re.findall(r"sha256:(\w{64})", rest))]
        if url not in deployed:
            found[url] = _component(name, version, url, None, "excluded", hashes)
    return [found[url] for url in sorted(found)]


def node_components() -> list[dict[str, Any]]:
    """The Serverless Framework, its plugins and the prose linter, from the locks of npm: none is deployed."""
    found = {}
    locks = [ROOT / "package-lock.json", ROOT / "scripts" / "prose" / "package-lock.json"]
    packages = [one for lock in locks for one in json.loads(lock.read_text())["packages"].items()]
    for path, about in packages:
        if path:
            name, version = path.rpartition("node_modules/")[2], about["version"]
            url = f"pkg:npm/{name.replace('@', '%40')}@{version}"
            found[url] = _component(name, version, url, about.get("license", "NOASSERTION"), "excluded", [])
    return [found[url] for url in sorted(found)]


def _component(
    name: str, version: str, url: str, license: str | None, scope: str, hashes: list[dict[str, str]]
) -> dict[str, Any]:
    component: dict[str, Any] = {
        "type": "library", "bom-ref": url, "name": name, "version": version, "scope": scope, "purl": url,
    }  # fmt: skip
    if license:
        component["licenses"] = [{"expression": license}]
    return component | ({"hashes": hashes} if hashes else {})


def _license(name: str) -> str:
    about = importlib.metadata.metadata(name)
    said = about.get("License-Expression") or about.get("License") or ""
    if said and len(said) < 60:
        return _SPDX.get(said, said)
    classes = [line.rpartition(" :: ")[2] for line in about.get_all("Classifier", []) if line.startswith("License")]
    return " OR ".join(sorted(_OF_CLASSIFIER[one] for one in classes)) or "NOASSERTION"


def documents() -> dict[Path, str]:
    """Give the text of both files; the same locks give the same text, so there is no date in it."""
    deployed, builds = python_components(), node_components()
    about = {"component": {"type": "application", "bom-ref": "swipeline", "name": "swipeline"}}
    laptop = laptop_components({one["purl"] for one in deployed})
    bom = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "metadata": about}
    rows = [f"| {one['name']} | {one['version']} | {one['licenses'][0]['expression']} |" for one in deployed]
    counts: dict[str, int] = {}
    for one in builds:
        license = one["licenses"][0]["expression"]
        counts[license] = counts.get(license, 0) + 1
    built = [f"| {license} | {counts[license]} |" for license in sorted(counts)]
    text = [
        "# Licenses",
        "",
        "Made by `python -m scripts.sbom`. The functions' packages (botocore, urllib3, python-dateutil and six are",
        "Lambda's own, and left out of the layer):",
        "",
    ]
    text += ["| package | version | license |", "|---|---|---|", *rows, ""]
    text += ["What builds and deploys (npm), by license:", "", "| license | packages |", "|---|---|", *built, ""]
    return {
        SBOM: json.dumps(bom | {"components": [*deployed, *laptop, *builds]}, indent=1) + "\n",
        LICENSES: "\n".join(text),
    }


def main() -> None:
    """Write, or with --check exit with 1 where a file is not what the locks say."""
    check = "--check" in sys.argv[1:]
    stale = [path for path, text in documents().items() if not path.exists() or path.read_text() != text]
    for path in stale:
        if check:
            print(f"{path.relative_to(ROOT)} is stale: run `python -m scripts.sbom`")  # noqa: T201
        else:
            path.write_text(documents()[path])
    sys.exit(1 if check and stale else 0)


if __name__ == "__main__":
    main()
