"""The Glue job's package: its script, and a zip of what it imports, published where the job's definition points to."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from shared.sinks.bucket import Bucket

ROOT = Path(__file__).resolve().parents[2]  # the repository, and the function's package alike
SCRIPT = "glue/job.py"
ARCHIVE = "glue/swipeline.zip"
_FOLDERS = ("glue", "shared")
_EPOCH = (1980, 1, 1, 0, 0, 0)  # zip's first day: the same files give the same archive


def publish_job(bucket: Bucket) -> list[str]:
    """Put the job's script and archive to the bucket; give their keys. Raises as Bucket.put does."""
    bucket.put(SCRIPT, (ROOT / SCRIPT).read_bytes(), "text/x-python")
    bucket.put(ARCHIVE, archive(), "application/zip")
    return [SCRIPT, ARCHIVE]


def archive() -> bytes:
    """Zip the modules, for `--extra-py-files`: Python imports from it as it is."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        for folder in _FOLDERS:
            for path in sorted((ROOT / folder).rglob("*.py")):
                entry = zipfile.ZipInfo(path.relative_to(ROOT).as_posix(), _EPOCH)
                entry.compress_type = zipfile.ZIP_DEFLATED
                file.writestr(entry, path.read_bytes())
    return content.getvalue()
