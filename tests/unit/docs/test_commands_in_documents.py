"""Every command that a document shows exists, with the options that are shown."""

from __future__ import annotations

import re
import shlex
from itertools import pairwise

import pytest
import yaml
from botocore import xform_name
from botocore.session import get_session

from tests.unit.docs.commands import ROOT, why_wrong
from tests.unit.docs.documents import Shown, commands_in, documents, shown

PLACEHOLDER = re.compile(r"(?<![\w-])(?:\.\.\.|…)(?![\w-])|\[[^\]]*\]")
TARGETS = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
# `sls` and its plugins: the commands that the documents use.
SLS = {"deploy", "deploy list", "deploy function", "invoke", "invoke local", "package", "print", "remove", "rollback"}
ALL = {(one.document, one.text): one for document in documents() for one in shown(document)}
# Commands of the AWS CLI that are no operation of the API, with the options the documents may use.
AWS_CUSTOM = {("logs", "tail"): {"--since", "--follow"}}
AWS_GLOBAL = {"--query", "--output", "--region", "--profile"}


def those_of(*programs: str) -> list[Shown]:
    return [one for one in ALL.values() if one.text.startswith(programs)]


def words(line: str) -> list[str]:
    return shlex.split(re.sub(r"\s#.*|\s[|>&;].*", "", line))


@pytest.mark.parametrize("one", those_of("swipeline "), ids=str)
def test_a_swipeline_command_is_accepted_by_the_command_line(one: Shown) -> None:
    wrong = why_wrong(PLACEHOLDER.sub("", one.text))
    if one.span:  # a sentence may name a command without what it needs to run
        wrong = None if re.match(r"MissingParameter|no such command: \(none\)", wrong or "") else wrong
    assert wrong is None


@pytest.mark.parametrize("one", those_of("make "), ids=str)
def test_a_make_target_exists(one: Shown) -> None:
    targets = [word for word in words(PLACEHOLDER.sub("", one.text))[1:] if "=" not in word and word[0] != "-"]
    assert targets
    assert set(targets) <= TARGETS


@pytest.mark.parametrize("one", those_of("sls "), ids=str)
def test_an_sls_command_and_its_function_exist(one: Shown) -> None:
    given = words(one.text)[1:]
    assert given[0] in SLS or " ".join(given[:2]) in SLS
    functions = yaml.load((ROOT / "resources" / "functions.yml").read_text(encoding="utf-8"), yaml.BaseLoader)
    for flag, name in pairwise(given):
        if flag == "-f":
            assert name in functions
        if flag == "-p":
            assert (ROOT / name).is_file()


@pytest.mark.parametrize("one", those_of("pytest ", "python -m "), ids=str)
def test_a_python_module_or_test_file_exists(one: Shown) -> None:
    given = words(one.text)
    if given[0] == "python":
        module = ROOT / given[2].replace(".", "/")
        assert given[2] == "pytest" or module.with_suffix(".py").is_file() or (module / "__main__.py").is_file()
    else:
        for path in [word for word in given[1:] if word.startswith("tests/")]:
            assert (ROOT / path.split("::")[0]).exists()


def why_aws_refuses(line: str) -> str | None:
    """Why the AWS CLI refuses `aws SERVICE OPERATION --option ...`, by AWS's own service models, or None."""
    service, name, *rest = words(line.replace("<", "").replace(">", ""))[1:]
    options = {word.split("=")[0] for word in rest if word.startswith("--")} - AWS_GLOBAL
    if (service, name) in AWS_CUSTOM:
        return (
            f"unknown options: {options - AWS_CUSTOM[service, name]}" if options - AWS_CUSTOM[service, name] else None
        )
    if service not in get_session().get_available_services():
        return f"no such service: {service}"
    model = get_session().get_service_model(service)
    operations = {xform_name(one, "-"): one for one in model.operation_names}
    if name not in operations:
        return f"no such operation: {service} {name}"
    shape = model.operation_model(operations[name]).input_shape
    members = {f"--{xform_name(one, '-')}": one for one in (shape.members if shape else ())}
    flags = {f"--no-{option[2:]}" for option, one in members.items() if shape.members[one].type_name == "boolean"}
    unknown = options - set(members) - flags
    missing = {option for option, one in members.items() if one in (shape.required_members if shape else ())} - options
    return f"unknown options: {unknown}, missing: {missing}" if unknown or missing else None


@pytest.mark.parametrize("one", [one for one in those_of("aws ") if len(words(one.text)) > 2], ids=str)
def test_an_aws_command_is_one_of_the_services_models(one: Shown) -> None:
    wrong = why_aws_refuses(one.text)
    # A sentence may name an operation without what it needs to run.
    assert wrong is None or (one.span and len(words(one.text)) == 3 and wrong.startswith("unknown options: set()"))


def test_a_wrong_option_is_noticed() -> None:
    assert "no-such" in (why_wrong("swipeline send my.csv --no-such") or "")
    assert why_wrong("swipeline sned my.csv") is not None
    assert "--no-such" in (why_aws_refuses("aws lambda get-account-settings --no-such x") or "")
    assert "--uuid" in (why_aws_refuses("aws lambda delete-event-source-mapping") or "")
    assert why_aws_refuses("aws lambda remove-function --function-name x") is not None


def test_a_command_is_found_after_a_block_of_another_language() -> None:
    page = "```mermaid\nflowchart\n```\n\nRun:\n\n```bash\nswipeline up   # starts\n```\n\nthen `swipeline down`\n"
    assert [(one.text, one.span) for one in commands_in(page)] == [("swipeline up", False), ("swipeline down", True)]
