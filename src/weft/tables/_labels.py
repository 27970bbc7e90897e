"""The label column: which classes there are, and the class of every labelled row."""

from typing import Any, Literal

from ._features import column_types
from ._file import TableFile, quoted
from ._session import first_row

LabelType = Literal["BIGINT", "BOOLEAN", "VARCHAR"]

_INTEGER_TYPES = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
# 3 and, from a program that keeps integers with gaps as floats, 3.0; but not 03, which is a name
_WHOLE_NUMBER = r"regexp_full_match({0}, '-?(0|[1-9][0-9]{{0,17}})(\.0+)?')"


def label_expression(connection: Any, file: TableFile, name: str, *, table: str) -> str:
    """Write the SQL that turns the label column into classes of one type; NULL where there is no label.

    Raises:
        TableError: if the labels are real numbers, or of a type that cannot name a class.
    """
    column = file.column(name)
    kind = _label_type(connection, file, name, table=table)
    if kind == "BIGINT" and column_types(connection, table)[column] == "VARCHAR":
        return f"CAST(regexp_replace({column}, '\\.0+$', '') AS BIGINT)"
    return f"CAST({column} AS {kind})"


def _label_type(connection: Any, file: TableFile, name: str, *, table: str) -> LabelType:
    column = file.column(name)
    found = column_types(connection, table)[column]
    if found == "BOOLEAN":
        return "BOOLEAN"
    if found in _INTEGER_TYPES:
        return "BIGINT"
    if found == "VARCHAR":
        return _text_label_type(connection, file, name, table=table)
    if found.startswith("ENUM"):
        return "VARCHAR"
    if found in ("FLOAT", "DOUBLE"):
        _check_whole(
            connection, file, name, table=table, wrong=f"NOT isfinite({column}) OR {column} != floor({column})"
        )
        return "BIGINT"
    raise file.error(
        "classes that are text, whole numbers or booleans",
        f"the type {found}",
        "write the label column with one of these types",
        column=name,
    )


def _text_label_type(connection: Any, file: TableFile, name: str, *, table: str) -> LabelType:
    column = file.column(name)
    whole = _WHOLE_NUMBER.format(column)
    filled, wholes, booleans, numbers, points = first_row(
        connection,
        f"""
        SELECT count({column}), count(*) FILTER ({whole}), count(*) FILTER (lower({column}) IN ('true', 'false')),
               count(try_cast({column} AS DOUBLE)), count(*) FILTER (contains({column}, '.')) FROM {table}
        """,
    )
    if filled and wholes == filled:
        return "BIGINT"
    if filled and booleans == filled:
        return "BOOLEAN"
    if filled and numbers == filled and points:
        _check_whole(connection, file, name, table=table, wrong=f"contains({column}, '.') AND NOT {whole}")
    return "VARCHAR"


def _check_whole(connection: Any, file: TableFile, name: str, *, table: str, wrong: str) -> None:
    column = file.column(name)
    first = first_row(
        connection,
        f"SELECT rowid, CAST({column} AS VARCHAR) FROM {table} WHERE {column} IS NOT NULL AND ({wrong}) "
        "ORDER BY rowid LIMIT 1",
    )
    if first is not None:
        raise file.error(
            "classes that are text, whole numbers or booleans",
            f"the real number {quoted(first[1])}",
            "weft train predicts classes, not quantities; write the class as text",
            position=first[0],
            column=name,
        )
