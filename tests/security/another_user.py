"""What another user of the machine can read below a folder: tried by a process that has become that user."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

# Root opens each folder (O_PATH: for no reading), becomes nobody, and tries from there: so each folder has to keep him
# out by itself, whatever the folders above it do.
_SCRIPT = """
import os, resource, sys
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
found = []
for folder, folders, files in os.walk(sys.argv[1]):
    found.append((folder, os.open(folder, os.O_PATH | os.O_DIRECTORY), files))
os.setgroups([])
os.setresgid(65534, 65534, 65534)
os.setresuid(65534, 65534, 65534)
def readable(name, descriptor):
    try:
        os.close(os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=descriptor))
        return True
    except OSError:
        return False
for folder, descriptor, files in found:
    if readable('.', descriptor):
        print(folder)
    for name in files:
        if readable(name, descriptor):
            print(os.path.join(folder, name))
"""


def read_by_another_user(folder: Path) -> list[str]:
    """The folders that uid 65534 can list and the files that it can open. Needs root."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", _SCRIPT, str(folder)], cwd="/", capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()
