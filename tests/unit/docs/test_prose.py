"""What the style check reads of source code and pages, each text on its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.prose.extract import text_of


@pytest.mark.parametrize(
    ("name", "source", "texts"),
    [
        (
            "a.py",
            '# A comment\nx = "two words"\ny = "Label"\nz = "column_name"\n',
            ["A comment", "two words", "Label"],
        ),
        ("a.py", "def test_it_works() -> None: ...\n", ["test it works"]),
        (
            "a.js",
            "// A comment\nconst heads = [\"Start\", 'id'];\nf(`${n} rows left`);\n",
            ["A comment", "Start", "rows left"],
        ),
        ("a.css", "/* A comment */\nb { color: red }\n", ["A comment"]),
        ("a.html", '<p title="A hint">\nSome text\n<script>no text</script>', ["A hint", "Some text"]),
        ("a.yml", 'AlarmDescription: "The API fails"\nkey: value # why\n', ['The API fails"', "why"]),
        ("a.sql", "-- A comment\nSELECT 1;\n", ["A comment"]),
    ],
)
def test_prose_is_read_on_its_line(tmp_path: Path, name: str, source: str, texts: list[str]) -> None:
    path = tmp_path / name
    path.write_text(source)
    lines = [line.strip(" .") for line in (text_of(path) or "").splitlines()]
    assert [line for line in lines if line] == texts
    assert lines[: len(texts)] == texts


def test_data_is_not_prose(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("{}")
    assert text_of(path) is None
