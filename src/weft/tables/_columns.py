"""Which column is which: by conventional name, or as the caller says."""

from collections.abc import Sequence

from ._file import TableFile, quoted

KEY_NAMES = ("id", "key", "node", "node_id")
SOURCE_NAMES = ("source", "src", "from")
TARGET_NAMES = ("target", "dst", "to")
WEIGHT_NAMES = ("weight",)
SPLIT_NAMES = ("split",)


def listed(names: Sequence[str], *, limit: int = 8) -> str:
    """Write names for a message, the first few of many."""
    shown = ", ".join(quoted(name) for name in names[:limit])
    more = len(names) - limit
    return shown + (f" and {more:,} more" if more > 0 else "") if names else "none"


def named_column(file: TableFile, name: str, *, role: str) -> str:
    """Check that the file has a column that the caller named.

    Raises:
        TableError: if it has not; the text lists the columns that there are.
    """
    if name in file.header:
        return name
    close = [other for other in file.header if other.lower() == name.lower()]
    raise file.error(
        f"a column {quoted(name)} for the {role}",
        f"columns {listed(file.header)}",
        f"did you mean {quoted(close[0])}?" if close else "name one of these columns",
    )


def recognised_column(file: TableFile, names: Sequence[str]) -> str | None:
    """Find the column with the first of these conventional names, in any case of letters."""
    by_lower = {name.lower(): name for name in reversed(file.header)}
    return next((by_lower[name] for name in names if name in by_lower), None)


def required_column(file: TableFile, name: str | None, *, role: str, conventional: Sequence[str], option: str) -> str:
    """Take the column that the caller named, or else the one with a conventional name.

    Raises:
        TableError: if there is neither.
    """
    if name is not None:
        return named_column(file, name, role=role)
    found = recognised_column(file, conventional)
    if found is None:
        raise file.error(
            f"a column for the {role}, named {' or '.join(conventional)}",
            f"columns {listed(file.header)}",
            f"say which one it is with {option} NAME; the first line of a CSV file holds the names",
        )
    return found
