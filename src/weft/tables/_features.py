"""The feature columns of a table as they are read, before any encoding."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ._file import TableFile, quoted
from ._session import dictionary, fetch_columns, first_row

FeatureKind = Literal["numeric", "boolean", "categorical"]

_NUMBER_TYPES = (
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
    "FLOAT", "DOUBLE",
)  # fmt: skip
_COLUMNS_AT_ONCE = 256
_BOOLEAN_TEXT = "lower({0}) IN ('true', 'false')"


@dataclass(frozen=True)
class NumericColumn:
    """Numbers or booleans (as 0 and 1), one per row; NaN where the field is empty."""

    name: str
    kind: Literal["numeric", "boolean"]
    values: "np.ndarray[Any, np.dtype[np.float64]]"


@dataclass(frozen=True)
class CategoricalColumn:
    """Text, one per row, as the number of its word; -1 where the field is empty."""

    name: str
    codes: "np.ndarray[Any, np.dtype[np.int64]]"
    words: tuple[str, ...]
    kind: Literal["categorical"] = "categorical"


FeatureColumn = NumericColumn | CategoricalColumn


def column_types(connection: Any, table: str) -> dict[str, str]:
    """Give the DuckDB type of each column of a table."""
    return {name: kind for name, kind, *_ in connection.execute(f"DESCRIBE {table}").fetchall()}


def read_features(
    connection: Any, file: TableFile, names: Sequence[str], *, table: str, kinds: Mapping[str, FeatureKind]
) -> tuple[FeatureColumn, ...]:
    """Read feature columns, each with the kind that is given for it or else the kind of what it holds.

    A column without a single value is left out, unless its kind is given.

    Raises:
        TableError: for a type that is no feature, a value that does not fit the kind of its column, NaN and infinity.
    """
    types = column_types(connection, table)
    columns: list[FeatureColumn] = []
    for start in range(0, len(names), _COLUMNS_AT_ONCE):
        part = names[start : start + _COLUMNS_AT_ONCE]
        found = _kinds(connection, file, part, table=table, types=types, given=kinds)
        numbers = _read_numbers(connection, file, found, table=table, types=types)
        for name, kind in found.items():
            if kind == "categorical":
                text = f"CAST({file.column(name)} AS VARCHAR)"
                columns.append(CategoricalColumn(name, *dictionary(connection, table, text)))
            else:
                columns.append(NumericColumn(name, kind, numbers[name]))
    return tuple(columns)


def _kinds(
    connection: Any,
    file: TableFile,
    names: Sequence[str],
    *,
    table: str,
    types: Mapping[str, str],
    given: Mapping[str, FeatureKind],
) -> dict[str, FeatureKind]:
    """Decide the kind of each column; a column without any value is left out."""
    found: dict[str, FeatureKind] = {}
    counts = _count_values(connection, [file.column(name) for name in names], table=table, types=types)
    for name in names:
        filled, numeric, boolean = counts[file.column(name)]
        if name in given:
            found[name] = given[name]
        elif filled == 0:
            continue
        else:
            found[name] = _kind(
                connection, file, name, table=table, type_=types[file.column(name)], counts=(filled, numeric, boolean)
            )
    return found


def _count_values(
    connection: Any, columns: Sequence[str], *, table: str, types: Mapping[str, str]
) -> dict[str, tuple[int, int, int]]:
    """Count values, numbers and booleans of each column; a typed column is counted for its values only."""
    parts = []
    for column in columns:
        text = types[column] == "VARCHAR"
        parts.append(f"count({column})")
        parts.append(f"count(try_cast({column} AS DOUBLE))" if text else "0")
        parts.append(f"count(*) FILTER ({_BOOLEAN_TEXT.format(column)})" if text else "0")
    counts = first_row(connection, f"SELECT {', '.join(parts)} FROM {table}") if parts else ()
    return {column: tuple(counts[3 * i : 3 * i + 3]) for i, column in enumerate(columns)}


def _kind(
    connection: Any, file: TableFile, name: str, *, table: str, type_: str, counts: tuple[int, int, int]
) -> FeatureKind:
    filled, numeric, boolean = counts
    if type_ == "BOOLEAN":
        return "boolean"
    if type_ in _NUMBER_TYPES or type_.startswith("DECIMAL"):
        return "numeric"
    if type_ != "VARCHAR" and not type_.startswith("ENUM"):
        raise file.error(
            "a feature that is a number, a boolean or text",
            f"the type {type_}",
            f"leave the column out with --ignore {quoted(name)}",
            column=name,
        )
    if boolean == filled:
        return "boolean"
    if 2 * numeric > filled and numeric < filled:
        column = file.column(name)
        position, value = first_row(
            connection,
            f"SELECT rowid, {column} FROM {table} WHERE {column} IS NOT NULL AND try_cast({column} AS DOUBLE) IS NULL "
            "ORDER BY rowid LIMIT 1",
        )
        raise file.error(
            "a number, as in most rows of this column",
            quoted(value),
            f"leave a missing value empty, or read the column as categories with --categorical {quoted(name)}",
            position=position,
            column=name,
        )
    return "numeric" if numeric == filled else "categorical"


def _read_numbers(
    connection: Any,
    file: TableFile,
    kinds: Mapping[str, FeatureKind],
    *,
    table: str,
    types: Mapping[str, str],
) -> dict[str, "np.ndarray[Any, np.dtype[np.float64]]"]:
    names = [name for name, kind in kinds.items() if kind != "categorical"]
    if not names:
        return {}
    expressions = []
    for i, name in enumerate(names):
        column = file.column(name)
        if kinds[name] == "boolean" and types[column] == "VARCHAR":
            column = f"CASE WHEN {_BOOLEAN_TEXT.format(column)} THEN lower({column}) = 'true' END"
        elif kinds[name] == "boolean" and types[column] == "BOOLEAN":
            column = f"{column}::INTEGER"
        expressions.append(f"try_cast({column} AS DOUBLE) AS v{i}")
    values = fetch_columns(connection, f"SELECT {', '.join(expressions)} FROM {table} ORDER BY rowid")
    numbers = {}
    for name, column_values in zip(names, values, strict=True):
        if not np.isfinite(column_values).all():
            _check_values(connection, file, name, column_values, table=table, kind=kinds[name])
        numbers[name] = column_values
    return numbers


def _check_values(
    connection: Any,
    file: TableFile,
    name: str,
    values: "np.ndarray[Any, np.dtype[np.float64]]",
    *,
    table: str,
    kind: FeatureKind,
) -> None:
    """Tell empty fields, which are fine, from NaN, infinity and what is no number at all."""
    column = file.column(name)
    (filled,) = fetch_columns(connection, f"SELECT {column} IS NOT NULL FROM {table} ORDER BY rowid")
    wrong = np.flatnonzero(filled & ~np.isfinite(values))
    if not wrong.size:
        return
    position = int(wrong[0])
    (value,) = first_row(connection, f"SELECT CAST({column} AS VARCHAR) FROM {table} WHERE rowid = ?", [position])
    expected = "true or false" if kind == "boolean" else "a finite number"
    hint = "leave the field empty if the value is missing; training fills it with the mean"
    if wrong.size > 1:
        hint += f"; {wrong.size - 1:,} more like it in this column"
    raise file.error(expected, quoted(value), hint, position=position, column=name)
