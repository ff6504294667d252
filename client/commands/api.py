"""`swipeline api`: the API's address, its keys by name, and a curl for each call."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from client import output
from client.aws import LOCAL, Stage, explained
from client.commands.options import JsonOption, StageOption
from client.errors import ClientError

DESCRIPTION = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"
KEYS = {"sender": "api_key", "reader": "reader_api_key", "reviewer": "reviewer_api_key"}
_KEY_OF = {"sendKey": "sender", "readKey": "reader", "reviewKey": "reviewer"}
_QUERY = {"/transactions": "card_id=CARD_ID", "/merchants": "prefix=K", "/alerts": "status=open"}
_BODIES = {
    "/transactions": "@transactions.json",
    "/transactions/search": '{"card_number": "CARD_NUMBER"}',
    "/alerts/{alert_id}/verdict": '{"verdict": "fraud", "by": "YOUR_NAME"}',
    "/transactions/{transaction_id}/corrections": '{"changes": {"is_fraud": true}, "by": "YOUR_NAME"}',
    "/alerts/{alert_id}/assignment": '{"to": "YOUR_NAME"}',
}


def api(
    key: Annotated[str, typer.Option(help=f"Print the value of one key: {', '.join(KEYS)}.")] = "",
    stage: StageOption = LOCAL,
    as_json: JsonOption = False,
) -> None:
    """Show the API's URL, keys and a curl command per call.

    Example: swipeline api --key reader
    """
    if key and key not in KEYS:
        raise ClientError(f"No key {key}. Choose {', '.join(KEYS)}.")
    where = Stage(stage)
    with explained(where):
        if key:
            typer.echo(getattr(where, KEYS[key]))
            return
        address = where.api_url
    calls = [_call(address, stage, *each) for each in _calls()]
    if as_json:
        commands = {name: _key_command(stage, name) for name in KEYS}
        output.as_json({"stage": stage, "url": address, "keys": commands, "calls": calls})
        return
    typer.echo(f"Address  {address}\n")
    for name in KEYS:
        typer.echo(f"Key      {name:<9} {_key_command(stage, name)}")
    for call in calls:
        typer.echo(f"\n{call['summary']}\n  {call['curl']}")


def _calls() -> list[tuple[str, str, dict[str, Any]]]:
    """(method, path, description) of every call, from the API's own description."""
    paths = json.loads(DESCRIPTION.read_text(encoding="utf-8"))["paths"]
    return [(method.upper(), path, call) for path, methods in paths.items() for method, call in methods.items()]


def _key_command(stage: str, name: str) -> str:
    """What gives the key: its value is in no history and no process list but curl's."""
    where = "" if stage == LOCAL else f" --stage {stage}"
    return f"swipeline api --key {name}{where}"


def _call(address: str, stage: str, method: str, path: str, described: dict[str, Any]) -> dict[str, str]:
    name = _KEY_OF[next(iter(described["security"][0]))]
    url = f"{address}{path.replace('{', '').replace('}', '')}"
    for parameter in described.get("parameters", []):
        if parameter["in"] == "path":
            url = url.replace(f"/{parameter['name']}", f"/{parameter['name'].upper()}")
    if method == "GET" and path in _QUERY:
        url += f"?{_QUERY[path]}"
    body = f" -H 'content-type: application/json' --data '{_BODIES[path]}'" if "requestBody" in described else ""
    # On AWS the API may ask for a signature beside the key.
    signed = (
        ""
        if stage == LOCAL
        else ' --aws-sigv4 "aws:amz:$AWS_REGION:execute-api" --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"'
    )
    curl = f'curl -sS -X {method} -H "x-api-key: $({_key_command(stage, name)})"{body}{signed} "{url}"'
    return {"method": method, "path": path, "key": name, "summary": described.get("summary", ""), "curl": curl}
