"""The columns of tables and views, as queries ask for them: read from the catalog once, not once per statement."""

from __future__ import annotations

import json
import threading
from typing import Any

from local.redshift.dialect.scope import Columns
from local.redshift.dialect.types import Type, of_column, of_duckdb
from local.redshift.errors import SqlError
from local.redshift.types import parse_type

Place = tuple[str, str]
# Schemas of the catalog, and the prefix that the embedded warehouse's own views of them have in "main".
_CATALOGS = ("information_schema", "pg_catalog")


def declared_type(attributes: dict[str, Any]) -> Type:
    """The type of a column by what its comment holds (see ddl.py)."""
    kind = of_column(parse_type(attributes["type"]))
    counted = attributes.get("identity", [0, 0, ""])[-1] == "always"
    return Type(kind.kind, 1) if counted else kind


class Known:
    """What all sessions of a database share: the columns of its tables as of the last commit that changed any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._version = 0
        self._tables: dict[Place, Columns] | None = None

    def session(self, connection: Any) -> Relations:
        return Relations(self, connection)

    def shared(self) -> tuple[int, dict[Place, Columns] | None]:
        with self._lock:
            return self._version, self._tables

    def offer(self, version: int, tables: dict[Place, Columns]) -> None:
        """Keep what a session has read, unless a commit has changed it since."""
        with self._lock:
            if version == self._version:
                self._tables = tables

    def forget(self) -> None:
        with self._lock:
            self._version += 1
            self._tables = None


class Relations:
    """The catalog of one session: its temporary tables come first, then its search path. Call it for the columns."""

    def __init__(self, known: Known, connection: Any) -> None:
        self._known, self._connection = known, connection
        self._temporary: dict[str, Columns] = {}
        self._committed: dict[str, Columns] = {}  # the temporary tables as of the last commit
        self._tables: dict[Place, Columns] | None = None
        self._own = False  # has seen changes of its own that are not committed yet
        self._path = ["public"]

    def __call__(self, schema: str, name: str) -> tuple[str, Columns]:
        """(DuckDB's name of a relation, its columns). Raises SqlError when there is none."""
        quoted = f'"{name}"'
        tables = self._all()
        if not schema and name in self._temporary:
            return f"temp.{quoted}", self._temporary[name]
        for place in [schema] if schema else self._path:
            if (place, name) in tables and place != "main":
                return f'"{place}".{quoted}', tables[place, name]
        if schema in ("", *_CATALOGS):
            own = name if schema in ("", "pg_catalog") else f"{schema}_{name}"
            if ("main", own) in tables and not own.startswith("_"):
                return f'main."{own}"', tables["main", own]
            if schema or name.startswith("pg_"):
                return self._internal(schema or "pg_catalog", name)
        if schema and schema != "main" and not any(place == schema for place, _ in tables) and not self._schema(schema):
            raise SqlError(f'schema "{schema}" does not exist', "3F000")
        shown = f"{schema}.{name}" if schema else name
        raise SqlError(f'relation "{shown}" does not exist', "42P01")

    def _schema(self, schema: str) -> bool:
        query = "SELECT 1 FROM duckdb_schemas() WHERE schema_name = ? AND database_name = current_database()"
        return self._connection.execute(query, [schema]).fetchone() is not None

    def _internal(self, schema: str, name: str) -> tuple[str, Columns]:
        place = f'{schema}."{name}"'
        tables = self._all()
        if (schema, name) not in tables:
            query = "SELECT 1 FROM duckdb_views() WHERE schema_name = ? AND view_name = ? AND database_name = 'system'"
            if not self._connection.execute(query, [schema, name]).fetchone():
                raise SqlError(f'relation "{schema}.{name}" does not exist', "42P01")
            described = self._connection.execute(f"SELECT * FROM {place} LIMIT 0").description
            tables[schema, name] = tuple((str(item[0]), of_duckdb(str(item[1]))) for item in described)
        return place, tables[schema, name]

    def _all(self) -> dict[Place, Columns]:
        if self._tables is None:
            version, shared = self._known.shared()
            if shared is not None and not self._own:
                self._tables = shared
            else:
                self._tables = self._read()
                if not self._own:
                    self._known.offer(version, self._tables)
        return self._tables

    def _read(self) -> dict[Place, Columns]:
        rows = self._connection.execute(
            "SELECT database_name, schema_name, table_name, column_name, data_type, comment FROM duckdb_columns()"
            " WHERE database_name IN (current_database(), 'temp') AND NOT internal ORDER BY table_oid, column_index"
        ).fetchall()
        found: dict[Place, list[Any]] = {}
        temporary: dict[str, list[Any]] = {}
        for database, schema, table, column, kind, comment in rows:
            declared = declared_type(json.loads(comment)) if comment else of_duckdb(kind)
            if database == "temp":
                temporary.setdefault(table, []).append((column, declared))
            else:
                found.setdefault((schema, table), []).append((column, declared))
        for name, columns in temporary.items():
            self._temporary.setdefault(name, tuple(columns))
        return {place: tuple(columns) for place, columns in found.items()}

    def search(self, path: list[str]) -> None:
        self._path = path

    def created(self, name: str, schema: str | None, temporary: bool, columns: Columns) -> None:
        if temporary:
            self._temporary[name] = columns
            return
        tables = dict(self._all())
        self._own = True
        tables[schema or self._path[0], name] = columns
        self._tables = tables

    def changed(self, dropped: tuple[tuple[str, str], ...]) -> None:
        """A statement changed relations: a DROP of temporary tables alone leaves the others as they are known."""
        if dropped and all(not schema and name in self._temporary for schema, name in dropped):
            for _, name in dropped:
                self._temporary.pop(name)
            return
        if dropped and not self.lasting(dropped) and not any(self.has(s, name, True) for s, name in dropped):
            return
        self._own, self._tables = True, None
        self._temporary = {}

    def has(self, schema: str, name: str, temporary: bool) -> bool:
        """Whether a CREATE of the name would find it taken."""
        tables = self._all()
        if temporary:
            return not schema and name in self._temporary
        return (schema or self._path[0], name) in tables

    def lasting(self, places: tuple[Place, ...]) -> tuple[Place, ...]:
        """Those of the relations that are there and not temporary."""
        return tuple(
            (schema, name)
            for schema, name in places
            if any((place, name) in self._all() for place in ([schema] if schema else self._path))
            and not self.has(schema, name, True)
        )

    def committed(self) -> None:
        if self._own:
            self._known.forget()
            self._all()  # finds the temporary tables again, which changed() forgets
        self._own, self._tables = False, None
        self._committed = dict(self._temporary)

    def rolled_back(self) -> None:
        self._own, self._tables = False, None
        self._temporary = dict(self._committed)
