"""COPY's grammar. Options are read by name; one that isn't known, or doesn't go with the format, is refused by name."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from local.redshift.errors import SqlError

_TOKEN = re.compile(
    r"""\s+|--[^\n]*|/\*.*?\*/|(?P<string>'(?:[^'\\]|''|\\.)*')|"(?P<quoted>(?:[^"]|"")+)"
    |(?P<word>[A-Za-z_][\w$]*)|(?P<number>\d+)|(?P<punct>[(),.;=])""",
    re.VERBOSE | re.DOTALL,
)
_SIZES = {"COMPUPDATE": {"ON", "OFF", "TRUE", "FALSE", "PRESET"}, "STATUPDATE": {"ON", "OFF", "TRUE", "FALSE"}}
_FLAGS = {"BLANKSASNULL", "EMPTYASNULL", "TRUNCATECOLUMNS", "ROUNDEC", "MANIFEST", "IGNOREBLANKLINES"}
_COMPRESSION = {"GZIP", "BZIP2", "ZSTD"}
_FORMATS = {"CSV", "JSON", "PARQUET"}
# "COPY from columnar formats supports only" these. https://docs.aws.amazon.com/redshift/latest/dg/copy-usage_notes-copy-from-columnar.html
_COLUMNAR = {"MANIFEST", "STATUPDATE", "COMPUPDATE", "REGION", "FORMAT", "IAM_ROLE", "CREDENTIALS"}


@dataclass
class CopyCommand:
    """A parsed COPY. `json` is auto, auto ignorecase or an s3:// address."""

    table: str
    schema: str | None
    source: str
    columns: list[str] | None = None
    role: str | None = None
    format: str = "delimited"
    json: str = ""
    compression: str | None = None
    manifest: bool = False
    delimiter: str = "|"
    quote: str = '"'
    ignore_header: int = 0
    time_format: str = ""
    date_format: str = ""
    max_error: int = 0
    null_as: str | None = None
    invalid_character: str | None = None
    region: str | None = None
    flags: set[str] = field(default_factory=set)


def is_copy(sql: str) -> bool:
    """True when the statement's first word is COPY."""
    return re.match(r"(?:\s|--[^\n]*\n|/\*.*?\*/)*copy\b", sql, re.IGNORECASE | re.DOTALL) is not None


class _Reader:
    def __init__(self, sql: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        position = 0
        while position < len(sql):
            match = _TOKEN.match(sql, position)
            if not match:
                raise SqlError(f'syntax error at or near "{sql[position : position + 20]}"')
            position = match.end()
            if match.lastgroup:
                self.tokens.append((match.lastgroup, match[match.lastgroup]))
        if self.tokens and self.tokens[-1] == ("punct", ";"):
            self.tokens.pop()
        self.at = 0

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "end of input")

    def next(self) -> tuple[str, str]:
        token = self.peek()
        self.at += 1
        return token

    def fail(self) -> SqlError:
        return SqlError(f'syntax error at or near "{self.peek()[1]}"')

    def accept(self, *words: str) -> str | None:
        kind, value = self.peek()
        if kind in ("word", "punct") and value.upper() in words:
            self.at += 1
            return value.upper()
        return None

    def expect(self, *words: str) -> str:
        found = self.accept(*words)
        if not found:
            raise self.fail()
        return found

    def name(self) -> str:
        kind, value = self.peek()
        if kind not in ("word", "quoted"):
            raise self.fail()
        self.at += 1
        return value.replace('""', '"').lower()

    def string(self) -> str:
        kind, value = self.peek()
        if kind != "string":
            raise self.fail()
        self.at += 1
        return value[1:-1].replace("''", "'").replace("\\'", "'").replace("\\\\", "\\")

    def number(self, word: str) -> int:
        kind, value = self.peek()
        if kind == "string" and value[1:-1].isdigit():
            kind, value = "number", value[1:-1]
        if kind != "number":
            raise SqlError(f"{word} needs a whole number, got {value}")
        self.at += 1
        return int(value)


def parse_copy(sql: str) -> CopyCommand:
    """Parse COPY ... FROM 's3://...'. Raises SqlError on bad syntax and on options that aren't supported."""
    reader = _Reader(sql)
    reader.expect("COPY")
    first = reader.name()
    schema, table = (first, reader.name()) if reader.accept(".") else (None, first)
    columns: list[str] | None = None
    if reader.accept("("):
        columns = [reader.name()]
        while reader.accept(","):
            columns.append(reader.name())
        reader.expect(")")
    reader.expect("FROM")
    source = reader.string()
    if not re.match(r"s3://[^/]+/?", source):
        raise SqlError(f"COPY FROM '{source}' is not supported by this server: only s3:// addresses are")
    command = CopyCommand(table=table, schema=schema, source=source, columns=columns)
    seen: list[str] = []
    while reader.peek()[0] != "end":
        seen.append(_option(reader, command))
    if not command.role:
        raise SqlError("COPY needs IAM_ROLE or CREDENTIALS with aws_iam_role")
    _check(command, seen)
    return command


def _option(reader: _Reader, command: CopyCommand) -> str:
    kind, value = reader.next()
    word = value.upper()
    if kind != "word":
        reader.at -= 1
        raise reader.fail()
    if word == "FORMAT":
        reader.accept("AS")
        word = reader.expect(*_FORMATS, "DELIMITED") if reader.peek()[0] == "word" else ""
        if not word:
            raise reader.fail()
    if word in ("IAM_ROLE", "CREDENTIALS", "WITH"):
        _credentials(reader, command, word)
    elif word == "JSON":
        reader.accept("AS")
        command.format = "json"
        command.json = reader.string() if reader.peek()[0] == "string" else "auto"
    elif word in ("CSV", "PARQUET"):
        command.format = word.lower()
        command.delimiter = "," if word == "CSV" else command.delimiter
    elif word in _COMPRESSION:
        command.compression = word.lower()
    elif word in _FLAGS:
        command.flags.add(word)
        command.manifest = command.manifest or word == "MANIFEST"
    elif word in _SIZES:
        if reader.peek()[0] == "word" and reader.peek()[1].upper() in _SIZES[word]:
            reader.next()
    else:
        _valued(reader, command, word)
    return word


def _valued(reader: _Reader, command: CopyCommand, word: str) -> None:
    if word == "DELIMITER":
        reader.accept("AS")
        command.delimiter = reader.string().replace("\\t", "\t")
    elif word == "QUOTE":
        reader.accept("AS")
        command.quote = reader.string()
    elif word == "IGNOREHEADER":
        reader.accept("AS")
        command.ignore_header = reader.number(word)
    elif word in ("TIMEFORMAT", "DATEFORMAT"):
        reader.accept("AS")
        setattr(command, "time_format" if word == "TIMEFORMAT" else "date_format", reader.string())
    elif word == "MAXERROR":
        reader.accept("AS")
        command.max_error = reader.number(word)
        if command.max_error > 100000:
            raise SqlError("MAXERROR must be between 0 and 100000")
    elif word == "NULL":
        reader.accept("AS")
        command.null_as = reader.string()
    elif word == "ACCEPTINVCHARS":
        reader.accept("AS")
        command.invalid_character = reader.string() if reader.peek()[0] == "string" else "?"
    elif word == "REGION":
        reader.accept("AS")
        command.region = reader.string()
    else:
        raise SqlError(f"COPY option {word} is not supported by this server")


def _credentials(reader: _Reader, command: CopyCommand, word: str) -> None:
    if word == "WITH":
        reader.expect("CREDENTIALS")
        word = "CREDENTIALS"
    reader.accept("AS")
    if word == "IAM_ROLE":
        if reader.accept("DEFAULT"):
            raise SqlError("COPY with IAM_ROLE default is not supported by this server: name the role")
        command.role = reader.string()
        return
    text = reader.string()
    pairs = dict(part.split("=", 1) for part in text.split(";") if "=" in part)
    if set(pairs) != {"aws_iam_role"}:
        raise SqlError("COPY CREDENTIALS are supported by this server as 'aws_iam_role=<arn>' only")
    command.role = pairs["aws_iam_role"]


def _check(command: CopyCommand, seen: list[str]) -> None:
    if command.role and not re.fullmatch(r"arn:aws[\w-]*:iam::\d{12}:role/[\w+=,.@/-]+", command.role):
        raise SqlError(
            f"Invalid credentials. Must be of the format: 'aws_iam_role=...' or IAM_ROLE arn, got {command.role}"
        )
    if command.format == "parquet":
        for word in seen:
            if word not in _COLUMNAR | {"PARQUET"}:
                raise SqlError(f"{word} is not supported for COPY from columnar formats")
    if command.format != "csv" and "QUOTE" in seen:
        raise SqlError("QUOTE is only supported with CSV")
    if command.format == "json":
        if command.json == "noshred":
            raise SqlError("COPY JSON 'noshred' is not supported by this server")
        if command.json not in ("auto", "auto ignorecase") and not command.json.startswith("s3://"):
            raise SqlError(f"COPY JSON '{command.json}' is neither auto, auto ignorecase nor an s3:// jsonpaths file")
        for word in ("DELIMITER", "IGNOREHEADER"):
            if word in seen:
                raise SqlError(f"{word} is not supported with JSON")
    if len(command.delimiter) != 1 or len(command.quote) != 1:
        raise SqlError("DELIMITER and QUOTE must be one character")
