"""The trace header within a record: an element of its first line that is no field's, which COPY and the lake pass over.

Lambda's trace ends at the stream: a consumer's invocation has a trace of its own. So the record says which trace it is
of, and each sink adds a segment to that trace. Only sampled requests carry one. See docs/decisions/0028-telemetry.md.
"""

from __future__ import annotations

import re

# https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
_FORM = r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=1"

is_trace = re.compile(_FORM).fullmatch


def sampled_header(header: str) -> str | None:
    """Give the part of a trace header (of ``_X_AMZN_TRACE_ID``) that travels; None when the trace is not sampled."""
    parts = dict(part.split("=", 1) for part in header.split(";") if "=" in part)
    short = f"Root={parts.get('Root')};Parent={parts.get('Parent')};Sampled={parts.get('Sampled')}"
    return short if is_trace(short) else None
