"""The encoding of a text file: what its bytes prove, over the whole file, before anything of it is sent.

UTF-8, UTF-16 and UTF-32 prove themselves. An 8-bit encoding does so only if every encoding in which the text makes
sense gives the same text; a file that reads in two ways is refused with both, and --encoding decides.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from dataclasses import dataclass, field, replace

from client.errors import ClientError
from client.files.containers import Content
from client.files.probe import BLOCK, Probe

_MOST_WORDS = 5_000  # distinct words with bytes beyond ASCII, kept as evidence
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins as UTF-16's does
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# 8-bit encodings that files of this field have been seen in, by how often; a proof has to rule out all but one text.
_LEGACY = (
    "windows-1252", "iso-8859-15", "windows-1250", "windows-1254", "windows-1257", "windows-1251", "windows-1253",
    "mac-roman", "cp850", "cp437",
)  # fmt: skip
_WORD = re.compile(rb"[A-Za-z'\x80-\xff]*[\x80-\xff][A-Za-z'\x80-\xff]*")
_NAMES = {"utf-8": "UTF-8", "windows-1252": "Windows-1252 (Latin-1)", "iso-8859-1": "Latin-1"}


@dataclass
class Encoding:
    """How to decode a file. `damaged`: some of its lines are not in that encoding, and are rejected one by one."""

    name: str
    bom: bytes = b""
    damaged: bool = False
    notes: list[str] = field(default_factory=list)
    suspicious: bool | None = None  # what :class:`~client.files.probe.Probe` says; None: the file was not read for it

    @property
    def label(self) -> str:
        """For people."""
        shown = _NAMES.get(self.name, self.name.replace("utf-", "UTF-").replace("-le", "LE").replace("-be", "BE"))
        return f"{shown} with a byte order mark" if self.bom else shown


def detect(content: Content, wanted: str | None) -> Encoding:
    """Detect the encoding of a text file. Raises ClientError if it is ambiguous or not the requested one."""
    head, name = content.head, content.input.name
    for bom, found in _BOMS:
        if head.startswith(bom):
            return Encoding(found, bom)
    if wanted:
        try:
            return Encoding(codecs.lookup(wanted).name if wanted.lower() not in _NAMES else wanted.lower())
        except LookupError:
            raise ClientError(f"Unknown encoding {wanted!r}. Expected e.g. utf-8, windows-1252, utf-16-le.") from None
    if wide := _wide(head):
        return Encoding(wide)
    if not content.again:
        # A pipe is read once: lines that turn out not to be UTF-8 are rejected one by one.
        return Encoding("utf-8", damaged=True)
    return _survey(content, name)


def _wide(head: bytes) -> str | None:
    """UTF-16 or UTF-32 without a byte order mark: in text that is mostly ASCII every other byte is zero."""
    start = head[: len(head) // 4 * 4][:4096]
    if not start or b"\0" not in start:
        return None
    zeros = [start[i::4].count(0) / (len(start) / 4) for i in range(4)]
    for name, pattern in (
        ("utf-32-le", (0, 1, 1, 1)),
        ("utf-32-be", (1, 1, 1, 0)),
        ("utf-16-le", (0, 1, 0, 1)),
        ("utf-16-be", (1, 0, 1, 0)),
    ):
        if all(share > 0.7 if zero else share < 0.3 for share, zero in zip(zeros, pattern, strict=True)):
            return name
    return None


def _survey(content: Content, name: str) -> Encoding:
    """Read the file through: UTF-8 if it is, an 8-bit encoding if that is proven. Notices damaged archives as well."""
    seen_utf8 = seen_other = False
    words: dict[bytes, None] = {}
    rest = b""
    done = 0  # bytes of whole lines that were looked at
    first_bad = (0, 0)  # such bytes before the first line that is not UTF-8, and lines behind them
    probe = Probe()
    with content.open() as stream:
        while block := stream.read(BLOCK):
            probe.look(block)
            if not rest and block.isascii():
                done += len(block)
                continue
            block = rest + block
            cut = block.rfind(b"\n") + 1 or len(block)
            block, rest = block[:cut], block[cut:]
            bad, good = _not_utf8(block)
            seen_utf8 = seen_utf8 or good
            if bad and not seen_other:
                seen_other, first_bad = True, (done, bad[0][0])
            done += len(block)
            for _, line in bad:
                if len(words) < _MOST_WORDS:
                    words.update(dict.fromkeys(_WORD.findall(line)))
    bad, good = _not_utf8(rest)
    seen_utf8 = seen_utf8 or good
    if bad:
        first_bad = first_bad if seen_other else (done, 0)
        words.update(dict.fromkeys(_WORD.findall(rest)))
        seen_other = True
    if not seen_other:
        return Encoding("utf-8", suspicious=probe.suspicious)
    if seen_utf8:
        return Encoding("utf-8", damaged=True, suspicious=probe.suspicious)
    before, lines = first_bad
    number = 1 + _newlines(content, before) + lines
    return replace(_proven(list(words), name, number), suspicious=probe.suspicious)


def _newlines(content: Content, size: int) -> int:
    """The newlines in the first bytes of a text."""
    count = 0
    with content.beside() as stream:
        while size and (block := stream.read(min(size, BLOCK))):
            count, size = count + block.count(b"\n"), size - len(block)
    return count


def _not_utf8(block: bytes) -> tuple[list[tuple[int, bytes]], bool]:
    """The lines of a block that are not UTF-8, with their numbers from 0, and whether others are, beyond ASCII."""
    if block.isascii():
        return [], False
    try:
        block.decode()
        return [], True
    except UnicodeDecodeError:
        pass
    bad, good = [], False
    for number, line in enumerate(block.split(b"\n")):
        if line.isascii():
            continue
        try:
            line.decode()
            good = True
        except UnicodeDecodeError:
            bad.append((number, line))
    return bad, good


def _proven(words: list[bytes], name: str, line: int) -> Encoding:
    readings = {one: text for one in _LEGACY if (text := _sensible(words, one)) is not None}
    texts = set(map(tuple, readings.values()))
    if len(texts) == 1:
        found = next(iter(readings))
        label = _NAMES.get(found, found)
        return Encoding(found, notes=[f"read as {label}: {words[0].decode(found)!r} is not UTF-8"])
    found = next(iter(readings), "windows-1252")
    by_text: dict[str, str] = {}
    for one, reading in readings.items():
        differs = (at for at, text in enumerate(reading) if any(other[at] != text for other in readings.values()))
        if (at := next(differs, None)) is not None:
            by_text.setdefault(reading[at], _NAMES.get(one, one))
    shown = "; ".join(f"{text!r} in {one}" for text, one in list(by_text.items())[:3])
    ways = f" It can be read in more than one way: {shown}." if shown else ""
    raise ClientError(
        f"{name} is not UTF-8 (line {line}); it looks like Latin-1/Windows-1252 or a similar 8-bit encoding.{ways} "
        f"Name the encoding, e.g. --encoding {found}, or save the file as UTF-8. Nothing was sent."
    )


def _sensible(words: list[bytes], encoding: str) -> list[str] | None:
    """The words in an encoding, or None if they make no sense in it."""
    try:
        texts = [word.decode(encoding) for word in words]
    except UnicodeDecodeError:
        return None
    return texts if all(map(_is_word, texts)) else None


def _is_word(text: str) -> bool:
    """Whether a word's letters are of one script and upper-case letters stand only where they do in names."""
    scripts = set()
    before = ""
    for character in text:
        category = unicodedata.category(character)
        if category in ("Cc", "Cn", "Co"):
            return False
        if category[0] == "L":
            scripts.add(unicodedata.name(character, "?").split(" ")[0])
            if (
                before
                and unicodedata.category(before) == "Ll"
                and category == "Lu"
                and not (before.isascii() and character.isascii())
            ):
                return False
        elif not character.isascii() and category in ("So", "Sm", "Sk") and before.isalpha():
            return False  # a box-drawing or mathematical sign within a word
        before = character
    return len(scripts) <= 1
