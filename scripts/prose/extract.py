"""What people read in source code: comments, docstrings, messages, and the words of defined names, line by line."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from pathlib import Path

_STRINGS = {getattr(tokenize, name) for name in ("STRING", "FSTRING_MIDDLE") if hasattr(tokenize, name)}
_QUOTES = re.compile(r"^[A-Za-z]{0,2}(\"\"\"|'''|\"|')|(\"\"\"|'''|\"|')$")
_CODE = re.compile(r"``[^`]+``|`[^`\n]+`|\{[^{}\n]*\}|<[^<>\n]+>")
_PROSE = re.compile(r"[A-Za-z]{2,}[^A-Za-z0-9_]+[A-Za-z]{2,}")
_HASH_COMMENT = re.compile(r"(?:^|\s)#+ ?(.*)$")
_SQL_COMMENT = re.compile(r"--\s?(.*)$")
_YAML_TEXT = re.compile(r"^\s*(?:- )?(?:[A-Z]\w*|description):\s+[\"'|>]?([A-Z].*)$")


def python_text(source: str) -> str:
    """The prose of Python source on the lines it has there; code in backticks and placeholders are left out."""
    lines = [""] * (source.count("\n") + 1)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            _add(lines, token.start[0], token.string.lstrip("#").strip())
        elif token.type in _STRINGS and _PROSE.search(token.string):
            _add(lines, token.start[0], _QUOTES.sub("", token.string))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", node.name).strip("_").split("_")
            _add(lines, node.lineno, " ".join(words).lower())
    return "\n".join(lines)


def text_of(path: Path) -> str | None:
    """The prose of a file, or None for a kind that has none. Line numbers stay as they are in the file."""
    if path.suffix not in (".py", ".yml", ".yaml", ".sh", ".toml", ".sql") and path.name not in ("Makefile", "run"):
        return None
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return python_text(source)
    if path.suffix in (".yml", ".yaml"):
        return _each_line(source, _HASH_COMMENT, _YAML_TEXT)
    return _each_line(source, _SQL_COMMENT if path.suffix == ".sql" else _HASH_COMMENT)


def _each_line(source: str, *patterns: re.Pattern[str]) -> str:
    matches = [[pattern.search(line) for pattern in patterns] for line in source.splitlines()]
    return "\n".join(_CODE.sub("", " ".join(match[1] for match in found if match)) for found in matches)


def _add(lines: list[str], number: int, text: str) -> None:
    for offset, line in enumerate(_CODE.sub("", text.replace("\\n", "\n")).split("\n")):
        place = min(number - 1 + offset, len(lines) - 1)
        lines[place] = f"{lines[place]}. {line.strip()}" if lines[place] else line.strip()
