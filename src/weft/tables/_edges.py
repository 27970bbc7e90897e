"""The table of edges: both ends as node numbers and, if there is one, the weight."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ._columns import (
    SOURCE_NAMES,
    TARGET_NAMES,
    WEIGHT_NAMES,
    named_column,
    recognised_column,
    required_column,
)
from ._file import TableFile, open_table, quoted
from ._nodes import NodeTable, key_column_type
from ._session import fetch_columns, first_row


@dataclass(frozen=True)
class EdgeTable:
    """A checked table of edges. Edge i is its i-th row and runs from node `source[i]` to node `target[i]`.

    Attributes:
        weight: float32, finite and not negative; None without a weight column.
        ignored: columns that have no role.
    """

    file: TableFile
    source_column: str
    target_column: str
    weight_column: str | None
    source: "np.ndarray[Any, np.dtype[np.int64]]"
    target: "np.ndarray[Any, np.dtype[np.int64]]"
    weight: "np.ndarray[Any, np.dtype[np.float32]] | None"
    ignored: tuple[str, ...]

    @property
    def num_edges(self) -> int:
        """Number of rows."""
        return len(self.source)


def read_edges(
    path: str | Path,
    nodes: NodeTable,
    *,
    source: str | None = None,
    target: str | None = None,
    weight: str | None = None,
) -> EdgeTable:
    """Read and check a table of edges between the nodes of a table, from a CSV or Parquet file.

    Args:
        source: the column with the key of the node an edge starts from; by default source, src or from.
        target: the column with the key of the node it leads to; by default target, dst or to.
        weight: the column with its weight; by default the one named weight, if there is one.

    Raises:
        TableError: naming file, row and column, for anything that cannot become an edge.
    """
    file = open_table(path)
    source = required_column(file, source, role="start of an edge", conventional=SOURCE_NAMES, option="--edge-source")
    target = required_column(file, target, role="end of an edge", conventional=TARGET_NAMES, option="--edge-target")
    if source == target:
        raise file.error("one column for each end", f"{quoted(source)} for both", "name two columns")
    if weight is None:
        weight = recognised_column(file, WEIGHT_NAMES)
    else:
        weight = named_column(file, weight, role="edge weight")

    connection = nodes.connection
    connection.execute("DROP TABLE IF EXISTS edges")
    file.load(connection, "edges")
    try:
        if first_row(connection, "SELECT count(*) FROM edges")[0] == 0:
            raise file.error("a row for every edge", "a header without rows", "add the edges below the header")
        for name in (source, target):
            _check_ends(connection, file, name)
        ends = _resolve(connection, file, nodes, names=(source, target))
        weights = None if weight is None else _read_weight(connection, file, weight)
    finally:
        connection.execute("DROP TABLE edges")
    used = (source, target, weight)
    return EdgeTable(
        file=file,
        source_column=source,
        target_column=target,
        weight_column=weight,
        source=ends[0],
        target=ends[1],
        weight=weights,
        ignored=tuple(name for name in file.header if name not in used),
    )


def _check_ends(connection: Any, file: TableFile, name: str) -> None:
    key_column_type(connection, file, name, table="edges")
    position, count = first_row(connection, f"SELECT min(rowid), count(*) FROM edges WHERE {file.column(name)} IS NULL")
    if count:
        hint = "name both ends of every edge" + (f"; {count - 1:,} more fields are empty" if count > 1 else "")
        raise file.error("the key of a node", "an empty field", hint, position=position, column=name)


def _resolve(
    connection: Any, file: TableFile, nodes: NodeTable, *, names: tuple[str, str]
) -> list["np.ndarray[Any, np.dtype[np.int64]]"]:
    """Turn the keys at both ends into node numbers."""
    first, second = (f"CAST({file.column(name)} AS VARCHAR)" for name in names)
    ends = fetch_columns(
        connection,
        f"""
        SELECT coalesce(a.position, -1) AS source, coalesce(b.position, -1) AS target
        FROM (SELECT rowid AS position, {first} AS source, {second} AS target FROM edges) AS e
        LEFT JOIN (SELECT rowid AS position, text FROM node_keys) AS a ON a.text = e.source
        LEFT JOIN (SELECT rowid AS position, text FROM node_keys) AS b ON b.text = e.target
        ORDER BY e.position
        """,
    )
    unknown = [np.flatnonzero(end < 0) for end in ends]
    if unknown[0].size or unknown[1].size:
        firsts = [int(rows[0]) if rows.size else len(ends[0]) for rows in unknown]
        side = int(firsts[1] < firsts[0])
        _raise_unknown(
            connection,
            file,
            nodes,
            name=names[side],
            position=firsts[side],
            others=sum(rows.size for rows in unknown) - 1,
        )
    return ends


def _raise_unknown(
    connection: Any, file: TableFile, nodes: NodeTable, *, name: str, position: int, others: int
) -> None:
    (value,) = first_row(
        connection, f"SELECT CAST({file.column(name)} AS VARCHAR) FROM edges WHERE rowid = ?", [position]
    )
    (trimmed,) = first_row(connection, "SELECT count(*) FROM node_keys WHERE trim(text) = trim(?)", [value])
    if trimmed:
        hint = "the keys differ in spaces around them; write them alike"
    else:
        hint = f"add the node to {nodes.file.path} or remove the edge"
    if others:
        hint += f"; {others:,} more edge ends name no node"
    raise file.error(
        f"a key from column {quoted(nodes.key)} of {nodes.file.path}",
        f"{quoted(value)}, which is no node there",
        hint,
        position=position,
        column=name,
    )


def _read_weight(connection: Any, file: TableFile, name: str) -> "np.ndarray[Any, np.dtype[np.float32]]":
    column = file.column(name)
    (weight,) = fetch_columns(connection, f"SELECT try_cast({column} AS DOUBLE) FROM edges ORDER BY rowid")
    with np.errstate(over="ignore"):
        narrow = weight.astype(np.float32)
    wrong = np.flatnonzero(~(np.isfinite(narrow) & (weight >= 0)))
    if wrong.size:
        position = int(wrong[0])
        (value,) = first_row(connection, f"SELECT CAST({column} AS VARCHAR) FROM edges WHERE rowid = ?", [position])
        hint = "write how strong the edge is, 1 for a plain one"
        if wrong.size > 1:
            hint += f"; {wrong.size - 1:,} more weights like it"
        raise file.error(
            "a finite weight that is not negative",
            "an empty field" if value is None else quoted(value),
            hint,
            position=position,
            column=name,
        )
    return narrow
