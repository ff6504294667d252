"""The manifest by which COPY loads a run's files: these, all of them, and of this length."""

from __future__ import annotations

import json

from glue.storage import File


def manifest(files: list[File]) -> bytes:
    """Give the manifest; ``content_length`` is required for columnar formats. Raises ValueError without a file.

    https://docs.aws.amazon.com/redshift/latest/dg/loading-data-files-using-manifest.html
    """
    if not files:
        raise ValueError("a manifest needs a file")
    entries = [{"url": file.url, "mandatory": True, "meta": {"content_length": file.size}} for file in files]
    return json.dumps({"entries": entries}, indent=1).encode()
