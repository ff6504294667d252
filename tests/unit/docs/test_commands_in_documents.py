"""Every command that a document shows exists, with the options that are shown."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from itertools import pairwise

import pytest
import yaml

from tests.unit.docs.commands import ROOT, why_wrong

BLOCK = re.compile(r"^ *```(?:bash|sh|shell|console|text)?\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`((?:swipeline|make|sls|pytest|python -m) [^`\n]+)`")
PLACEHOLDER = re.compile(r"(?<![\w-])(?:\.\.\.|…)(?![\w-])|\[[^\]]*\]")
TARGETS = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
# `sls` and its plugins: the commands that the documents use.
SLS = {"deploy", "deploy list", "deploy function", "invoke", "invoke local", "package", "print", "remove", "rollback"}


def documents() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [name for name in listed.splitlines() if (ROOT / name).is_file()]


def shown(document: str) -> Iterator[str]:
    """The commands in code blocks, continued lines joined, and in code spans."""
    text = (ROOT / document).read_text(encoding="utf-8")
    for block in BLOCK.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            command = line.strip().removeprefix("$ ")
            if re.match(r"(swipeline|make|sls|pytest|python -m)\b", command):
                yield command
    yield from spans(document)


def spans(document: str) -> list[str]:
    return INLINE.findall((ROOT / document).read_text(encoding="utf-8"))


SPANS = {document: set(spans(document)) for document in documents()}
LINES = sorted({(document, line) for document in documents() for line in shown(document)})


def words(line: str) -> list[str]:
    return shlex.split(re.sub(r"\s#.*|\s[|>&;].*", "", line))


@pytest.mark.parametrize(("document", "line"), [one for one in LINES if one[1].startswith("swipeline ")])
def test_a_swipeline_command_is_accepted_by_the_command_line(document: str, line: str) -> None:
    wrong = why_wrong(PLACEHOLDER.sub("", line))
    if line in SPANS[document]:  # a sentence may name a command without what it needs to run
        wrong = None if re.match(r"MissingParameter|no such command: \(none\)", wrong or "") else wrong
    assert wrong is None


@pytest.mark.parametrize(("document", "line"), [one for one in LINES if one[1].startswith("make ")])
def test_a_make_target_exists(document: str, line: str) -> None:
    targets = [word for word in words(PLACEHOLDER.sub("", line))[1:] if "=" not in word and not word.startswith("-")]
    assert targets
    assert set(targets) <= TARGETS


@pytest.mark.parametrize(("document", "line"), [one for one in LINES if one[1].startswith("sls ")])
def test_an_sls_command_and_its_function_exist(document: str, line: str) -> None:
    given = words(line)[1:]
    assert given[0] in SLS or " ".join(given[:2]) in SLS
    functions = yaml.load((ROOT / "resources" / "functions.yml").read_text(encoding="utf-8"), yaml.BaseLoader)
    for flag, name in pairwise(given):
        if flag == "-f":
            assert name in functions
        if flag == "-p":
            assert (ROOT / name).is_file()


@pytest.mark.parametrize(("document", "line"), [one for one in LINES if one[1].startswith(("pytest ", "python -m "))])
def test_a_python_module_or_test_file_exists(document: str, line: str) -> None:
    given = words(line)
    if given[0] == "python":
        module = ROOT / given[2].replace(".", "/")
        assert given[2] == "pytest" or module.with_suffix(".py").is_file() or (module / "__main__.py").is_file()
    else:
        for path in [word for word in given[1:] if word.startswith("tests/")]:
            assert (ROOT / path.split("::")[0]).exists()


def test_a_wrong_option_is_noticed() -> None:
    assert "no-such" in (why_wrong("swipeline send my.csv --no-such") or "")
    assert why_wrong("swipeline sned my.csv") is not None
