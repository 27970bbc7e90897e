"""Plain-text tables for the benchmarks."""

from __future__ import annotations

from collections.abc import Sequence


def render(header: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1) -> str:
    """Align the columns; the first `left` of them to the left, the others to the right.

    >>> print(render(["case", "ms"], [["sum", "1.5"], ["softmax", "12.0"]]))
    case       ms
    -------  ----
    sum       1.5
    softmax  12.0
    """
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        return "  ".join(
            cell.ljust(width) if at < left else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ).rstrip()

    return "\n".join([line(header), line(["-" * width for width in widths]), *map(line, rows)])
