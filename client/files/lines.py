"""Physical lines of a text, in batches, whatever its encoding and line ends; no line is held beyond a bound."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from client.errors import ClientError
from client.files.encoding import Encoding

_BLOCK = 1 << 18
LONGEST = 1 << 23  # characters of a line that are kept; the API takes 5 MB at most


@dataclass
class Lines:
    """Consecutive lines, ends included. `cut`: a line that is longer than LONGEST; what is beyond it is left out."""

    first: int  # number of the first line, from 1
    texts: list[str]
    cut: bool = False


def lines_of(stream: BinaryIO | io.BufferedReader, encoding: Encoding, name: str) -> Iterator[Lines]:
    """Read lines that end in LF, CRLF or CR. Bytes that are not in the encoding become lone surrogates.

    Raises ClientError if the encoding cannot be right, or the file cannot be read.
    """
    number, carry = 1, ""
    skipping = False
    for text in _decoded(stream, encoding, name):
        text = carry + text
        cut = text.rfind("\n") + 1 or text.rfind("\r", 0, len(text) - 1) + 1
        if skipping:
            ends = [at for at in (text.find("\n"), text.find("\r", 0, len(text) - 1)) if at >= 0]
            if not ends:
                carry = text[-1:] if text.endswith("\r") else ""
                continue
            start = min(ends) + (2 if text.startswith("\r\n", min(ends)) else 1)
            skipping = False
            text, cut = text[start:], max(0, cut - start)
        if cut:
            texts = list(io.StringIO(text[:cut], newline=""))
            yield Lines(number, texts)
            number += len(texts)
        carry = text[cut:]
        if len(carry) > LONGEST:
            yield Lines(number, [carry[:LONGEST]], cut=True)
            number, carry, skipping = number + 1, "", True
    if carry and not skipping:
        texts = list(io.StringIO(carry, newline=""))
        yield Lines(number, texts)


def _decoded(stream: BinaryIO | io.BufferedReader, encoding: Encoding, name: str) -> Iterator[str]:
    errors = "surrogateescape" if encoding.name == "utf-8" else "surrogatepass" if "utf-" in encoding.name else "strict"
    decoder = codecs.getincrementaldecoder(encoding.name)(errors)
    read = getattr(stream, "read1", stream.read)
    begin = len(encoding.bom)
    try:
        while data := read(_BLOCK):
            if begin:
                data, begin = data[begin:], max(0, begin - len(data))
            yield decoder.decode(data)
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise ClientError(
            f"{name} is not {encoding.label}: {error.reason} ({error.object[error.start : error.start + 4].hex(' ')}). "
            "Name its encoding with --encoding, or save it as UTF-8."
        ) from error
