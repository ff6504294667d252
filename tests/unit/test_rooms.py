"""Which room may import which. docs/architecture.md draws it; a new edge here is a decision, not an accident."""

from __future__ import annotations

import ast
import graphlib
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Room -> the rooms that it may import. Rooms are top-level folders.
MAY_IMPORT: dict[str, set[str]] = {
    "handlers": {"functions", "fraud", "shared"},
    "functions": {"fraud", "shared"},  # and of functions, its own room only
    "fraud": {"client", "shared"},  # client: training reads files as `swipeline send` does
    "glue": {"shared"},
    "shared": set(),
    "client": {"fraud", "functions", "local", "shared"},  # a command that does what a function does uses its code
    "dashboard": {"client", "fraud", "local", "shared"},
    "local": set(),  # an embedded AWS for any project
}
FILES = [path for room in MAY_IMPORT for path in sorted((ROOT / room).rglob("*.py"))]
MODULES = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in FILES}


def imported(path: Path, *, at_start: bool = False) -> set[str]:
    """The product's modules that a file imports; ``at_start``: when it is itself imported, not within functions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    if at_start:
        late = {id(inner) for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) for inner in ast.walk(node)}
        checked = {id(inner) for node in ast.walk(tree) if _is_type_checking(node) for inner in ast.walk(node)}
        nodes = [node for node in nodes if id(node) not in late | checked]
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        else:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (inner & MODULES.keys()) or {str(node.module)}
    return found & MODULES.keys()


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_imports_only_what_it_may(path: Path) -> None:
    room, *inner = path.relative_to(ROOT).parts
    others = {module.split(".")[0] for module in imported(path)} - {room}
    assert others <= MAY_IMPORT[room]
    if room == "functions" and len(inner) > 1:
        of_functions = {module.split(".")[1] for module in imported(path) if module.startswith("functions.")}
        assert of_functions <= {inner[0]}
    if room == "handlers" and path.stem != "__init__":
        of_functions = {module.split(".")[1] for module in imported(path) if module.startswith("functions.")}
        assert of_functions <= {path.stem}


def test_no_files_import_each_other_in_a_circle() -> None:
    graph: dict[str, set[str]] = defaultdict(set)
    for module, path in MODULES.items():
        graph[module] = imported(path, at_start=True) - {module}
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def test_every_module_of_shared_has_two_users() -> None:
    """What serves one function belongs in a room of that function's name."""
    users: dict[str, set[str]] = defaultdict(set)
    for module, path in MODULES.items():
        for name in imported(path):
            users[name].add(_user(module))
    folders: dict[str, set[str]] = defaultdict(set)
    for name, of in users.items():
        if name.startswith("shared."):
            folders[".".join(name.split(".")[:2])] |= of - {".".join(name.split(".")[:2])}
    assert {folder: of for folder, of in folders.items() if len(of) < 2} == {}


def _user(module: str) -> str:
    parts = module.split(".")
    if parts[0] == "handlers":
        return f"functions.{parts[-1]}"
    return ".".join(parts[:2]) if parts[0] in ("functions", "shared") else parts[0]
