"""Files and folders that only their owner can use, whatever the umask and whatever was there before."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

FOLDER_MODE = 0o700
FILE_MODE = 0o600
UMASK = 0o077


class NotPrivateError(OSError):
    """A folder belongs to another user, who could read and replace what is in it."""


def private_folder(path: Path) -> Path:
    """Create a folder with mode 0700, or narrow the mode of an existing one; parents keep their own mode.

    Raises NotPrivateError for a folder of another user, and for a symlink: both lead where somebody else decides.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        path.mkdir(mode=FOLDER_MODE)
    found = path.lstat()
    if stat.S_ISLNK(found.st_mode) or not stat.S_ISDIR(found.st_mode):
        raise NotPrivateError(f"{path} is not a folder")
    if found.st_uid != os.geteuid():
        raise NotPrivateError(f"{path} belongs to another user (uid {found.st_uid}): choose a folder of your own")
    if stat.S_IMODE(found.st_mode) != FOLDER_MODE:
        path.chmod(FOLDER_MODE)
    return path


def private_umask() -> int:
    """Make everything that this process and its children create private; returns the umask until now."""
    return os.umask(UMASK)


@contextmanager
def privately() -> Iterator[None]:
    """The private umask for a while, in a program whose other files are not ours to hide."""
    earlier = private_umask()
    try:
        yield
    finally:
        os.umask(earlier)


def make_private(home: Path) -> None:
    """Take group's and others' rights from everything below a home, which older versions gave to all.

    Symlinks are left alone and not followed. The owner's bits stay: functions bring programs.
    """
    private_folder(home)
    for folder, folders, files in os.walk(home):
        for name in (*folders, *files):
            path = Path(folder, name)
            try:
                mode = path.lstat().st_mode
                if not stat.S_ISLNK(mode) and mode & UMASK:
                    path.chmod(stat.S_IMODE(mode) & ~UMASK)
            except FileNotFoundError:  # removed meanwhile
                continue


def open_private(path: Path, flags: int = 0) -> int:
    """A file descriptor of a private file, for reading and writing; it is created if need be, and never truncated.

    Raises OSError when the path is a symlink, and NotPrivateError when the file is another user's.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | flags, FILE_MODE)
    if os.fstat(descriptor).st_uid != os.geteuid():
        os.close(descriptor)
        raise NotPrivateError(f"{path} belongs to another user")
    os.fchmod(descriptor, FILE_MODE)
    return descriptor
