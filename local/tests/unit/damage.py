"""`python -m local.tests.unit.damage HOME [--trials 300]`: damages each file of a stopped home's copy in turn.

A trial is right when the check of `swipeline up` restores every file to the byte, or names the damaged file and leaves
everything as it is. Exits with the number of trials that were not.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from local import manifest

Ways = dict[str, Callable[[Path, random.Random], None]]


def cut(path: Path, draw: random.Random) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: max(0, len(content) - draw.randint(1, 100))])


def flip(path: Path, draw: random.Random) -> None:
    content = bytearray(path.read_bytes())
    at = max(0, len(content) // 2 - 2)
    for place in range(at, min(at + 4, len(content))):
        content[place] ^= draw.randint(1, 255)
    path.write_bytes(content)


WAYS: Ways = {
    "cut": cut,
    "flipped": flip,
    "emptied": lambda path, _: path.write_bytes(b"") and None,
    "deleted": lambda path, _: path.unlink(),
}


def contents(home: Path) -> dict[str, bytes]:
    """Every file that holds state, and the list of them, by its path."""
    found = [*manifest.files(home), home / manifest.NAME]
    return {path.relative_to(home).as_posix(): path.read_bytes() for path in found if path.exists()}


def try_once(home: Path, name: str, way: str, draw: random.Random) -> tuple[str, str]:
    """Damage a file of a home, check it, put the file back; the outcome, and why it is wrong (empty: right)."""
    before, path = contents(home), home / name
    WAYS[way](path, draw)
    damaged = contents(home)
    if damaged == before:
        return "no damage", ""
    try:
        recovered = manifest.check(home)
    except manifest.DamagedHomeError as error:
        wrong = "" if name in str(error) else "the file is not named"
        result = "refused", wrong or ("" if contents(home) == damaged else "something was changed")
    else:
        named = any(one.path == name for one in recovered)
        is_list = name == manifest.NAME
        whole = contents(home) == before or is_list
        result = "recovered", "" if whole and named else "lost without a word"
    path.write_bytes(before[name])
    return result


def run(home: Path, trials: int, seed: int) -> tuple[Counter[str], list[str]]:
    """Damage the files of a home, each in turn; how the trials ended, and those that are wrong."""
    draw, ended, wrong = random.Random(seed), Counter[str](), []
    names = sorted(contents(home))
    pairs = [(name, way) for name in names for way in WAYS]
    if trials < len(pairs):
        pairs = draw.sample(pairs, trials)
    for number in range(trials):
        name, way = pairs[number % len(pairs)]
        outcome, why = try_once(home, name, way, draw)
        ended[outcome] += 1
        if why:
            wrong.append(f"{name} {way}: {why}")
    return ended, wrong


def main() -> None:
    """Work on a copy of the home."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("home", type=Path)
    arguments.add_argument("--trials", type=int, default=300)
    arguments.add_argument("--seed", type=int, default=1)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder, "home")
        shutil.copytree(given.home, home)
        ended, wrong = run(home, given.trials, given.seed)
    print(dict(ended), *wrong, sep="\n")
    sys.exit(len(wrong))


if __name__ == "__main__":
    main()
