"""The client's one way to AWS: a stage's endpoints, clients and outputs, the same code for the laptop and for AWS."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import DeferredRefreshableCredentials
from botocore.exceptions import (
    BotoCoreError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
)
from botocore.exceptions import (
    ClientError as AwsError,
)
from botocore.exceptions import (
    ConnectionError as AwsConnectionError,
)

from client.errors import ClientError
from client.region import choose
from client.signing import Signed
from local.private import NotPrivateError, private_folder
from local.settings import REDSHIFT_SERVICES, REGION, Settings

LOCAL = "local"
SERVICE = "swipeline"


def home() -> Path:
    """Where the client keeps its journals: `$SWIPELINE_HOME`, by default `.swipeline` beside the code."""
    where = _settings().home
    try:
        return private_folder(where)
    except NotPrivateError as error:
        raise ClientError(f"{error}, with SWIPELINE_HOME.") from error


def _settings() -> Settings:
    try:
        return Settings.from_environment()
    except ValueError as error:
        raise ClientError(f"{error}.") from error


class Stage:
    """A deployed stage. Nothing is asked of AWS before it is needed; outputs and clients are kept."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.local = name == LOCAL
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """A boto3 client: for stage local of the embedded AWS, else by the usual chain of credentials and region."""
        if service not in self._clients:
            self._clients[service] = self._local(service) if self.local else self._remote(service)
        return self._clients[service]

    def client_as(self, service: str, role_arn: str) -> Any:
        """A boto3 client with the credentials of a role, which are renewed before they end; a new one for each call."""
        sts = self.client("sts")

        def assume() -> dict[str, str]:
            answer = sts.assume_role(RoleArn=role_arn, RoleSessionName=SERVICE)["Credentials"]
            return {
                "access_key": answer["AccessKeyId"],
                "secret_key": answer["SecretAccessKey"],
                "token": answer["SessionToken"],
                "expiry_time": answer["Expiration"].isoformat(),
            }

        inner = botocore.session.get_session()
        inner._credentials = DeferredRefreshableCredentials(assume, "assume-role")  # botocore's only way to set them
        session = boto3.Session(botocore_session=inner, region_name=self.region)
        return self._local(service, session) if self.local else self._remote(service, session)

    def _local(self, service: str, session: boto3.Session | None = None) -> Any:
        settings = _settings()
        endpoint = settings.redshift_endpoint if service in REDSHIFT_SERVICES else settings.endpoint
        # A proxy of the person's is not for loopback.
        config = _config(2, service, proxies={}, s3={"addressing_style": "path"})
        session = session or boto3.Session(**settings.root_key.for_botocore(), region_name=REGION)
        return session.client(service, endpoint_url=endpoint, config=config)

    def _remote(self, service: str, session: boto3.Session | None = None) -> Any:
        return (session or boto3.Session(region_name=self.region)).client(service, config=_config(5, service))

    @property
    def delivery_seconds(self) -> float:
        """How long to wait, by default, for a row to be in every store.

        On AWS Firehose buffers (deliveryBufferSeconds: 300 on dev, 60 on prod); COPY, the merge's delay and the merge
        follow, later when the warehouse wakes up first. The embedded AWS takes seconds.
        """
        return 30.0 if self.local else 600.0

    @cached_property
    def region(self) -> str:
        """The region of all clients. Raises ClientError for one that the template cannot serve."""
        if self.local:
            return REGION
        return choose()

    @cached_property
    def _stack(self) -> dict[str, Any]:
        name = f"{SERVICE}-{self.name}"
        try:
            found = self.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
        except AwsError as error:
            if error.response["Error"]["Code"] in {"ValidationError", "StackNotFoundException"}:
                raise ClientError(f"Stage {self.name} is not deployed: {self.how_to_deploy}.") from error
            raise
        if not found:
            raise ClientError(f"Stage {self.name} is not deployed: {self.how_to_deploy}.")
        return dict(found[0])

    @property
    def how_to_deploy(self) -> str:
        """What to type to have the stage."""
        return "run `swipeline up`" if self.local else f"run `swipeline deploy --stage {self.name}`"

    def output(self, key: str) -> str:
        """One output of the stack. Raises ClientError when the stage is not deployed, or by an older version."""
        outputs = {o["OutputKey"]: o["OutputValue"] for o in self._stack.get("Outputs", [])}
        if key not in outputs:
            raise ClientError(f"Stage {self.name} has no output {key}: it is not fully deployed, {self.how_to_deploy}.")
        return str(outputs[key])

    def has_output(self, key: str) -> bool:
        """Whether the stack has that output: a stage of an earlier release may not."""
        return any(one["OutputKey"] == key for one in self._stack.get("Outputs", []))

    @property
    def warehouse_secret(self) -> str:
        """The ARN of the login with which the Data API may read and write the tables; empty on stage local.

        On AWS, without it, the Data API would log in as a user of the operator's role's name, who owns no table.
        """
        return "" if self.local else self.output("WarehouseAdminSecretArn")

    @property
    def deployment(self) -> str:
        """16 hex digits that name this deployment: a stage that was removed and created again has another."""
        return hashlib.sha256(str(self._stack["StackId"]).encode()).hexdigest()[:16]

    @property
    def journals(self) -> Path:
        """The folder of what was sent to this deployment from this machine."""
        return home() / "sends" / f"{self.name}-{self.deployment}"

    @cached_property
    def api_url(self) -> str:
        """The address of the API, without a slash at its end."""
        api = self.output("RestApiId")
        if self.local:
            return f"{_settings().endpoint}/restapis/{api}/{self.name}/_user_request_"
        return f"https://{api}.execute-api.{self.region}.amazonaws.com/{self.name}"

    @cached_property
    def api_auth(self) -> Signed | None:
        """Signs requests to the API on AWS, which may ask for it; None on stage local, which never does."""
        return None if self.local else Signed(boto3.Session(region_name=self.region), self.region)

    @property
    def transactions_url(self) -> str:
        """The address of `POST /transactions`."""
        return f"{self.api_url}/transactions"

    @cached_property
    def reader_api_key(self) -> str:
        """The readers' API key, read from API Gateway."""
        key = self.output("ReaderApiKeyId")
        return str(self.client("apigateway").get_api_key(apiKey=key, includeValue=True)["value"])

    @cached_property
    def reviewer_api_key(self) -> str:
        """The reviewers' API key, read from API Gateway."""
        key = self.output("ReviewerApiKeyId")
        return str(self.client("apigateway").get_api_key(apiKey=key, includeValue=True)["value"])

    @cached_property
    def api_key(self) -> str:
        """The sender's API key, read from API Gateway."""
        key = self.output("SenderApiKeyId")
        return str(self.client("apigateway").get_api_key(apiKey=key, includeValue=True)["value"])


def _config(attempts: int, service: str, **more: Any) -> Config:
    retries = {"mode": "standard", "total_max_attempts": attempts}
    # An invocation answers when the function has ended: none runs longer than 120 s.
    read_timeout = 150 if service == "lambda" else 60
    return Config(connect_timeout=5, read_timeout=read_timeout, retries=retries, max_pool_connections=16, **more)


@contextmanager
def explained(stage: Stage) -> Iterator[None]:
    """Turn what boto3 raises into one line that says what to do."""
    try:
        yield
    except AwsConnectionError as error:
        hint = "run `swipeline up`" if stage.local else "check the network and the region"
        raise ClientError(f"Stage {stage.name} does not answer: {hint}. ({error})") from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise ClientError(
            f"No AWS credentials for stage {stage.name}: run `aws configure` or set AWS_PROFILE."
        ) from error
    except NoRegionError as error:
        raise ClientError("No AWS region: set AWS_REGION.") from error
    except AwsError as error:
        detail = error.response.get("Error", {})
        text = f"{detail.get('Code', 'error')}: {detail.get('Message', '')}"
        raise ClientError(f"AWS refused {error.operation_name} on stage {stage.name}: {text}") from error
    except BotoCoreError as error:
        raise ClientError(f"Cannot reach stage {stage.name}: {error}") from error
