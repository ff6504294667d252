"""Whether a request's body is the one that was signed: its hash, or the chain of its chunks' signatures.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
"""

from __future__ import annotations

import hashlib
import hmac
import re

UNSIGNED = "UNSIGNED-PAYLOAD"
UNSIGNED_STREAM = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
SIGNED_STREAM = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_STREAM_WITH_TRAILER = f"{SIGNED_STREAM}-TRAILER"
SHA256 = re.compile(r"[0-9a-f]{64}")
_EMPTY = hashlib.sha256(b"").hexdigest()
_SIZE = re.compile(rb"[0-9A-Fa-f]{1,16}")


class ChunkSigner:
    """The signatures of a stream's chunks, each made over the one before; `seed` is the request's own."""

    def __init__(self, key: bytes, amz_date: str, scope: str, seed: str) -> None:
        self._key, self._prefix = key, f"{amz_date}\n{scope}"
        self._previous = seed

    def chunk(self, data: bytes) -> str:
        """The signature that the next chunk must bear."""
        return self._next("AWS4-HMAC-SHA256-PAYLOAD", f"{_EMPTY}\n{hashlib.sha256(data).hexdigest()}")

    def trailer(self, headers: bytes) -> str:
        """The signature of the trailing headers, each ended by a line feed."""
        return self._next("AWS4-HMAC-SHA256-TRAILER", hashlib.sha256(headers).hexdigest())

    def _next(self, algorithm: str, end: str) -> str:
        text = f"{algorithm}\n{self._prefix}\n{self._previous}\n{end}"
        self._previous = hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()
        return self._previous


def chunks_are_signed(body: bytes, signer: ChunkSigner, *, trailer: bool) -> bool:
    """Whether every chunk of an aws-chunked body, and the trailer after the last one, has its signature."""
    position = 0
    while True:
        end = body.find(b"\r\n", position)
        size, separator, given = body[position:end].partition(b";chunk-signature=")
        if end < 0 or not separator or not _SIZE.fullmatch(size):
            return False
        start, length = end + 2, int(size, 16)
        data = body[start : start + length]
        if len(data) != length or not hmac.compare_digest(signer.chunk(data).encode(), given.strip()):
            return False
        position = start + length
        if length == 0:
            break
        if body[position : position + 2] != b"\r\n":
            return False
        position += 2
    rest = body[position:]
    return _trailer_is_signed(rest, signer) if trailer else rest in (b"", b"\r\n")


def _trailer_is_signed(rest: bytes, signer: ChunkSigner) -> bool:
    headers, found, end = rest.partition(b"x-amz-trailer-signature:")
    lines = [line.strip() for line in headers.split(b"\r\n") if line.strip()]
    canonical = b"".join(line + b"\n" for line in lines)
    return bool(found) and hmac.compare_digest(signer.trailer(canonical).encode(), end.strip())
