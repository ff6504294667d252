"""How a refused request is answered: in the service's protocol, with the service's own error code, without CORS.

MiniStack has the table of codes by service; what is here are S3's codes that it lacks.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from urllib.parse import parse_qs, unquote
from xml.sax.saxutils import escape

from local.door.signature import Refusal, Request

Answer = tuple[int, dict[str, str], bytes]

_S3_STATUS = {
    "XAmzContentSHA256Mismatch": 400,
    "InvalidRequest": 400,
    "InvalidArgument": 400,
    "AuthorizationQueryParametersError": 400,
    "HeadersNotSigned": 403,
}
_XRAY_PATHS = frozenset({"/TraceSegments", "/TraceSummaries", "/Traces", "/TelemetryRecords"})
# What the services other than S3 call the same.
_ELSEWHERE = {
    "HeadersNotSigned": "SignatureDoesNotMatch",
    "InvalidArgument": "IncompleteSignature",
    "AuthorizationQueryParametersError": "IncompleteSignature",
}


def refused(request: Request, refusal: Refusal, service: str | None = None) -> Answer:
    """The answer of the service that the request was meant for, or of the one that is given."""
    from ministack.core.iam_actions import access_denied_response
    from ministack.core.responses import fix_error_content_type

    headers, request_id = request.values(), str(uuid.uuid4())
    service = service or service_of(request, headers)
    if service == "s3" and refusal.code in _S3_STATUS:
        code = "AccessDenied" if refusal.code == "HeadersNotSigned" else refusal.code
        status, answer, body = (
            _S3_STATUS[refusal.code],
            {"Content-Type": "application/xml"},
            _s3_error(code, refusal.message, request_id),
        )
    else:
        code = _ELSEWHERE.get(refusal.code, refusal.code)
        status, answer, body = access_denied_response(
            service, "", "", request_id, error_code=code, message=refusal.message, headers=headers
        )
        fix_error_content_type(service, status, answer)
    answer |= {"x-amzn-requestid": request_id, "x-amz-request-id": request_id}
    return status, answer, b"" if request.method == "HEAD" else body


def service_of(request: Request, headers: Mapping[str, str]) -> str:
    """The service that MiniStack would give the request to."""
    from ministack.app import _extract_s3_vhost_bucket, _routing_params
    from ministack.core.router import detect_service

    query = parse_qs(request.query, keep_blank_values=True)
    path = unquote(request.raw_path)
    if "x-amz-target" not in headers and _extract_s3_vhost_bucket(headers.get("host", "")):
        return "s3"
    if path.rstrip("/") in _XRAY_PATHS:  # MiniStack has no X-Ray (local.xray): it would take them for buckets
        return "xray"
    found = dict(headers)
    return str(
        detect_service(request.method, path, found, _routing_params(request.method, path, found, request.body, query))
    )


def _s3_error(code: str, message: str, request_id: str) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{escape(code)}</Code>'
        f"<Message>{escape(message)}</Message><RequestId>{request_id}</RequestId></Error>"
    ).encode()
