"""COPY's access to S3: the role is assumed through STS and its own permissions decide, as on AWS."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, cast

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local.clients import STALE_CREDENTIALS, error_code
from local.redshift.copy_source import MissingObjectError
from local.redshift.errors import SqlError
from local.settings import REGION, Settings
from local.trust import trusts

SERVICE_PRINCIPALS = frozenset({"redshift.amazonaws.com", "redshift-serverless.amazonaws.com"})
_MISSING = ("NoSuchKey", "404", "NotFound")
_REFRESH_SECONDS = 300


class S3Reader:
    """Reads objects with one role's credentials; `forget` is called when S3 no longer knows them."""

    def __init__(self, client: Any, forget: Callable[[], None]) -> None:
        self._client, self._forget = client, forget

    def open(self, bucket: str, key: str) -> BinaryIO:
        try:
            return cast(BinaryIO, self._client.get_object(Bucket=bucket, Key=key)["Body"])
        except ClientError as error:
            if error.response["Error"]["Code"] in _MISSING:
                raise MissingObjectError(key) from error
            raise self._refused(error, f"s3://{bucket}/{key}") from error
        except BotoCoreError as error:
            raise SqlError(f"S3ServiceException: s3://{bucket}/{key}: {error}") from error

    def list(self, bucket: str, prefix: str) -> Iterator[str]:
        try:
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
                for item in page.get("Contents", []):
                    yield item["Key"]
        except ClientError as error:
            raise self._refused(error, f"s3://{bucket}/{prefix}") from error

    def _refused(self, error: ClientError, address: str) -> SqlError:
        if error_code(error) in STALE_CREDENTIALS:
            self._forget()
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        detail = error.response["Error"]
        return SqlError(
            f"S3ServiceException:{detail.get('Message', '')},Status {status},Error {detail['Code']} reading {address}"
        )


class RoleAccess:
    """Readers by role, from the emulator's STS. The role must trust Redshift; credentials are kept until they age.

    An emulator that was killed has forgotten them: after that refusal, the next COPY assumes the role again.
    """

    def __init__(self, settings: Settings) -> None:
        self._endpoint, self._region = settings.endpoint, REGION
        self._session = boto3.Session(**settings.root_key.for_botocore(), region_name=REGION)
        self._config = Config(s3={"addressing_style": "path"}, retries={"mode": "standard", "max_attempts": 3})
        self._lock = threading.Lock()
        self._readers: dict[tuple[str, str], tuple[float, S3Reader]] = {}
        self._sts = self._session.client("sts", endpoint_url=self._endpoint, config=self._config)
        self._iam = self._session.client("iam", endpoint_url=self._endpoint, config=self._config)

    def reader(self, role_arn: str, region: str | None) -> S3Reader:
        key = (role_arn, region or self._region)
        with self._lock:
            expires, reader = self._readers.get(key, (0.0, None))
            if reader is None or time.time() > expires - _REFRESH_SECONDS:
                expires, reader = self._assume(*key)
                self._readers[key] = (expires, reader)
            return reader

    def _forget(self, key: tuple[str, str]) -> None:
        with self._lock:
            self._readers.pop(key, None)

    def _assume(self, role_arn: str, region: str) -> tuple[float, S3Reader]:
        refusal = f"User arn:aws:redshift is not authorized to assume IAM Role {role_arn}"
        try:
            role = self._iam.get_role(RoleName=role_arn.rsplit("/", 1)[-1])["Role"]
            if not trusts(role["AssumeRolePolicyDocument"], SERVICE_PRINCIPALS):
                raise SqlError(f"{refusal}: its trust policy doesn't let redshift.amazonaws.com assume it")
            answer = self._sts.assume_role(RoleArn=role_arn, RoleSessionName="RedshiftCopy")
        except (ClientError, BotoCoreError) as error:
            raise SqlError(f"{refusal}: {error}") from error
        found = answer["Credentials"]
        client = boto3.Session(
            found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"], region_name=region
        ).client("s3", endpoint_url=self._endpoint, config=self._config)
        return found["Expiration"].timestamp(), S3Reader(client, lambda: self._forget((role_arn, region)))
