"""Where the embedded AWS lives: its home directory, its ports, its credentials. Read from the environment, once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from local.credentials import RootKey, root_key
from local.project import VARIABLE, current

HOST = "127.0.0.1"
REGION = "us-east-1"
ACCOUNT_ID = "000000000000"
DEFAULT_PORT = 4566
REDSHIFT_SERVICES = ("redshift-data", "redshift-serverless")

# An AWS profile or session of the person's own must never reach the embedded AWS, nor the other way round.
FOREIGN_VARIABLES = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_CA_BUNDLE",
)


@dataclass(frozen=True)
class Settings:
    """One embedded AWS: `home` holds all its files, `port` is the emulator's.

    `port + 1` is the Redshift Data API's, `port + 2` the warehouse's for PostgreSQL's wire protocol.
    """

    home: Path
    port: int

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read `SWIPELINE_HOME` and `SWIPELINE_PORT`. Raises ValueError for a port outside 1024..65533."""
        environ = os.environ if environ is None else environ
        given = environ.get("SWIPELINE_HOME")
        home = Path(given).expanduser().resolve() if given else current().folder / current().home
        text = environ.get("SWIPELINE_PORT") or str(DEFAULT_PORT)
        if not text.isdecimal() or not 1024 <= int(text) <= 65533:
            raise ValueError(f"SWIPELINE_PORT is {text!r}, expected a whole number from 1024 to 65533")
        return cls(home=home, port=int(text))

    @property
    def endpoint(self) -> str:
        """The emulator. An IP address, since the SDKs look up `bucket.localhost` otherwise."""
        return f"http://{HOST}:{self.port}"

    @property
    def root_key(self) -> RootKey:
        """The root credentials, drawn when the home is first used. Raises CredentialsError, NotPrivateError."""
        return root_key(self.home)

    @property
    def redshift_port(self) -> int:
        return self.port + 1

    @property
    def redshift_endpoint(self) -> str:
        return f"http://{HOST}:{self.redshift_port}"

    @property
    def wire_port(self) -> int:
        """Where psql, BI tools and dbt connect to the warehouse."""
        return self.port + 2

    @property
    def wire_certificate(self) -> Path:
        """What a client of the wire protocol takes as its root certificate."""
        return self.state / "redshift" / "tls" / "wire.crt"

    def behind_proxy(self, environ: Mapping[str, str] | None = None) -> Settings:
        """The same, seen through the proxy that a test has put before AWS, if `SWIPELINE_PROXY_PORT` says so.

        Like these settings, a proxy has two ports: the emulator's, and after it the Redshift Data API's.
        """
        port = (os.environ if environ is None else environ).get("SWIPELINE_PROXY_PORT")
        return replace(self, port=int(port)) if port else self

    @property
    def state(self) -> Path:
        return self.home / "state"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def run(self) -> Path:
        return self.home / "run"

    @property
    def functions(self) -> Path:
        """Code of the functions that run, 20 MB each: of no use to anybody once the emulator has ended."""
        return self.run / "functions"

    def environment(self, base: Mapping[str, str] | None = None) -> dict[str, str]:
        """The environment of a process that talks to this embedded AWS as root, and to no other AWS."""
        key = self.root_key
        environ = {k: v for k, v in (os.environ if base is None else base).items() if k not in FOREIGN_VARIABLES}
        environ.update(
            SWIPELINE_HOME=str(self.home),
            SWIPELINE_PORT=str(self.port),
            **{VARIABLE: str(current().folder)},
            AWS_ENDPOINT_URL=self.endpoint,
            AWS_ENDPOINT_URL_REDSHIFT_DATA=self.redshift_endpoint,
            AWS_ENDPOINT_URL_REDSHIFT_SERVERLESS=self.redshift_endpoint,
            AWS_ACCESS_KEY_ID=key.access_key_id,
            AWS_SECRET_ACCESS_KEY=key.secret_access_key,
            AWS_REGION=REGION,
            AWS_DEFAULT_REGION=REGION,
            AWS_EC2_METADATA_DISABLED="true",
        )
        return environ
