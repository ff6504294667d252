"""The file of rejected rows, as :mod:`client.send.rejected_rows` lays it out; it holds card numbers: it is private."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from client import outfile
from client.errors import ClientError
from client.files.row import Row
from client.send.rejected_rows import RejectedLayout

_QUOTED = re.compile(r'"[^"]*"')


class RejectedRows:
    """Written as rows come; the file exists only if there is one. Counts the reasons."""

    def __init__(
        self, path: Path, columns: list[str], inputs: Sequence[Path | str] = (), *, overwrite: bool = False
    ) -> None:
        """Raise ClientError if the file may not be written: before a row is sent, not after."""
        outfile.check(path, inputs, overwrite=overwrite)
        self.path = path
        self._inputs, self._overwrite = inputs, overwrite
        self.count = 0
        self._reasons: Counter[tuple[str, str]] = Counter()  # by field and reason without the values in it
        self._examples: dict[tuple[str, str], str] = {}
        self._layout = RejectedLayout(columns)
        self._file: IO[str] | None = None

    def add(self, row: Row, findings: list[tuple[str, str]]) -> None:
        """Add one row and why it was refused. Raises ClientError if the file cannot be written."""
        self.count += 1
        for field, reason in findings:
            kind = (field, _QUOTED.sub('"..."', reason))
            self._reasons[kind] += 1
            self._examples.setdefault(kind, reason)
        try:
            csv.writer(self._open()).writerow(self._layout.record(row, findings))
        except OSError as error:
            raise ClientError(f"Cannot write {self.path}: {error.strerror or error}.") from error

    def close(self) -> None:
        """Close the file, if one was made."""
        if self._file is not None:
            self._file.close()
            outfile.remember(self.path)

    def summary(self) -> list[dict[str, object]]:
        """Kinds of reasons, most frequent first; `reason` is the first of its kind, as it was given."""
        return [
            {"field": kind[0], "reason": self._examples[kind], "rows": rows}
            for kind, rows in self._reasons.most_common()
        ]

    def _open(self) -> IO[str]:
        if self._file is None:
            # What was not UTF-8 in the input goes out as the bytes it was.
            self._file = outfile.open_private(self.path, self._inputs, overwrite=self._overwrite)
            csv.writer(self._file).writerow(self._layout.header())
        return self._file
