"""The in-memory DuckDB connection that tables are read with."""

import tempfile
from typing import Any

import numpy as np

from ..settings import require


def connect() -> Any:
    """Open an in-memory database that installs no extension and sees no Python variable."""
    duckdb = require("duckdb", "train")
    return duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "python_enable_replacements": "false",
            "preserve_insertion_order": "true",
            "temp_directory": tempfile.gettempdir(),
        },
    )


def fetch_columns(connection: Any, query: str) -> list["np.ndarray[Any, Any]"]:
    """Run a query and return its columns; NULL in a column of floats becomes NaN.

    Every other column must be free of NULL: `coalesce` it in the query.
    """
    columns = connection.execute(query).fetchnumpy()
    return [column.filled(np.nan) if isinstance(column, np.ma.MaskedArray) else column for column in columns.values()]


def dictionary(connection: Any, table: str, expression: str) -> tuple["np.ndarray[Any, Any]", tuple[Any, ...]]:
    """Number the distinct values of an expression in ascending order.

    Returns the number of each row's value, -1 for NULL, and the values.
    """
    rows = connection.execute(
        f"SELECT DISTINCT {expression} AS value FROM {table} WHERE value IS NOT NULL ORDER BY value"
    ).fetchall()
    values = tuple(value for (value,) in rows)
    (codes,) = fetch_columns(
        connection,
        f"""
        WITH numbered AS (
            SELECT value, row_number() OVER (ORDER BY value) - 1 AS code
            FROM (SELECT DISTINCT {expression} AS value FROM {table}) WHERE value IS NOT NULL
        )
        SELECT coalesce(code, -1)::BIGINT FROM (SELECT rowid AS position, {expression} AS value FROM {table}) AS rows
        LEFT JOIN numbered USING (value) ORDER BY position
        """,
    )
    return codes, values


def first_row(connection: Any, query: str, parameters: list[Any] | None = None) -> Any:
    """Run a query to its end and return its first row as a tuple, or None if it has none."""
    rows = connection.execute(query, parameters or []).fetchall()
    return rows[0] if rows else None
