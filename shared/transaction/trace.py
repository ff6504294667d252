"""The trace header within a record: one more element at the end of its first line, which COPY and the lake pass over.

Lambda's trace ends at the stream: a consumer's invocation has a trace of its own. So the record says which trace it is
of, and each sink adds a segment to that trace. Only requests that X-Ray samples carry one. docs/decisions.md weighs it.
"""

from __future__ import annotations

import re

# https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
_FORM = r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=1"
_AT_END = re.compile(rf',"({_FORM})"\]\Z'.encode())
_LENGTH = len(',"Root=1-01234567-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=1"]')

is_trace = re.compile(_FORM).fullmatch


def sampled_header(header: str) -> str | None:
    """Give the part of a trace header (of ``_X_AMZN_TRACE_ID``) that travels; None when the trace is not sampled."""
    parts = dict(part.split("=", 1) for part in header.split(";") if "=" in part)
    short = f"Root={parts.get('Root')};Parent={parts.get('Parent')};Sampled={parts.get('Sampled')}"
    return short if is_trace(short) else None


def with_trace(line: bytes, header: str) -> bytes:
    """Add a header to an encoded line, ``[1, ...]`` and a newline."""
    return b'%s,"%s"]\n' % (line[:-2], header.encode())


def trace_of(record: bytes) -> str | None:
    """Give the header that a record's first line carries, or None."""
    end = record.find(b"\n", 1)
    if end < 0:
        end = len(record)
    if record[end - 3 : end - 1] != b'1"':  # nearly all records, at once
        return None
    found = _AT_END.search(record[max(0, end - _LENGTH) : end])
    return found[1].decode() if found else None
