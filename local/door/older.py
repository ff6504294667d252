"""S3's older signature (version 2), which boto3 still makes for presigned addresses in us-east-1: checked for S3 alone.

https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html
"""

from __future__ import annotations

import datetime as dt
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from botocore.auth import HmacV1Auth
from botocore.awsrequest import HTTPHeaders
from botocore.credentials import Credentials

SKEW = dt.timedelta(minutes=15)


@dataclass(frozen=True)
class Older:
    """A signature of version 2: `date` is the Date header, or of a presigned address its Expires."""

    access_key_id: str
    signature: str
    date: str
    presigned: bool

    def time_problem(self, amz_date: str, now: dt.datetime) -> str | None:
        """The code of the refusal, when it is too old or not yet good."""
        if self.presigned:
            good = self.date.isascii() and self.date.isdigit() and now.timestamp() <= int(self.date)
            return None if good else "RequestExpired"
        try:
            signed_at = parsedate_to_datetime(amz_date or self.date)
        except ValueError:
            return "IncompleteSignature"
        if signed_at.tzinfo is None:
            return "IncompleteSignature"
        return None if abs(now - signed_at) <= SKEW else "RequestTimeTooSkewed"

    def holds(self, method: str, resource: str, query: str, headers: Mapping[str, str], secret: str) -> bool:
        """Whether the secret signs this request so. `resource` is the path with the bucket before it."""
        date = self.date

        class Signer(HmacV1Auth):
            def _get_date(self) -> str:
                return date

        signed = HTTPHeaders()
        for name, value in headers.items():
            signed[name] = value
        split = urlsplit(f"http://s3{resource}" + (f"?{query}" if query else ""))
        expected = Signer(Credentials(self.access_key_id, secret)).get_signature(method, split, signed)
        return hmac.compare_digest(str(expected).encode(), self.signature.encode())


def older_signature(headers: Mapping[str, str], query: Mapping[str, list[str]]) -> Older | None:
    """The signature of version 2 that a request bears, complete or not; None when it bears none."""
    authorization = headers.get("authorization", "")
    if authorization.startswith("AWS "):
        key, _, signature = authorization.removeprefix("AWS ").partition(":")
        return Older(key, signature, headers.get("date", ""), presigned=False)
    if "AWSAccessKeyId" in query and "Signature" in query and "SignatureVersion" not in query:
        (key, *more_keys), (signature, *more) = query["AWSAccessKeyId"], query["Signature"]
        expires = query.get("Expires", [""])
        if authorization or more or more_keys or len(expires) > 1:
            return Older("", "", "", presigned=True)
        return Older(key, signature, expires[0], presigned=True)
    return None
