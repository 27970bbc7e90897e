"""Tables written for one test."""

from collections.abc import Callable
from pathlib import Path

import pytest

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """A function that writes a file: `write("nodes.csv", "id,x", "a,1")` or `write("nodes.csv", b"...")`."""

    def write_file(name: str, *lines: str | bytes) -> Path:
        path = tmp_path / name
        content = b"".join(line if isinstance(line, bytes) else line.encode() + b"\n" for line in lines)
        path.write_bytes(content)
        return path

    return write_file
