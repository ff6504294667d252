"""Where the warehouse of a stage listens, and temporary credentials for it: the same calls for the laptop and AWS."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from urllib.parse import quote

from client.aws import Stage
from local.settings import Settings


@dataclass(frozen=True)
class Connection:
    """What a client needs. `expires` is ISO 8601; `sslrootcert` is empty where the client has the root itself."""

    host: str
    port: int
    database: str
    user: str
    password: str
    expires: str
    sslmode: str
    sslrootcert: str = ""

    @property
    def psql(self) -> str:
        """The command line of psql, without the password: that goes into PGPASSWORD."""
        fields = {"host": self.host, "port": self.port, "dbname": self.database, "user": self.user}
        fields |= {"sslmode": self.sslmode}
        if self.sslrootcert:
            fields["sslrootcert"] = self.sslrootcert
        return "psql " + shlex.quote(" ".join(f"{key}={_quoted(str(value))}" for key, value in fields.items()))

    @property
    def url(self) -> str:
        """For SQLAlchemy, without the password."""
        return f"redshift+redshift_connector://{quote(self.user, safe='')}@{self.host}:{self.port}/{self.database}"

    def as_dict(self) -> dict[str, str | int]:
        """For a program to read; with the password, which is the point of it."""
        fields = {
            name: getattr(self, name) for name in ("host", "port", "database", "user", "password", "expires", "sslmode")
        }
        if self.sslrootcert:
            fields["sslrootcert"] = self.sslrootcert
        return fields | {"psql": self.psql, "url": self.url}


def connection(stage_name: str, *, analyst: bool, seconds: int) -> Connection:
    """Get temporary credentials of the stage's analyst role, or of the caller. Raises ClientError."""
    stage = Stage(stage_name)
    workgroup, database = stage.output("WorkgroupName"), stage.output("DatabaseName")
    service = "redshift-serverless"
    found = stage.client(service).get_workgroup(workgroupName=workgroup)["workgroup"]["endpoint"]
    client = stage.client_as(service, stage.output("AnalystRoleArn")) if analyst else stage.client(service)
    given = client.get_credentials(workgroupName=workgroup, dbName=database, durationSeconds=seconds)
    return Connection(
        host=found["address"],
        port=found["port"],
        database=database,
        user=given["dbUser"],
        password=given["dbPassword"],
        expires=given["expiration"].isoformat(),
        sslmode="verify-full" if stage.local else "require",
        sslrootcert=str(Settings.from_environment().wire_certificate) if stage.local else "",
    )


def _quoted(value: str) -> str:
    """A value in a libpq connection string."""
    if value and not set(value) & set(" '\\"):
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
