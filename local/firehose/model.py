"""A delivery stream as deployed, read from DescribeDeliveryStream, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local.direct_put import buffer_arn

# AWS's defaults.
BUFFER_MEBIBYTES = 5
BUFFER_SECONDS = 300
RETRY_SECONDS = 3600
PROCESSOR_MEBIBYTES = 1
PROCESSOR_RETRIES = 3

_SERVERLESS_URL = re.compile(
    r"jdbc:(?:redshift|postgresql)://(?P<workgroup>[a-z0-9-]+)\.\d{12}\.[a-z0-9-]+\.redshift-serverless\.[a-z0-9.-]+"
    r":\d+/(?P<database>[A-Za-z0-9_$-]+)"
)


class UnsupportedStreamError(ValueError):
    """A delivery stream asks for something this runner does not do: it is refused, never half done."""


@dataclass(frozen=True)
class LogTarget:
    """Where CloudWatch error lines go."""

    group: str
    stream: str


@dataclass(frozen=True)
class Processor:
    """The function that records go through: how many bytes of them at once, and how often a failure is retried."""

    function_arn: str
    role_arn: str
    most_bytes: int
    retries: int


@dataclass(frozen=True)
class DeliveryStream:
    """From one Kinesis stream, or from direct puts, by way of one bucket, to one Redshift Serverless table.

    ``source_role_arn`` is None for direct puts: local/direct_put.py keeps them on a stream that is no role's to read.
    """

    name: str
    arn: str
    version: str
    source_arn: str
    source_role_arn: str | None
    starts_at: float
    bucket: str
    bucket_role_arn: str
    prefix: str
    error_prefix: str
    gzip: bool
    buffer_bytes: int
    buffer_seconds: float
    role_arn: str
    jdbc_url: str
    workgroup: str
    database: str
    secret_arn: str | None
    secret_role_arn: str
    table: str
    columns: str
    copy_options: str
    retry_seconds: float
    copy_log: LogTarget | None
    s3_log: LogTarget | None
    processor: Processor | None = None


def parse_stream(description: Mapping[str, Any]) -> DeliveryStream:
    """Read a DeliveryStreamDescription. Raises UnsupportedStreamError for what cannot be honored."""
    source = (description.get("Source") or {}).get("KinesisStreamSourceDescription")
    if description.get("DeliveryStreamType") == "DirectPut":
        source = {"KinesisStreamARN": buffer_arn(description["DeliveryStreamARN"])}
    elif description.get("DeliveryStreamType") != "KinesisStreamAsSource" or not source:
        raise UnsupportedStreamError("only a Kinesis stream and direct puts are supported as the source")
    destination = description["Destinations"][0] if description.get("Destinations") else {}
    redshift = destination.get("RedshiftDestinationDescription")
    if not redshift:
        raise UnsupportedStreamError("only Redshift is supported as the destination")
    s3 = redshift.get("S3DestinationDescription") or {}
    _refuse(redshift, s3)
    url = _SERVERLESS_URL.fullmatch(redshift["ClusterJDBCURL"])
    if url is None:
        raise UnsupportedStreamError(f"ClusterJDBCURL {redshift['ClusterJDBCURL']} is not one of Redshift Serverless")
    hints = s3.get("BufferingHints") or {}
    secret = redshift.get("SecretsManagerConfiguration") or {}
    starts_at = source.get("DeliveryStartTimestamp") or description["CreateTimestamp"]
    return DeliveryStream(
        name=description["DeliveryStreamName"],
        arn=description["DeliveryStreamARN"],
        version=str(description.get("VersionId", "1")),
        source_arn=source["KinesisStreamARN"],
        source_role_arn=source.get("RoleARN"),
        starts_at=starts_at.timestamp() if isinstance(starts_at, datetime) else float(starts_at),
        bucket=s3["BucketARN"].split(":::")[1],
        bucket_role_arn=s3.get("RoleARN") or redshift["RoleARN"],
        prefix=s3.get("Prefix") or "",
        error_prefix=s3.get("ErrorOutputPrefix") or "errors/",
        gzip=s3.get("CompressionFormat") == "GZIP",
        buffer_bytes=int(hints.get("SizeInMBs") or BUFFER_MEBIBYTES) * 1024 * 1024,
        buffer_seconds=float(hints.get("IntervalInSeconds", BUFFER_SECONDS)),
        role_arn=redshift["RoleARN"],
        jdbc_url=redshift["ClusterJDBCURL"],
        workgroup=url["workgroup"],
        database=url["database"],
        secret_arn=secret.get("SecretARN") if secret.get("Enabled") else None,
        secret_role_arn=secret.get("RoleARN") or redshift["RoleARN"],
        table=redshift["CopyCommand"]["DataTableName"],
        columns=redshift["CopyCommand"].get("DataTableColumns") or "",
        copy_options=redshift["CopyCommand"].get("CopyOptions") or "",
        retry_seconds=float((redshift.get("RetryOptions") or {}).get("DurationInSeconds", RETRY_SECONDS)),
        copy_log=_log_target(redshift),
        s3_log=_log_target(s3),
        processor=_processor(redshift.get("ProcessingConfiguration") or {}, redshift["RoleARN"]),
    )


def _refuse(redshift: Mapping[str, Any], s3: Mapping[str, Any]) -> None:
    if not s3.get("BucketARN"):
        raise UnsupportedStreamError("the S3 configuration of the Redshift destination is missing")
    if redshift.get("S3BackupMode", "Disabled") != "Disabled":
        raise UnsupportedStreamError("S3BackupMode is not supported")
    if s3.get("CompressionFormat", "UNCOMPRESSED") not in ("GZIP", "UNCOMPRESSED"):
        raise UnsupportedStreamError(f"CompressionFormat {s3['CompressionFormat']} is not supported, GZIP is")
    if (s3.get("EncryptionConfiguration") or {}).get("KMSEncryptionConfig"):
        raise UnsupportedStreamError("KMSEncryptionConfig is not supported: let the bucket encrypt by default")
    if "!{" in (s3.get("Prefix") or "") + (s3.get("ErrorOutputPrefix") or ""):
        raise UnsupportedStreamError("expressions in the prefixes are not supported")


def _processor(config: Mapping[str, Any], role_arn: str) -> Processor | None:
    if not config.get("Enabled"):
        return None
    processors = config.get("Processors") or []
    if len(processors) != 1 or processors[0].get("Type") != "Lambda":
        raise UnsupportedStreamError("a ProcessingConfiguration of one Lambda processor is supported, and no other")
    given = {one["ParameterName"]: one["ParameterValue"] for one in processors[0].get("Parameters") or []}
    if "LambdaArn" not in given:
        raise UnsupportedStreamError("the Lambda processor has no LambdaArn")
    return Processor(
        function_arn=given["LambdaArn"],
        role_arn=given.get("RoleArn", role_arn),
        most_bytes=int(float(given.get("BufferSizeInMBs", PROCESSOR_MEBIBYTES)) * 1024 * 1024),
        retries=int(given.get("NumberOfRetries", PROCESSOR_RETRIES)),
    )


def _log_target(config: Mapping[str, Any]) -> LogTarget | None:
    options = config.get("CloudWatchLoggingOptions") or {}
    if not options.get("Enabled"):
        return None
    return LogTarget(options["LogGroupName"], options["LogStreamName"])
