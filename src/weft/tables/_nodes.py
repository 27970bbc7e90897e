"""The table of nodes: keys, features, labels and, if there is one, the split."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import TableError
from ._columns import KEY_NAMES, SPLIT_NAMES, named_column, recognised_column, required_column
from ._features import FeatureColumn, FeatureKind, column_types, read_features
from ._file import TableFile, open_table, quoted
from ._labels import label_expression
from ._session import connect, dictionary, fetch_columns, first_row

SPLITS = ("train", "val", "test")
_SPLIT_WORDS = {"train": 0, "training": 0, "val": 1, "valid": 1, "validation": 1, "dev": 1, "test": 2, "testing": 2}
_KEY_TYPES = (
    "VARCHAR", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
    "UUID",
)  # fmt: skip

Labels = tuple[str, ...] | tuple[int, ...] | tuple[bool, ...]


@dataclass(frozen=True)
class NodeTable:
    """A checked table of nodes. Node i is its i-th row.

    Attributes:
        key_type: the DuckDB type of the keys: of a Parquet file, its own; of a CSV file BIGINT or VARCHAR.
        labels: the class of each node as its position in `classes`; -1 for a node without label.
        split: the part of each node as its position in `SPLITS`, -1 for none; None without a split column.
        ignored: columns that are not used, because the caller said so or because they are empty.
    """

    file: TableFile
    key: str
    key_type: str
    label: str
    classes: Labels
    labels: "np.ndarray[Any, np.dtype[np.int64]]"
    features: tuple[FeatureColumn, ...]
    split_column: str | None
    split: "np.ndarray[Any, np.dtype[np.int64]] | None"
    ignored: tuple[str, ...]
    connection: Any = field(repr=False, compare=False)

    @property
    def num_nodes(self) -> int:
        """Number of rows."""
        return len(self.labels)

    def error(
        self, expected: str, got: str, hint: str, *, position: int | None = None, column: str | None = None
    ) -> TableError:
        """Make an error that names this table and, where they matter, row (counted from 0) and column."""
        return self.file.error(expected, got, hint, position=position, column=column)

    def write(self, path: Path, columns: Mapping[str, "np.ndarray[Any, Any]"]) -> None:
        """Write a Parquet file with a row per node: `key` as it was read, the given columns, and `label`.

        The same values give the same bytes.
        """
        threads = first_row(self.connection, "SELECT current_setting('threads')")[0]
        self.connection.register("written_values", {f"v{i}": values for i, values in enumerate(columns.values())})
        names = ", ".join(f'v{i} AS "{name}"' for i, name in enumerate(columns))
        try:
            self.connection.execute("SET threads = 1")
            self.connection.execute(
                f"COPY (SELECT key, {names}, label FROM node_keys POSITIONAL JOIN written_values) "
                "TO ? (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)",
                [str(path.absolute())],
            )
        finally:
            self.connection.execute(f"SET threads = {threads}")
            self.connection.unregister("written_values")


def read_nodes(
    path: str | Path,
    target: str,
    *,
    key: str | None = None,
    split: str | None = None,
    features: Sequence[str] = (),
    ignore: Sequence[str] = (),
    kinds: Mapping[str, FeatureKind] | None = None,
) -> NodeTable:
    """Read and check a table of nodes from a CSV or Parquet file.

    Args:
        target: the column with the class of each node; an empty field makes a node without label.
        key: the column with the keys; by default the one named id, key, node or node_id.
        split: the column that says train, val or test; by default the one named split, if there is one.
        features: the columns to learn from; by default all that have no other role.
        ignore: columns to leave out.
        kinds: what to read a feature column as, where that should not be decided by its values.

    Raises:
        TableError: naming file, row and column, for anything that cannot become nodes.
    """
    file = open_table(path)
    key = required_column(file, key, role="node key", conventional=KEY_NAMES, option="--key")
    target = named_column(file, target, role="label")
    for name in (*features, *ignore, *(kinds or {})):
        named_column(file, name, role="feature")
    if split is None:
        split = recognised_column(file, SPLIT_NAMES)
        split = None if split in (*ignore, *features, target, key) else split
    else:
        split = named_column(file, split, role="split")
    if target == key:
        raise file.error("a label column apart from the key", f"{quoted(key)} for both", "name two columns")
    taken = {key, target, split, *ignore}
    chosen = [name for name in (features or file.header) if name not in taken]

    connection = connect()
    file.load(connection, "nodes")
    key_type = _load_keys(connection, file, key)
    _add_labels(connection, file, target)
    labels, classes = dictionary(connection, "node_keys", "label")
    if not classes:
        raise file.error(
            "a label in at least some rows", "none in any row", "fill in the classes that are known", column=target
        )
    read = read_features(connection, file, chosen, table="nodes", kinds=kinds or {})
    used = {column.name for column in read} | ({key, target, split} - {None})
    return NodeTable(
        file=file,
        key=key,
        key_type=key_type,
        label=target,
        classes=classes,
        labels=labels,
        features=read,
        split_column=split,
        split=None if split is None else _read_split(connection, file, split),
        ignored=tuple(name for name in file.header if name not in used),
        connection=connection,
    )


def _load_keys(connection: Any, file: TableFile, key: str) -> str:
    """Make the table `node_keys` of keys, their text and room for labels; check that each key occurs once."""
    column = file.column(key)
    if first_row(connection, "SELECT count(*) FROM nodes")[0] == 0:
        raise file.error("a row for every node", "a header without rows", "add the nodes below the header")
    empty = first_row(connection, f"SELECT min(rowid), count(*) FROM nodes WHERE {column} IS NULL")
    if empty[1]:
        hint = "give every node a key" + (f"; {empty[1] - 1:,} more rows have none" if empty[1] > 1 else "")
        raise file.error("a key", "an empty field", hint, position=empty[0], column=key)
    key_type = key_column_type(connection, file, key, table="nodes")
    connection.execute(
        f"CREATE TABLE node_keys AS SELECT CAST({column} AS {key_type}) AS key, CAST({column} AS VARCHAR) AS text "
        "FROM nodes ORDER BY rowid"
    )
    repeated = first_row(
        connection,
        "SELECT text, min(rowid) AS first, list_sort(list(rowid))[2] AS second, count(*) OVER () FROM node_keys "
        "GROUP BY text HAVING count(*) > 1 ORDER BY second LIMIT 1",
    )
    if repeated is not None:
        text, first, second, count = repeated
        hint = "keep one row per node" + (f"; {count - 1:,} more keys occur more than once" if count > 1 else "")
        raise file.error(
            "a key that no other row has",
            f"{quoted(text)} again, which is the key of row {file.row(first)}",
            hint,
            position=second,
            column=key,
        )
    return key_type


def key_column_type(connection: Any, file: TableFile, name: str, *, table: str) -> str:
    """Give the type of a column of keys; text from a CSV file that holds plain integers only is BIGINT.

    Raises:
        TableError: for a type that makes no key, such as a float.
    """
    column = file.column(name)
    found = column_types(connection, table)[column]
    if found not in _KEY_TYPES:
        raise file.error(
            "keys that are text or integers",
            f"the type {found}",
            "write the key column with one of these types",
            column=name,
        )
    if file.format == "parquet":
        return found
    (odd,) = first_row(
        connection,
        f"SELECT count(*) FROM {table} WHERE CAST(try_cast({column} AS BIGINT) AS VARCHAR) IS DISTINCT FROM {column}",
    )
    return "VARCHAR" if odd else "BIGINT"


def _add_labels(connection: Any, file: TableFile, target: str) -> None:
    expression = label_expression(connection, file, target, table="nodes")
    connection.execute(
        f"CREATE OR REPLACE TABLE node_keys AS SELECT node_keys.*, {expression} AS label "
        "FROM node_keys JOIN nodes ON node_keys.rowid = nodes.rowid ORDER BY node_keys.rowid"
    )


def _read_split(connection: Any, file: TableFile, name: str) -> "np.ndarray[Any, np.dtype[np.int64]]":
    column = f"lower(trim(CAST({file.column(name)} AS VARCHAR)))"
    words = ", ".join(f"'{word}'" for word in _SPLIT_WORDS)
    wrong = first_row(
        connection,
        f"SELECT rowid, CAST({file.column(name)} AS VARCHAR) FROM nodes WHERE {column} NOT IN ({words}) "
        "ORDER BY rowid LIMIT 1",
    )
    if wrong is not None:
        raise file.error(
            "train, val, test or an empty field",
            quoted(wrong[1]),
            f"if the column is no split, leave it out with --ignore {quoted(name)}",
            position=wrong[0],
            column=name,
        )
    cases = " ".join(f"WHEN '{word}' THEN {code}" for word, code in _SPLIT_WORDS.items())
    (codes,) = fetch_columns(
        connection, f"SELECT (CASE {column} {cases} ELSE -1 END)::BIGINT FROM nodes ORDER BY rowid"
    )
    return codes
