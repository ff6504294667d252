"""BatchExecuteStatement on moto, which knows no parameters within a value: as the conditional calls it stands for."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import boto3
from botocore.exceptions import ClientError

INSERT = re.compile(r"""INSERT INTO "(\w+)" VALUE {('\w+': \?(?:, '\w+': \?)*)}""")
UPDATE = re.compile(r'UPDATE "(\w+)" ((?:SET "\w+" = \? )+)WHERE "(\w+)" = \?((?: AND "\w+" = \?)*)')


def batch_execute_statement(handler: Any) -> str:
    """In place of ``moto.dynamodb.responses.DynamoHandler.batch_execute_statement``."""
    client = boto3.client("dynamodb", region_name=handler.region)
    statements = handler.body["Statements"]
    assert 1 <= len(statements) <= 25
    return json.dumps({"Responses": [_response(client, one["Statement"], one["Parameters"]) for one in statements]})


def _response(client: Any, statement: str, parameters: list[Any]) -> dict[str, Any]:
    assert statement.count("?") == len(parameters)
    try:
        if inserted := INSERT.fullmatch(statement):
            failed = "DuplicateItem"
            _insert(client, inserted[1], dict(zip(re.findall(r"\w+", inserted[2]), parameters, strict=True)))
        else:
            failed = "ConditionalCheckFailed"
            updated = UPDATE.fullmatch(statement)
            assert updated, f"a statement that is not known here: {statement}"
            _update(client, updated, parameters)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return {"Error": {"Code": failed}}
    return {}


def _insert(client: Any, table: str, item: dict[str, Any]) -> None:
    keys = client.describe_table(TableName=table)["Table"]["KeySchema"]
    client.put_item(
        TableName=table,
        Item=_plain(item),
        ConditionExpression="attribute_not_exists(#key)",
        ExpressionAttributeNames={"#key": keys[0]["AttributeName"]},
    )


def _update(client: Any, updated: re.Match[str], parameters: list[Any]) -> None:
    changed = re.findall(r'"(\w+)"', updated[2])
    names = [*changed, updated[3], *re.findall(r'"(\w+)"', updated[4])]
    key, conditions = len(changed), range(len(changed) + 1, len(names))
    client.update_item(
        TableName=updated[1],
        Key=_plain({updated[3]: parameters[key]}),
        UpdateExpression="SET " + ", ".join(f"#n{at} = :v{at}" for at in range(key)),
        ConditionExpression=" AND ".join([f"attribute_exists(#n{key})", *(f"#n{at} = :v{at}" for at in conditions)]),
        ExpressionAttributeNames={f"#n{at}": name for at, name in enumerate(names)},
        ExpressionAttributeValues=_plain({f":v{at}": one for at, one in enumerate(parameters) if at != key}),
    )


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Undo the base64 that binary values have on the wire: the client applies it again."""
    return {
        name: {"B": base64.b64decode(value["B"])} if isinstance(value.get("B"), str) else value
        for name, value in values.items()
    }
