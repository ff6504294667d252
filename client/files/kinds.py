"""Files that are no table of transactions, by their first bytes: what each is, and what to do instead."""

from __future__ import annotations

import re

from client.errors import ClientError

_MAGIC = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel 97-2003 workbook (.xls) or a password-protected one",
     "save it as .xlsx without a password, or as CSV"),
    (b"PARE", "an encrypted Parquet file", "decrypt it, e.g. with the tool that wrote it"),
    (b"%PDF", "a PDF document", "export the table it shows as CSV"),
    (b"ORC", "an ORC file", "convert it to Parquet"),
    (b"Obj\x01", "an Avro file", "convert it to Parquet"),
    (b"ARROW1", "an Arrow IPC (Feather) file", "convert it to Parquet, e.g. pandas.read_feather(F).to_parquet(G)"),
    (b"FEA1", "a Feather file", "convert it to Parquet, e.g. pandas.read_feather(F).to_parquet(G)"),
    (b"SQLite format 3", "an SQLite database", "export the table as CSV"),
    (b"\x89HDF", "an HDF5 file", "convert it to Parquet, e.g. pandas.read_hdf(F).to_parquet(G)"),
    (b"\x93NUMPY", "a NumPy array", "save the table as CSV or Parquet"),
    (b"\x80\x04", "a Python pickle", "save the table as CSV or Parquet, e.g. DataFrame.to_parquet"),
    (b"\x80\x05", "a Python pickle", "save the table as CSV or Parquet, e.g. DataFrame.to_parquet"),
    (b"RDX", "an R data file", "save the table as CSV, e.g. write.csv(F, G, row.names = FALSE)"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "extract it and give the file inside"),
    (b"Rar!", "a RAR archive", "extract it and give the file inside"),
    (b"\x1f\x9d", "a compress (.Z) file", "uncompress it first"),
    (b"\x04\x22\x4d\x18", "an LZ4 file", "uncompress it first"),
    (b"\xff\x06\x00\x00sNaPpY", "a Snappy file", "uncompress it first"),
    (b"\x89PNG", "an image", "give the table itself"),
    (b"\xff\xd8\xff", "an image", "give the table itself"),
)  # fmt: skip
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|script|table|div|meta)\b", re.IGNORECASE)
_LFS = b"version https://git-lfs.github.com/spec/"
_GIT_ANNEX = re.compile(rb"\.{0,2}/?(?:[./\w-]*/)?\.?(?:git/)?annex/objects/")


def refuse_known(head: bytes, name: str) -> None:
    """Raise ClientError if the first bytes are those of a file that cannot hold rows, or cannot be read here."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not head.strip(b"\0 \t\r\n\xef\xbb\xbf\xff\xfe"):
        blank = "is empty" if not head else "is empty but for blank lines"
        raise ClientError(f"{name} {blank}: expected a table with a header line that names the columns.")
    if text.startswith(_LFS):
        raise ClientError(
            f"{name} is a Git LFS pointer, not the data: run `git lfs pull` in its repository, or download the file."
        )
    if _GIT_ANNEX.match(text):
        raise ClientError(f"{name} is a git-annex pointer, not the data: run `git annex get` on it.")
    if _HTML.match(text):
        raise ClientError(
            f"{name} is an HTML page, not a data file (a login or error page?): download the file itself, or save the "
            "table as CSV."
        )
    if text.startswith((b"<?xml", b"<")):
        raise ClientError(f"{name} is an XML document: export the table as CSV, JSON Lines or Parquet.")
    for magic, what, advice in _MAGIC:
        if head.startswith(magic):
            raise ClientError(f"{name} is {what}: {advice}.")
    if head[8:12] == b"DUCK":
        raise ClientError(f"{name} is a DuckDB database: export the table with COPY ... TO 'file.parquet'.")
    if head[257:262] == b"ustar":
        raise ClientError(f"{name} is a tar archive: extract it and give the files inside.")
