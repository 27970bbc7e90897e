"""One table file: its format, its header, its rows as a person counts them, and its way into DuckDB."""

import csv
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from ..errors import TableError, message
from ..settings import require

_PARQUET_MAGIC = b"PAR1"
_DELIMITERS = ",;\t|"
_SNIFFED_BYTES = 65536


def quoted(name: str) -> str:
    """Show a column name or value from a file on one short line."""
    text = name if len(name) <= 60 else name[:57] + "..."
    return '"' + text.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + '"'


@dataclass(frozen=True)
class TableFile:
    """A CSV or Parquet file whose header was read.

    In DuckDB its columns are named `c0`, `c1`, ... by position, so that no name from a file becomes part of a query.
    """

    path: Path
    format: Literal["csv", "parquet"]
    header: tuple[str, ...]
    delimiter: str = ","

    def error(
        self, expected: str, got: str, hint: str, *, position: int | None = None, column: str | None = None
    ) -> TableError:
        """Make the error that names this file and, where they matter, row and column.

        Args:
            position: counts the data rows from 0.
        """
        where = str(self.path)
        if position is not None:
            where += f", row {self.row(position)}"
        if column is not None:
            where += f", column {quoted(column)}"
        return TableError(message(where, expected, got, hint))

    def row(self, position: int) -> int:
        """Give the number that a person sees beside a data row, counted here from 0.

        In a CSV file it is the line on which the row begins, with the header as line 1; in Parquet the first row is 1.

        Cost: reads the file up to that row, and is meant for error messages.
        """
        if self.format == "parquet":
            return position + 1
        line, _ = next(islice(self._records(), position + 1, None), (position + 2, []))
        return line

    def column(self, name: str) -> str:
        """Give the name that DuckDB knows a column by."""
        return f"c{self.header.index(name)}"

    def load(self, connection: Any, table: str) -> None:
        """Read the file into a DuckDB table; every column of a CSV file becomes text.

        Raises:
            TableError: for a ragged row, bytes that are not UTF-8, an unclosed quote, or a damaged file.
        """
        duckdb = require("duckdb", "train")
        # DuckDB takes a path as a pattern; a character in brackets stands for itself.
        path = re.sub(r"([*?\[])", r"[\1]", str(self.path.absolute()))
        names = ", ".join(f"c{i}" for i in range(len(self.header)))
        if self.format == "parquet":
            query = f"CREATE TABLE {table} AS SELECT * FROM read_parquet(?, hive_partitioning = false) AS file({names})"
            parameters = [path]
        else:
            columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(self.header)))
            query = (
                f"CREATE TABLE {table} AS SELECT * FROM read_csv(?, delim = ?, header = true, quote = '\"', "
                f"escape = '\"', nullstr = '', auto_detect = false, strict_mode = true, "
                f"compression = 'none', hive_partitioning = false, columns = {{{columns}}})"
            )
            parameters = [path, self.delimiter]
        try:
            connection.execute(query, parameters)
        except duckdb.Error as error:
            raise self._explain(error) from None

    def digest(self) -> str:
        """Compute the SHA-256 of the file's bytes, in hexadecimal."""
        with self.path.open("rb") as stream:
            digest = hashlib.sha256()
            while chunk := stream.read(1 << 20):
                digest.update(chunk)
        return digest.hexdigest()

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the header and the data rows of a CSV file, each with the line that it begins on."""
        with self.path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
            reader = csv.reader(stream, delimiter=self.delimiter, strict=True)
            while True:
                line = reader.line_num + 1
                try:
                    record = next(reader, None)
                except csv.Error as error:
                    raise TableError(
                        message(
                            f"{self.path}, row {line}",
                            "fields that are plain, or in double quotes from end to end",
                            f"a row that cannot be read ({error})",
                            'write a quote inside a field twice, as in "6"" pipe", and close every quote',
                        )
                    ) from None
                if record is None:
                    return
                if record or len(self.header) == 1:
                    yield line, record

    def _explain(self, error: Exception) -> TableError:
        """Find the row that DuckDB stumbled over; reads the file again, once it is known to be wrong."""
        width = len(self.header)
        for line, record in self._records() if self.format == "csv" else ():
            where = f"{self.path}, row {line}"
            if len(record) != width and record:
                return TableError(
                    message(
                        where,
                        f"{width} fields, as in the header",
                        f"{len(record)} fields",
                        f"add or remove fields; a field that holds {quoted(self.delimiter)} goes in double quotes",
                    )
                )
            for name, field in zip(self.header, record, strict=False):
                if any("\udc80" <= character <= "\udcff" for character in field):
                    return TableError(
                        message(
                            f"{where}, column {quoted(name)}",
                            "text in UTF-8",
                            "bytes of another encoding",
                            "save the file as UTF-8",
                        )
                    )
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        return self.error(f"a readable {self.format} file", reason, "write the file again")


def open_table(path: str | Path) -> TableFile:
    """Recognise a CSV or Parquet file and read its header.

    Raises:
        TableError: if there is no such file, it is empty or of another format, or its columns lack names of their own.
    """
    path = Path(path)

    def failure(expected: str, got: str, hint: str) -> TableError:
        return TableError(message(str(path), expected, got, hint))

    if not path.exists():
        raise failure("a CSV or Parquet file", "a path where nothing is", "check the spelling and the folder")
    if not path.is_file():
        raise failure("a CSV or Parquet file", "a folder", "give the path of one file inside it")
    try:
        with path.open("rb") as stream:
            head = stream.read(_SNIFFED_BYTES)
    except OSError as error:
        raise failure("a file that can be read", str(error.strerror), "check its permissions") from None
    if not head:
        raise failure("a CSV or Parquet file", "an empty file", "write a header line and rows")
    if head.startswith(_PARQUET_MAGIC):
        file = TableFile(path, "parquet", _parquet_header(path))
    elif head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise failure("a CSV file in UTF-8", "a file in UTF-16", "save it as UTF-8")
    elif b"\0" in head or head.startswith(b"\x1f\x8b"):
        raise failure("a CSV or Parquet file", "a binary file of another format", "export it as CSV or Parquet")
    else:
        delimiter = _delimiter(head.decode("utf-8", errors="replace"))
        draft = TableFile(path, "csv", ("",), delimiter)
        _, record = next(draft._records())
        file = TableFile(path, "csv", tuple(name.strip() for name in record), delimiter)
    _check_header(file)
    return file


def _parquet_header(path: Path) -> tuple[str, ...]:
    duckdb = require("duckdb", "train")
    escaped = re.sub(r"([*?\[])", r"[\1]", str(path.absolute()))
    try:
        with duckdb.connect(":memory:") as connection:
            described = connection.execute(
                "DESCRIBE SELECT * FROM read_parquet(?, hive_partitioning = false)", [escaped]
            ).fetchall()
    except duckdb.Error as error:
        reason = str(error).splitlines()[0].replace(str(path.absolute()), path.name)
        raise TableError(message(str(path), "a whole Parquet file", reason, "write the file again")) from None
    return tuple(name for name, *_ in described)


def _delimiter(text: str) -> str:
    """Choose the delimiter that occurs most often in the first line, outside quotes."""
    first = re.sub(r'"[^"]*"', "", text).lstrip("\ufeff\r\n").splitlines()
    counts = {mark: first[0].count(mark) if first else 0 for mark in _DELIMITERS}
    return max(_DELIMITERS, key=lambda mark: counts[mark])


def _check_header(file: TableFile) -> None:
    seen: set[str] = set()
    for number, name in enumerate(file.header, start=1):
        if not name:
            raise file.error(
                "a name for every column in the header",
                f"no name for column {number}",
                "name it in the first line, or write the table without a row index",
            )
        if "\udc80" <= max(name) <= "\udcff":
            raise file.error("a header in UTF-8", "bytes of another encoding", "save the file as UTF-8")
        if name in seen:
            raise file.error("column names that differ", f"{quoted(name)} twice in the header", "rename one of them")
        seen.add(name)
