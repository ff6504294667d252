"""X-Ray on the embedded AWS: a request is traced from API Gateway through Lambda into the function's own segments."""

from __future__ import annotations

import http.client
import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.tests.conformance.cloudwatch.test_metrics import at
from local.tests.conformance.emulator import Emulator, wait_until
from local.xray.header import new_root

# What the X-Ray SDK sends: a subsegment of the function's segment, in a datagram of its own.
CODE = """
import json, os, socket, time

def handler(event, context):
    root, parent, sampled = (part.split("=")[1] for part in os.environ["_X_AMZN_TRACE_ID"].split(";"))
    now = time.time()
    document = {"trace_id": root, "parent_id": parent, "id": os.urandom(8).hex(), "type": "subsegment",
                "name": "## work", "start_time": now, "end_time": now + 0.001,
                "annotations": {"request_id": context.aws_request_id}}
    host, port = os.environ["AWS_XRAY_DAEMON_ADDRESS"].split(":")
    message = '{"format":"json","version":1}\\n' + json.dumps(document)
    if sampled == "1":
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(message.encode(), (host, int(port)))
    return {"statusCode": 200, "body": json.dumps({"header": os.environ["_X_AMZN_TRACE_ID"]})}
"""


def trace(emulator: Emulator, trace_id: str) -> list[dict[str, Any]]:
    """The trace's segments."""
    answer = emulator.client("xray").batch_get_traces(TraceIds=[trace_id])["Traces"]
    return [json.loads(segment["Document"]) for one in answer for segment in one["Segments"]]


@pytest.fixture(scope="module")
def url(emulator: Emulator) -> str:
    """The path of an API with tracing on, before a function with tracing on."""
    emulator.function("traced", emulator.role("traced", "lambda"), CODE, TracingConfig={"Mode": "Active"})
    api, functions = emulator.client("apigateway"), emulator.client("lambda")
    api_id = api.create_rest_api(name="traced-api")["id"]
    root = api.get_resources(restApiId=api_id)["items"][0]["id"]
    arn = functions.get_function_configuration(FunctionName="traced")["FunctionArn"]
    functions.add_permission(
        FunctionName="traced", StatementId="api", Action="lambda:InvokeFunction", Principal="apigateway.amazonaws.com"
    )
    api.put_method(restApiId=api_id, resourceId=root, httpMethod="GET", authorizationType="NONE")
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"
    api.put_integration(
        restApiId=api_id, resourceId=root, httpMethod="GET", type="AWS_PROXY", integrationHttpMethod="POST", uri=uri
    )
    deployment = api.create_deployment(restApiId=api_id)["id"]
    api.create_stage(restApiId=api_id, stageName="s", deploymentId=deployment)
    api.update_stage(
        restApiId=api_id,
        stageName="s",
        patchOperations=[{"op": "replace", "path": "/tracingEnabled", "value": "true"}],
    )
    return f"/restapis/{api_id}/s/_user_request_/"


def get(emulator: Emulator, url: str, header: str | None) -> tuple[str, str]:
    """The answer's trace header, and the header that the function got."""
    connection = http.client.HTTPConnection("127.0.0.1", emulator.settings.port)
    connection.request("GET", url, headers={"X-Amzn-Trace-Id": header} if header else {})
    response = connection.getresponse()
    body = json.loads(response.read())
    assert response.status == 200
    return str(response.getheader("X-Amzn-Trace-Id")), body["header"]


def test_a_trace_goes_from_the_api_into_the_functions_subsegments(emulator: Emulator, url: str) -> None:
    root = new_root()
    answered, got = get(emulator, url, f"Root={root};Sampled=1")
    assert answered == f"Root={root};Sampled=1"
    assert got.startswith(f"Root={root};Parent=")
    wait_until(lambda: any(s.get("subsegments") for s in trace(emulator, root)), "the function's subsegment arrives")
    segments = {segment["origin"]: segment for segment in trace(emulator, root)}
    gateway, service, function = (
        segments[f"AWS::{origin}"] for origin in ("ApiGateway::Stage", "Lambda", "Lambda::Function")
    )
    assert gateway["http"]["response"]["status"] == 200
    assert service["parent_id"] == gateway["id"]
    assert function["parent_id"] == service["id"]
    assert got == f"Root={root};Parent={function['id']};Sampled=1"
    [work] = function["subsegments"]
    request_id = work["annotations"]["request_id"]

    def found(expression: str) -> list[str]:
        answer = emulator.client("xray").get_trace_summaries(
            StartTime=at(time.time() - 60), EndTime=at(time.time() + 60), FilterExpression=expression
        )
        return [item["Id"] for item in answer["TraceSummaries"]]

    assert found(f'annotation.request_id = "{request_id}"') == [root]
    assert root in found('service("traced") AND http.status = 200 AND !fault')
    assert root not in found("fault")
    with pytest.raises(ClientError):
        found('edge("a", "b")')


def test_a_request_that_is_not_sampled_leaves_no_trace(emulator: Emulator, url: str) -> None:
    root = new_root()
    answered, got = get(emulator, url, f"Root={root};Sampled=0")
    assert answered == f"Root={root};Sampled=0"
    assert got.endswith(";Sampled=0")
    assert trace(emulator, root) == []


def test_a_request_without_a_header_begins_a_trace(emulator: Emulator, url: str) -> None:
    answered, got = get(emulator, url, None)
    assert answered.startswith("Root=1-")
    assert got.startswith(answered.split(";")[0])


def test_who_may_not_read_traces_is_refused(emulator: Emulator) -> None:
    blind = emulator.clients.role("xray", emulator.role("blind", "lambda"))
    with pytest.raises(ClientError) as refused:
        blind.batch_get_traces(TraceIds=[new_root()])
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
