"""Does what a page of docs/how-to says to a copy of the tree: new files, texts appended, lines put before another."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_BLOCK = re.compile(
    r"^```(?:python|sql|yaml|markdown) (\S+)(?: before ([^\n]+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL
)


def copy(folder: Path) -> None:
    """Copy every file that is tracked or new, and link what is installed."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    for name in names:
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    (folder / "node_modules").symlink_to(ROOT / "node_modules")


def apply(folder: Path, page: str) -> list[str]:
    """Apply the blocks of a page that name a file. Returns the files changed."""
    changed = []
    for name, anchor, text in _BLOCK.findall((ROOT / "docs" / "how-to" / page).read_text(encoding="utf-8")):
        path = folder / name
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        if anchor:
            [place] = [match.start() for match in re.finditer(rf"^ *{re.escape(anchor)}", before, re.MULTILINE)]
            after = before[:place] + text + before[place:]
        else:
            after = before + text
        path.write_text(after, encoding="utf-8")
        changed.append(name)
    return changed


def run(folder: Path, *arguments: str) -> str:
    """Run Python in the copy, with the copy's modules. Raises AssertionError with its output if it fails."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    return done.stdout
