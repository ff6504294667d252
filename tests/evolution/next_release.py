"""Makes the next release: a copy of the tree, with what docs/how-to/add-a-field.md says done to it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "how-to" / "add-a-field.md"
_BLOCK = re.compile(r"^```(?:python|sql) (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_END_OF_FIELDS = "    # fmt: on\n"
_GENERATED = re.compile(r"docs/|redshift/(columns\.json|jsonpaths/)")


def make(folder: Path) -> list[str]:
    """Copy the tree to a folder and add the page's fields; give the files that a person touches."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    names = [name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    for name, text in _BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        path = folder / name
        if path.exists():
            before = path.read_text(encoding="utf-8")
            assert before.count(_END_OF_FIELDS) == 1
            text = before.replace(_END_OF_FIELDS, textwrap.indent(text, "    ") + _END_OF_FIELDS)
        path.write_text(text, encoding="utf-8")
    for module in ("scripts.schema_files", "scripts.api_description"):
        run(folder, "-m", module)
    touched = {name for name in names if (folder / name).read_bytes() != (ROOT / name).read_bytes()}
    touched |= {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {*names}
    return sorted(name for name in touched if not _GENERATED.match(name) and "__pycache__" not in name)


def run(folder: Path, *arguments: str, given: str = "") -> str:
    """Run Python in a release's folder, with that release's modules; give what it wrote."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout
