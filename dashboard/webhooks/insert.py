"""One statement that inserts many deliveries, and tells which of them are new."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import psycopg
from django.db.backends.base.base import BaseDatabaseWrapper

from deployments.models import Delivery

_TABLE = Delivery._meta.db_table
_COLUMNS = "guid, event, payload, key_id, received_at, state, action, decision, attempts"
_CONSTANTS = "'pending', '', '', 0"
_END = "ON CONFLICT (guid) DO NOTHING RETURNING guid, id"

_POSTGRESQL = f"""
INSERT INTO {_TABLE} ({_COLUMNS})
SELECT guid, event, payload, key_id, received_at, {_CONSTANTS}
FROM unnest(%b::text[], %b::text[], %b::bytea[], %b::text[], %b::timestamptz[])
     AS row (guid, event, payload, key_id, received_at)
{_END}
"""  # noqa: S608 (only names of our own)  # nosec B608


class Row(NamedTuple):
    guid: str
    event: str
    payload: bytes
    key_id: str
    received_at: datetime


def insert(connection: BaseDatabaseWrapper, rows: Sequence[Row]) -> dict[str, int]:
    """The ids of the rows that were not there before, by GUID; committed when this returns."""
    connection.ensure_connection()
    if connection.vendor == "postgresql":
        return _insert_postgresql(connection, rows)
    return _insert_sqlite(connection, rows)


def _insert_postgresql(connection: BaseDatabaseWrapper, rows: Sequence[Row]) -> dict[str, int]:
    # Django's own cursor would send bytes as text inside of the statement, at twice the size.
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(_POSTGRESQL, [list(column) for column in zip(*rows, strict=True)])
        return dict(cursor.fetchall())


def _insert_sqlite(connection: BaseDatabaseWrapper, rows: Sequence[Row]) -> dict[str, int]:
    values = ", ".join([f"(%s, %s, %s, %s, %s, {_CONSTANTS})"] * len(rows))
    statement = f"INSERT INTO {_TABLE} ({_COLUMNS}) VALUES {values} {_END}"  # noqa: S608  # nosec B608
    adapt = connection.ops.adapt_datetimefield_value
    parameters = [value for row in rows for value in (*row[:4], adapt(row.received_at))]
    with connection.cursor() as cursor:
        # Before the answer, the row is on the disk and not only in the system's cache.
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute(statement, parameters)
        return dict(cursor.fetchall())
