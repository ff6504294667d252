"""The COPY that Firehose sends to Redshift, and the CloudWatch error code for what comes back. Pure."""

from __future__ import annotations

from local.firehose.model import DeliveryStream


def copy_sql(stream: DeliveryStream, manifest: str) -> str:
    """COPY <table> (<columns>) FROM 's3://<manifest>' CREDENTIALS 'aws_iam_role=<role>' MANIFEST <options>;"""
    columns = f" ({stream.columns})" if stream.columns else ""
    options = f" {stream.copy_options}" if stream.copy_options else ""
    return (
        f"COPY {stream.table}{columns} FROM 's3://{stream.bucket}/{manifest}' "
        f"CREDENTIALS 'aws_iam_role={stream.role_arn}' MANIFEST{options};"
    )


# https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-logs.html: in order, the first that fits.
_CODES = (
    ("does not exist", "Redshift.TableNotFound"),
    ("syntax error", "Redshift.SyntaxError"),
    ("password authentication failed", "Redshift.AuthenticationFailed"),
    ("permission denied", "Redshift.AccessDenied"),
    ("access denied", "Redshift.S3BucketAccessDenied"),
    ("accessdenied", "Redshift.S3BucketAccessDenied"),
    ("stl_load_errors", "Redshift.DataLoadFailed"),
    ("stl_load_error", "Redshift.DataLoadFailed"),
    ("could not connect", "Redshift.ConnectionFailed"),
    ("connection", "Redshift.ConnectionFailed"),
    ("endpoint", "Redshift.ConnectionFailed"),
)


def error_code(message: str) -> str:
    """Firehose's code for an error message of Redshift."""
    lowered = message.lower()
    return next((code for text, code in _CODES if text in lowered), "Redshift.CopyFailed")
