"""Help as the best command lines write it: what it does in one line, an example that works, units for every number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.docs.commands import CLI, commands, why_wrong

ALL = {" ".join(path): command for path, command in commands()}
LINE = 57  # what `swipeline --help` has room for beside the longest name on 80 columns
EXAMPLE = re.compile(r"^Example: (swipeline .+|eval \"\$\((?P<inner>swipeline .+)\)\")$", re.MULTILINE)
UNITS = re.compile(
    r"\b(seconds?|minutes?|hours?|days?|rows? per|rows|from \d|number of|transactions?|percent|RPUs|port|seed)\b", re.I
)


def options(command: Any) -> list[Any]:
    return [parameter for parameter in command.params if parameter.param_type_name == "option"]


@pytest.mark.parametrize("name", ALL)
def test_a_command_has_a_summary_of_one_line_that_says_what_it_does(name: str) -> None:
    summary = (ALL[name].help or "").split("\n\n")[0]
    assert "\n" not in summary
    assert re.match(r"^[A-Z][a-z]+ .*[.)]$", summary), summary
    assert len(summary) <= 120


def groups(command: Any = CLI, path: str = "") -> Iterator[tuple[str, Any]]:
    for name, child in getattr(command, "commands", {}).items():
        yield f"{path}{name}", child
        yield from groups(child, f"{path}{name} ")


LISTED = dict(groups())


@pytest.mark.parametrize("name", LISTED)
def test_a_list_of_commands_shows_the_whole_summary(name: str) -> None:
    short = LISTED[name].get_short_help_str(LINE)
    assert re.match(r"[A-Z][a-z]+,? ", short)
    assert not short.endswith("..."), short


@pytest.mark.parametrize("name", ALL)
def test_a_command_has_an_example_that_the_command_line_accepts(name: str) -> None:
    match = EXAMPLE.search(ALL[name].help or "")
    assert match, "expected a line 'Example: swipeline ...'"
    line = match["inner"] or match[1]
    assert line.startswith(f"swipeline {name}")
    assert why_wrong(line) is None


@pytest.mark.parametrize("name", ALL)
def test_an_option_with_a_number_says_its_unit_and_its_default(name: str) -> None:
    for option in options(ALL[name]):
        annotation = str(option.type_descriptor.annotation)
        if not re.search(r"\b(int|float)\b", annotation):
            continue
        assert UNITS.search(option.help or ""), f"{option.opts[0]}: no unit in {option.help!r}"
        assert option.default is not None or "default" in option.help, (
            f"{option.opts[0]}: no default in {option.help!r}"
        )


@pytest.mark.parametrize("name", ALL)
def test_every_parameter_is_described(name: str) -> None:
    for parameter in ALL[name].params:
        if parameter.name not in ("help", "version"):
            assert re.match(r"[A-Z0-9]", parameter.help or ""), f"{parameter.name}: {parameter.help!r}"
