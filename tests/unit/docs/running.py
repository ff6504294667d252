"""How a documented command is run: the values of its placeholders; which commands are left out, and why."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.unit.docs.commands import why_wrong
from tests.unit.docs.documents import Shown, documents, shown

# What happened, or was decided, is not for a reader to type again.
HISTORY = re.compile(r"CHANGELOG\.md|docs/decisions/|fraud/models/|docs/licenses\.md|tests/")
FIRST = ["README.md", "CONTRIBUTING.md"]

# Left out, and why. Only the form of these is checked (test_commands_in_documents.py).
LEFT_OUT = {
    r"aws .*": "needs an AWS account; those that repair something are run by tests/gamedays on the embedded AWS",
    r"swipeline (deploy|remove|verify)\b.*|sls (deploy|rollback|remove)\b.*":
        "deploys to AWS or checks it; tests/e2e/test_deploy_page.py runs those of docs/deploy.md with stage local",
    r"sls invoke --stage .*": "invokes a function on AWS; the embedded one is invoked by `sls invoke local`",
    r"make (test(-\w+)?|lint|docs|prose|security(-tests)?)|pytest .*":
        "runs tests or checks, this one among them: .ci/run and the workflows do",
    r"make (chaos|gamedays|mutations|fuzz-\w+|bench(-full)?)\b.*|python -m tests\.chaos\.run .*":
        "takes minutes to hours; tests/chaos, tests/gamedays, tests/fuzz and tests/unit/benchmarks run a part of it",
    r"make screenshots|python -m scripts\.screenshots.*": "drives a browser; tests/browser does",
    r"swipeline demo( --stage dev)?": "is what `make demo` runs, which is run here",
    r"make (dashboard|setup-train)": "is the command or the setup that is run here, by another name",
    r"python -m scripts\.shipped_model": "trains for an hour; tests/unit/fraud trains small models",
    r"swipeline model (promote|back|challenge)\b.*|make train .*":
        "needs a model and weeks of labels; tests/unit/fraud and tests/e2e/test_fraud.py make them",
    r"swipeline (quarantine|dead-letters) discard --kind lines --note WHY --yes":
        "deletes what the other commands look at; tests/gamedays runs it",
    r"swipeline (batch|score|sql)": "names the command in a sentence; it needs an argument",
    r"export PATH=.*|source .*": "sets up a shell, as this test does",
    r"python -m local .*": "is for a project of the reader's; local/tests runs it on a sample",
    r"python -m tests\.conformance\.redshift\.statements FILE": "needs a PostgreSQL; tests/conformance runs it",
}  # fmt: skip

# Servers, and streams without an end: started, seen to work, ended.
ENDLESS = re.compile(r"swipeline (dashboard|console)\b|--follow\b")

# Exit codes that say what a healthy command found, besides 0.
ALSO = {
    r"swipeline doctor\b": {1},  # whatever the commands before it have left
    r"swipeline quarantine redrive\b": {1},  # an entry stays
    r"swipeline (reconcile(?! --allow-foreign)|repair|repair-roles)\b": {1},  # something differs
    r"swipeline inspect mine\.csv": {1},  # the file needs a mapping first
    r"swipeline (send|batch|demo)\b": {2},  # rows were rejected
    r"swipeline transactions --merchant Kirlin": {1},  # part of a name finds no merchant
}


@dataclass(frozen=True)
class Step:
    """A command of a document, as bash runs it."""

    shown: Shown
    run: str
    endless: bool
    exits: frozenset[int]


def why_left_out(text: str) -> str | None:
    """Why a command is not run, or None."""
    return next((reason for pattern, reason in LEFT_OUT.items() if re.fullmatch(pattern, text)), None)


def filled(text: str, values: Mapping[str, str]) -> str:
    """A command with its placeholders filled in: capital words, `a|b`, `...`, and options in brackets.

    A command for a stage on AWS is run on stage local.
    """
    text = re.sub(r"\[([^\]|]*)[^\]]*\]", r"\1", text)
    text = re.sub(r"(?<=\s)([a-z]+)\|[a-z|]+(?=\s|$)", r"\1", text)
    if not text.startswith("swipeline cost"):  # it packages the stage's template and asks AWS nothing
        text = re.sub(r"(--stage[= ])(?:dev|prod|STAGE)\b", r"\1local", text)
    for name, value in values.items():
        text = re.sub(rf"(?<![\w$-]){re.escape(name)}(?![\w-])", lambda _, value=value: value, text)
    return text


def _turn(text: str) -> int:
    """1 for samples that no journal has, since `reconcile` would wait for them; 2 for what ends the stage."""
    if text.startswith("swipeline down"):
        return 2
    return int(bool(re.match(r"sls invoke |swipeline (repair --yes|reconcile --allow-foreign)", text)))


def steps(values: Mapping[str, str]) -> Iterator[Step]:
    """What is run, in the order of the documents, each command once; those that disturb others come last.

    A command in a sentence is run if it is complete: `swipeline send` without a file is only named there.
    """
    order = sorted((d for d in documents() if not HISTORY.match(d)), key=lambda d: (d not in FIRST, d))
    found: dict[str, tuple[str, Shown]] = {}
    for document in order:
        for one in shown(document):
            if why_left_out(one.text) is None:
                text = filled(one.text, values)
                found.setdefault(" ".join(text.replace("--stage local", "").split()), (text, one))
    for text, one in sorted(found.values(), key=lambda found: _turn(found[0])):
        if one.span and text.startswith("swipeline ") and why_wrong(text):
            continue
        if re.match(r"python -m benchmarks\.", text) and "--help" not in text:
            text = f"{text.split(' --')[0]} --help"  # a measurement takes minutes; that it starts is shown
        exits = {0} | {code for pattern, codes in ALSO.items() if re.match(pattern, text) for code in codes}
        yield Step(one, text, bool(ENDLESS.search(text)), frozenset(exits))
