"""What people read in source code and pages: comments, docstrings, messages, labels, and the words of defined names."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from html.parser import HTMLParser
from pathlib import Path

_STRINGS = {getattr(tokenize, name) for name in ("STRING", "FSTRING_MIDDLE") if hasattr(tokenize, name)}
_QUOTES = re.compile(r"^[A-Za-z]{0,2}(\"\"\"|'''|\"|')|(\"\"\"|'''|\"|')$")
_CODE = re.compile(r"``[^`]+``|`[^`\n]+`|\{[^{}\n]*\}|<[^<>\n]+>")
# Two words, or a label on the screen: one capitalized word.
_PROSE = re.compile(r"[A-Za-z]{2,}[^A-Za-z0-9_]+[A-Za-z]{2,}|^[\"'`]?[A-Z][a-z]+[\"'`]?$")
_JS = re.compile(
    r"(?P<text>\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)|//(?P<line>[^\n]*)|/\*(?P<block>.*?)\*/",
    re.DOTALL,
)
_ATTRIBUTES = {"alt", "aria-label", "content", "placeholder", "title"}
_READ = (".py", ".yml", ".yaml", ".sh", ".toml", ".sql", ".js", ".css", ".html")
_SHELL = ("Makefile", "run", "pytest-again")
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


def javascript_text(source: str) -> str:
    """The comments and the prose in strings of JavaScript (and the comments of CSS) on the lines they have there."""
    lines = [""] * (source.count("\n") + 1)
    for token in _JS.finditer(source):
        if token["text"] and not _PROSE.search(token["text"]):
            continue
        text = (token["text"] or "").strip("\"'`") or token["line"] or token["block"] or ""
        _add(lines, source.count("\n", 0, token.start()) + 1, re.sub(r"\$\{[^}]*\}", "", text))
    return "\n".join(lines)


class _Page(HTMLParser):
    def __init__(self, source: str) -> None:
        super().__init__()
        self.lines = [""] * (source.count("\n") + 1)
        self._code = False
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._code = tag in ("code", "script", "style")
        for name, value in attrs:
            if name in _ATTRIBUTES and value:
                _add(self.lines, self.getpos()[0], value)

    def handle_endtag(self, tag: str) -> None:
        self._code = False

    def handle_data(self, data: str) -> None:
        if not self._code:
            _add(self.lines, self.getpos()[0], data)

    def handle_comment(self, data: str) -> None:
        _add(self.lines, self.getpos()[0], data)


def text_of(path: Path) -> str | None:
    """The prose of a file, or None for a kind that has none. Line numbers stay as they are in the file."""
    if path.suffix not in _READ and path.name not in _SHELL:
        return None
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return python_text(source)
    if path.suffix in (".js", ".css"):
        return javascript_text(source)
    if path.suffix == ".html":
        return "\n".join(_Page(source).lines)
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
