"""Refuses a change of docs/openapi.json that would break a caller who keeps to the description of before.

`python -m scripts.api_compatibility [REVISION]` compares with a revision of git: by default where this branch left
main, or the commit before, if this is main. What breaks on purpose goes under a new path. Weighed: oasdiff, which is
a Go binary that `make setup` could not fetch from a package index.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shared.transaction.schema import FIELDS

Schema = dict[str, Any]
ROOT = Path(__file__).resolve().parents[1]
FILE = "docs/openapi.json"
_SHRUNK = ("maximum", "maxLength", "maxItems")
_GROWN = ("minimum", "minLength", "minItems")
# Patterns of answers that became stricter: (before, after), the latter takes nothing that the former does not.
_MOMENT, _AMOUNT = (f"^{field.kind.stored}$" for field in FIELDS if field.name in ("occurred_at", "amount"))
_STRICTER = {
    (r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$", _MOMENT),
    (r"^[0-9]+\.[0-9]{2}$", _AMOUNT),
}


def breaking(before: Schema, after: Schema) -> Iterator[str]:
    """Give what breaks: calls, parameters and answers' fields that are gone, and requests that are newly refused."""
    for path, methods in before["paths"].items():
        for method, old in methods.items():
            name = f"{method.upper()} {path}"
            new = after["paths"].get(path, {}).get(method)
            if new is None:
                yield f"{name} is gone"
                continue
            yield from _parameters(name, old, new, before, after)
            yield from _body(name, old, new, before, after)
            yield from _answers(name, old, new, before, after)


def _parameters(name: str, old: Schema, new: Schema, before: Schema, after: Schema) -> Iterator[str]:
    olds, news = ({(p["in"], p["name"]): p for p in o.get("parameters", [])} for o in (old, new))
    for key, parameter in olds.items():
        where = f"{name}: parameter {key[1]}"
        if key not in news:
            yield f"{where} is gone"
            continue
        if news[key].get("required") and not parameter.get("required"):
            yield f"{where} is now required"
        yield from _narrowed(where, parameter["schema"], news[key]["schema"], before, after)
    for key, parameter in news.items():
        if key not in olds and parameter.get("required"):
            yield f"{name}: parameter {key[1]} is new and required"


def _body(name: str, old: Schema, new: Schema, before: Schema, after: Schema) -> Iterator[str]:
    if "requestBody" not in old:
        if new.get("requestBody", {}).get("required"):
            yield f"{name}: a body is now required"
    elif "requestBody" not in new:
        yield f"{name}: the body is gone"
    else:
        yield from _narrowed(f"{name}: body", _json(old["requestBody"]), _json(new["requestBody"]), before, after)


def _answers(name: str, old: Schema, new: Schema, before: Schema, after: Schema) -> Iterator[str]:
    for status, answer in old["responses"].items():
        if status not in new["responses"]:
            if status.startswith("2"):
                yield f"{name}: answer {status} is gone"
        elif "content" in answer:
            # What an answer may be is to a reader what a request may be to us: it must not become wider.
            where = f"{name}: answer {status}"
            yield from _narrowed(where, _json(new["responses"][status]), _json(answer), after, before, answer=True)


def _json(holder: Schema) -> Schema:
    found: Schema = holder["content"]["application/json"]["schema"]
    return found


def _narrowed(
    where: str,
    wide: Schema,
    narrow: Schema,
    of_wide: Schema,
    of_narrow: Schema,
    *,
    answer: bool = False,
    depth: int = 0,
) -> Iterator[str]:
    """Give what ``wide`` allows and ``narrow`` does not. In requests, wide is what was; in answers, what now is."""
    wide, narrow = _followed(wide, of_wide), _followed(narrow, of_narrow)
    if depth > 20 or not narrow:
        return
    word = "may now be" if answer else "may no longer be"
    lost = _choices(wide, of_wide) - _choices(narrow, of_narrow)
    if lost and _choices(narrow, of_narrow):
        yield f"{where} {word} {', '.join(sorted(lost))}"
    for keys, worse in ((_SHRUNK, lambda a, b: b < a), (_GROWN, lambda a, b: b > a)):
        for key in keys:
            if key in narrow and (key not in wide or worse(wide[key], narrow[key])):
                yield f"{where}: {key} {'is wider' if answer else 'is narrower'} ({wide.get(key)}, {narrow[key]})"
    stricter = answer and (narrow.get("pattern"), wide.get("pattern")) in _STRICTER
    if "pattern" in narrow and narrow["pattern"] != wide.get("pattern") and not stricter:
        yield f"{where}: another pattern"
    wides, narrows = wide.get("properties", {}), narrow.get("properties", {})
    for name in set(narrow.get("required", [])) - set(wide.get("required", [])):
        yield f"{where}.{name} {'is not always there any more' if answer else 'is now required'}"
    if answer or narrow.get("additionalProperties") is False:
        gone = (set(narrows) - set(wides)) if answer else (set(wides) - set(narrows))
        for name in gone - (set(narrow.get("required", [])) if answer else set()):
            yield f"{where}.{name} is gone"
    for name in set(wides) & set(narrows):
        yield from _narrowed(
            f"{where}.{name}", wides[name], narrows[name], of_wide, of_narrow, answer=answer, depth=depth + 1
        )
    if "items" in wide and "items" in narrow:
        yield from _narrowed(
            f"{where}[]", wide["items"], narrow["items"], of_wide, of_narrow, answer=answer, depth=depth + 1
        )


def _followed(schema: Schema, description: Schema) -> Schema:
    if "$ref" in schema:
        return dict(description["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]])
    return schema


def _choices(schema: Schema, description: Schema) -> set[str]:
    """Give what a value may be, as words: types, the values of an enumeration, names of objects."""
    if "anyOf" in schema:
        return {word for one in schema["anyOf"] for word in _choices(one, description)}
    if "$ref" in schema:
        return {str(schema["$ref"]).rsplit("/", 1)[1]}
    if "enum" in schema:
        return {repr(value) for value in schema["enum"]}
    kind = schema.get("type", [])
    return set(kind) if isinstance(kind, list) else {str(kind)}


def _git(*arguments: str) -> str | None:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603, S607
    return done.stdout if done.returncode == 0 else None


def base_revision() -> str:
    """Give the revision to compare with: where the branch left origin/main or main, or the commit before."""
    head = (_git("rev-parse", "HEAD") or "").strip()
    for branch in ("origin/main", "main"):
        found = (_git("merge-base", "HEAD", branch) or "").strip()
        if found and found != head:
            return found
    return "HEAD~1"


def main() -> None:
    """Compare and exit with 1 when anything breaks."""
    revision = sys.argv[1] if len(sys.argv) > 1 else base_revision()
    text = _git("show", f"{revision}:{FILE}")
    if text is None:
        sys.stdout.write(f"{revision} has no {FILE}: nothing to compare with\n")
        return
    found = list(breaking(json.loads(text), json.loads((ROOT / FILE).read_text(encoding="utf-8"))))
    for one in found:
        sys.stderr.write(f"breaks callers: {one}\n")
    if found:
        sys.exit(1)


if __name__ == "__main__":
    main()
