"""Renders an OpenAPI description as one static page, without scripts and without anything from elsewhere."""

from __future__ import annotations

from html import escape
from typing import Any

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
body { color: #1a1a1a; background: #fff; }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; }
h2 { margin-top: 2.5rem; border-top: 1px solid #bbb; padding-top: 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border: 1px solid #ccc; }
th { background: #f0f0f0; }
@media (prefers-color-scheme: dark) {
  body { color: #eee; background: #161616; }
  th { background: #2a2a2a; }
  th, td { border-color: #555; }
  a { color: #9cf; }
}
"""


def render(description: dict[str, Any]) -> str:
    """Give the page: every call with its parameters, its body and its answers, then the objects they are made of."""
    info = description["info"]
    calls = [(p, m, o) for p, methods in description["paths"].items() for m, o in methods.items()]
    parts = [
        "<!doctype html>",
        f'<html lang="en"><head><meta charset="utf-8"><title>{escape(info["title"])} API</title>',
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body><main>',
        f"<h1>{escape(info['title'])} API {escape(info['version'])}</h1><p>{escape(info.get('summary', ''))}</p>",
        "<p>Generated from the code: <a href='openapi.json'>openapi.json</a> is the same for programs.</p><nav><ul>",
        *(_entry(*call) for call in calls),
        "</ul></nav>",
        *(_call(*call) for call in calls),
        "<h2>Objects</h2>",
        *(_object(name, schema) for name, schema in sorted(description["components"]["schemas"].items())),
        "</main></body></html>",
    ]  # fmt: skip
    return "\n".join(parts) + "\n"


def _entry(path: str, method: str, operation: dict[str, Any]) -> str:
    link = f'<a href="#{escape(operation["operationId"])}"><code>{method.upper()} {escape(path)}</code></a>'
    return f"<li>{link} {escape(operation['summary'])}</li>"


def _call(path: str, method: str, operation: dict[str, Any]) -> str:
    keys = {"readKey": "the readers' key", "sendKey": "a sender's key", "reviewKey": "a reviewer's key"}
    key = keys[next(iter(operation["security"][0]))]
    parts = [
        f'<section id="{escape(operation["operationId"])}"><h2><code>{method.upper()} {escape(path)}</code></h2>',
        f"<p><strong>{escape(operation['summary'])}.</strong> {escape(operation.get('description', ''))}</p>",
        f"<p>Takes {key}.</p>",
    ]
    if operation.get("parameters"):
        rows = [
            (f"<code>{escape(p['name'])}</code>", p["in"], _yes(p.get("required", False)), _type(p["schema"]),
             escape(p.get("description", "")))
            for p in operation["parameters"]
        ]  # fmt: skip
        parts.append(_table(("parameter", "in", "required", "type", ""), rows))
    if "requestBody" in operation:
        parts.append(f"<p>Body: {_type(_schema(operation['requestBody']))}</p>")
    answers = [
        (status, _type(_schema(answer)) if answer.get("content") else "", escape(answer["description"]))
        for status, answer in sorted(operation["responses"].items())
    ]
    parts += [_table(("answer", "body", ""), answers), "</section>"]
    return "\n".join(parts)


def _object(name: str, schema: dict[str, Any]) -> str:
    required = set(schema.get("required", []))
    rows = [
        (f"<code>{escape(field)}</code>", _yes(field in required), _type(of), escape(of.get("description", "")))
        for field, of in schema.get("properties", {}).items()
    ]
    text = escape(schema.get("description", ""))
    return f'<h3 id="{escape(name)}">{escape(name)}</h3><p>{text}</p>{_table(("field", "always", "type", ""), rows)}'


def _schema(holder: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = holder["content"]["application/json"]["schema"]
    return found


def _yes(answer: bool) -> str:
    return "yes" if answer else "no"


def _type(schema: dict[str, Any]) -> str:
    """Say a schema in a few words."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return f'<a href="#{escape(name)}">{escape(name)}</a>'
    if "anyOf" in schema:
        return " or ".join(_type(choice) for choice in schema["anyOf"])
    if "enum" in schema:
        return " or ".join(f"<code>{escape(str(value))}</code>" for value in schema["enum"])
    if "const" in schema:
        return f"<code>{escape(str(schema['const']).lower())}</code>"
    kind = schema.get("type", "any")
    if kind == "array":
        return f"list of {_type(schema.get('items', {}))}"
    words = " or ".join(kind) if isinstance(kind, list) else str(kind)
    limits = [schema["format"]] if "format" in schema else []
    limits += [f"{word} {schema[key]}" for key, word in _LIMITS if key in schema]
    return words + (f" ({', '.join(limits)})" if limits else "")


_LIMITS = (
    ("minimum", "from"),
    ("maximum", "to"),
    ("minLength", "at least"),
    ("maxLength", "at most"),
    ("default", "default"),
)


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    if not rows:
        return ""
    head = "".join(f"<th>{name}</th>" for name in heads)
    body = "\n".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
