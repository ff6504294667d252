"""Tables of the Glue catalog, read with the caller's rights: columns, where the files are, and the partitions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from local.athena.errors import QueryError, unsupported
from local.athena.kinds import Kind, of_catalog
from local.clients import error_code

CATALOG = "awsdatacatalog"
_FORMATS = {
    "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe": "parquet",
    "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe": "text",
    "org.openx.data.jsonserde.JsonSerDe": "json",
    "org.apache.hive.hcatalog.data.JsonSerDe": "json",
}


@dataclass(frozen=True)
class Partition:
    """The values of the partition keys, and the folder."""

    values: tuple[str, ...]
    location: str


@dataclass(frozen=True)
class Table:
    """``columns`` are those of the files, ``keys`` the partition keys that follow them; types as the catalog says."""

    database: str
    name: str
    columns: Mapping[str, str]
    keys: Mapping[str, str]
    format: str
    serde: Mapping[str, str]
    parameters: Mapping[str, str]
    location: str

    def kind(self, column: str) -> Kind:
        """Raises QueryError for a type that is not supported here."""
        return of_catalog(self.columns[column] if column in self.columns else self.keys[column])


class Catalog:
    """Asks ``glue``, a boto3 client of the caller's."""

    def __init__(self, glue: Any) -> None:
        self._glue = glue

    def table(self, database: str, name: str) -> Table:
        """Raises QueryError: not there, not allowed, or of a format that is not supported here."""
        try:
            found = self._glue.get_table(DatabaseName=database, Name=name)["Table"]
        except ClientError as error:
            if error_code(error) == "EntityNotFoundException":
                message = f"Table '{CATALOG}.{database}.{name}' does not exist"
                raise QueryError("TABLE_NOT_FOUND", message) from None
            raise denied(error) from error
        storage, parameters = found.get("StorageDescriptor") or {}, found.get("Parameters") or {}
        if found.get("TableType") == "VIRTUAL_VIEW" or parameters.get("table_type") == "ICEBERG":
            raise unsupported(f"Table {name}, a view or of Iceberg,")
        if parameters.get("projection.enabled", "").lower() == "true":
            raise unsupported(f"Partition projection (table {name})")
        library = (storage.get("SerdeInfo") or {}).get("SerializationLibrary", "")
        if library not in _FORMATS:
            raise unsupported(f"SerDe {library or 'of no name'} (table {name})")
        return Table(
            database,
            name,
            {column["Name"]: column.get("Type", "string") for column in storage.get("Columns") or []},
            {column["Name"]: column.get("Type", "string") for column in found.get("PartitionKeys") or []},
            _FORMATS[library],
            (storage.get("SerdeInfo") or {}).get("Parameters") or {},
            parameters,
            storage.get("Location", ""),
        )

    def partitions(self, table: Table) -> list[Partition]:
        """A table without partition keys has one, of no values. Raises QueryError."""
        if not table.keys:
            return [Partition((), table.location)]
        try:
            pages = self._glue.get_paginator("get_partitions").paginate(
                DatabaseName=table.database, TableName=table.name
            )
            return [
                Partition(tuple(each["Values"]), each["StorageDescriptor"]["Location"])
                for page in pages
                for each in page["Partitions"]
            ]
        except ClientError as error:
            raise denied(error) from error


def denied(error: ClientError, where: str = "") -> QueryError:
    """A refusal of another service, in the caller's name."""
    said = error.response.get("Error", {}).get("Message") or str(error)
    code = "PERMISSION_DENIED" if "Denied" in error_code(error) else "GENERIC_USER_ERROR"
    return QueryError(code, f"{where}{said}")
