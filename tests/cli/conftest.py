"""Small tables in a folder that is also the current one."""

from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with nodes.csv and edges.csv: 40 nodes of two classes, four of them without label."""
    nodes, edges = ["id,size,town,label"], ["source,target"]
    for i in range(40):
        label = "" if i < 4 else "uv"[i % 2]
        nodes.append(f"n{i},{i % 7 + i % 2},{'Bern' if i % 3 else 'Ulm'},{label}")
        edges.append(f"n{i},n{(i + 2) % 40}")
    (tmp_path / "nodes.csv").write_text("\n".join(nodes), encoding="utf-8")
    (tmp_path / "edges.csv").write_text("\n".join(edges), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path
