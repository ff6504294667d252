"""Writes docs/openapi.json and docs/api.html: the API's description, generated from the code that answers it.

`python -m scripts.api_description` writes both; `--check` exits with 1 when they are not what the code says.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from functions.query_transactions.alert_service import AlertQueries
from functions.query_transactions.corrections import Corrections
from functions.query_transactions.routes import ASSIGNMENT, CORRECTION, METHODS, VERDICT, make_app
from functions.query_transactions.service import Queries
from scripts.api_page import render
from scripts.api_row import row_property
from shared.http.body import MAX_ROWS
from shared.transaction.schema import IGNORED_SOURCES, REQUIRED_SOURCES, SOURCES

DOCS = Path(__file__).resolve().parents[1] / "docs"
DESCRIPTION = DOCS / "openapi.json"
PAGE = DOCS / "api.html"
VERSION = "1.0.0"


def describe() -> dict[str, Any]:
    """Give the OpenAPI 3.1 description of the whole API."""
    nothing: Any = _Nothing()  # asked for its signatures only
    alerts, corrections = AlertQueries(nothing, nothing, nothing, nothing), Corrections(nothing, nothing)
    app = make_app(Queries(nothing, nothing), alerts, corrections, str)
    found: dict[str, Any] = json.loads(
        app.get_openapi_json_schema(
            title="Swipeline",
            version=VERSION,
            summary="Credit-card transactions: sent in batches, found by card, merchant and time; fraud alerts.",
            openapi_version="3.1.0",
        )
    )
    found["servers"] = [
        {
            "url": "https://{api}.execute-api.{region}.amazonaws.com/{stage}",
            "variables": {
                "api": {"default": "api", "description": "The stack's output RestApiId."},
                "region": {"default": "us-east-1"},
                "stage": {"default": "prod"},
            },
        }
    ]
    found["paths"]["/transactions"]["post"] = _send()
    schemas = found["components"]["schemas"]
    schemas |= _row_schemas()
    for unused in ("HTTPValidationError", "ValidationError", "ResponseValidationError"):
        schemas.pop(unused, None)
    found["components"]["securitySchemes"] = {
        "readKey": {"type": "apiKey", "in": "header", "name": "x-api-key", "description": "The readers' key."},
        "sendKey": {"type": "apiKey", "in": "header", "name": "x-api-key", "description": "A sender's key."},
        "reviewKey": {"type": "apiKey", "in": "header", "name": "x-api-key", "description": "A reviewer's key."},
    }
    for path, methods in found["paths"].items():
        for method, operation in methods.items():
            operation["operationId"] = f"{method}{path.replace('/', '_').replace('{', '').replace('}', '')}"
            operation["security"] = [{_key(path, method): []}]
            if (path, method) != ("/transactions", "post"):
                operation["responses"].pop("422", None)  # Powertools' own answer to a wrong parameter: ours is 400
            operation.pop("tags", None)
            for parameter in operation.get("parameters", []):
                parameter["schema"] = _present(parameter["schema"])
    _require_coverage(found)
    return found


def _key(path: str, method: str) -> str:
    """Name the key of a call. Reviewers may read as well; one is named, since a list of choices means any."""
    if path in (VERDICT, ASSIGNMENT, CORRECTION):
        return "reviewKey"
    return "sendKey" if (path, method) == ("/transactions", "post") else "readKey"


def _present(schema: dict[str, Any]) -> dict[str, Any]:
    """Give a parameter's schema where it is there: null is how Python says that it is not, and no query string can."""
    rest = {key: value for key, value in schema.items() if key not in {"anyOf", "title", "description"}}
    choices = [choice for choice in schema.get("anyOf", []) if choice != {"type": "null"}]
    return rest | (choices[0] if len(choices) == 1 else {"anyOf": choices} if choices else {})


class _Nothing:
    """Stands for the stores, which no description asks."""


def _require_coverage(description: dict[str, Any]) -> None:
    """Refuse to describe fewer or more routes than the function lists in its answers 404 and 405."""
    described = {path: tuple(sorted(m.upper() for m in methods)) for path, methods in description["paths"].items()}
    if described != {path: tuple(sorted(methods)) for path, methods in METHODS.items()}:
        raise SystemExit(f"functions.query_transactions.routes.METHODS is not what the routes are: {described}")


def _row_schemas() -> dict[str, Any]:
    row: dict[str, Any] = {
        "title": "TransactionIn",
        "description": "A row; properties are named as the columns of the Kaggle file.",
        "type": "object",
        "required": list(REQUIRED_SOURCES),
        "properties": {source: row_property(field) for source, field in SOURCES.items()},
        "additionalProperties": False,
    }
    row["properties"] |= {name: {"description": "Accepted and dropped."} for name in sorted(IGNORED_SOURCES)}
    finding = {
        "type": "object",
        "required": ["index", "field", "reason"],
        "properties": {"index": {"type": "integer"}, "field": {"type": "string"}, "reason": {"type": "string"}},
    }
    report = {
        "type": "object",
        "required": ["request_id", "accepted", "rejected", "transaction_ids", "errors"],
        "properties": {
            "request_id": {"type": "string"},
            "accepted": {"type": "integer", "minimum": 0},
            "rejected": {"type": "integer", "minimum": 0},
            "transaction_ids": {"type": "array", "items": {"type": ["string", "null"]}},
            "errors": {"type": "array", "items": {"$ref": "#/components/schemas/RowFinding"}},
            "duplicate": {"type": "boolean", "description": "The Idempotency-Key was used before, with this body."},
            "message": {"type": "string"},
            "unstored": {"type": "array", "items": {"type": "integer"}, "description": "Rows to send again."},
        },
    }
    return {"TransactionIn": row, "RowFinding": finding, "SendReport": report}


def _send() -> dict[str, Any]:
    row = {"$ref": "#/components/schemas/TransactionIn"}
    rows = {"type": "array", "items": row, "minItems": 1, "maxItems": MAX_ROWS}
    body = {"anyOf": [row, rows, {"type": "object", "required": ["transactions"], "additionalProperties": False,
                                  "properties": {"transactions": rows}}]}  # fmt: skip
    report, problem = ({"$ref": f"#/components/schemas/{name}"} for name in ("SendReport", "Problem"))
    either = {"anyOf": [report, problem]}
    answers = {
        202: ("All rows are on the stream.", report),
        207: ("Some rows are on the stream; errors lists the others.", report),
        400: ("No row is valid, or the body is not JSON of this shape.", either),
        403: ("Missing or unknown API key, or a read-only key.", problem),
        413: (f"Over {MAX_ROWS:,} rows or 5 MB.", problem),
        415: ("An encoding other than gzip.", problem),
        422: ("The Idempotency-Key was used with another body.", problem),
        429: ("Over the plan's rate or quota.", problem),
        500: ("Internal error; request_id identifies it in the logs.", problem),
        503: ("The stream is unavailable; resend the rows in unstored after Retry-After seconds.", either),
    }
    key = {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,128}$"}
    return {
        "summary": "Send transactions",
        "description": f"1 to {MAX_ROWS:,} rows. Good rows are accepted, bad rows come back with their reasons.",
        "parameters": [{"name": "Idempotency-Key", "in": "header", "required": False, "schema": key}],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {
            str(status): {"description": text, "content": {"application/json": {"schema": schema}}}
            for status, (text, schema) in answers.items()
        },
    }


def contents() -> dict[Path, str]:
    """Give both files as the code would have them."""
    description = describe()
    return {DESCRIPTION: json.dumps(description, indent=1, ensure_ascii=True) + "\n", PAGE: render(description)}


def main() -> None:
    """Write the files, or check them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    for path, text in contents().items():
        if not check:
            path.write_text(text, encoding="utf-8")
        elif not path.is_file() or path.read_text(encoding="utf-8") != text:
            sys.exit(f"{path.name} is not what the code says: run `make api-docs`")


if __name__ == "__main__":
    main()
