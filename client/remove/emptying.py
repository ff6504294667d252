"""Empties a bucket of every version and every delete marker: CloudFormation deletes no bucket that has any."""

from __future__ import annotations

from typing import Any

from client.errors import ClientError

MOST_KEYS = 1000  # limit of DeleteObjects, and of a page of versions
MOST_EXAMPLES = 5


def empty(s3: Any, bucket: str) -> int:
    """Delete all versions and markers of a bucket, and give how many; repeatable.

    Raises ClientError that names keys which S3 refused to delete, after all others were.
    """
    deleted, refused = 0, []
    for page in s3.get_paginator("list_object_versions").paginate(
        Bucket=bucket, PaginationConfig={"PageSize": MOST_KEYS}
    ):
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        keys = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found]
        for begin in range(0, len(keys), MOST_KEYS):
            part = keys[begin : begin + MOST_KEYS]
            answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": part, "Quiet": True})
            errors = answer.get("Errors", [])
            deleted += len(part) - len(errors)
            refused += errors
    if refused:
        examples = ", ".join(f"{one['Key']} ({one['Code']})" for one in refused[:MOST_EXAMPLES])
        more = f" and {len(refused) - MOST_EXAMPLES:,} more" if len(refused) > MOST_EXAMPLES else ""
        raise ClientError(
            f"{bucket} still has what S3 refused to delete: {examples}{more}. {deleted:,} others deleted; try again."
        )
    return deleted
