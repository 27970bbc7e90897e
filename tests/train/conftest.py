"""Small tables to train on."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from weft.tables import EdgeTable, NodeTable, read_edges, read_nodes

Tables = Callable[..., tuple[NodeTable, EdgeTable]]


@pytest.fixture
def tables(tmp_path: Path) -> Tables:
    """A function that reads two tables: two classes of nodes, joined within their class, with noisy features."""

    def make(num_nodes: int = 60, *, split: bool = False, weight: bool = False, unlabelled: int = 0):
        draw = np.random.default_rng(0)
        labels = np.arange(num_nodes) % 2
        x = labels[:, None] + 3 * draw.standard_normal((num_nodes, 3))
        nodes = ["id,a,b,c,label" + (",split" if split else "")]
        for i in range(num_nodes):
            row = [
                f"n{i}",
                *(f"{value:.4f}" for value in x[i]),
                "" if i < unlabelled else ["red", "blue"][labels[i]],
            ]
            nodes.append(",".join(row + ([["train", "val", "test"][i // 2 % 3]] if split else [])))
        edges = ["source,target" + (",weight" if weight else "")]
        for i in range(num_nodes):
            for step in (2, 4, 6):
                edges.append(f"n{i},n{(i + step) % num_nodes}" + (f",{step}" if weight else ""))
        (tmp_path / "nodes.csv").write_text("\n".join(nodes))
        (tmp_path / "edges.csv").write_text("\n".join(edges))
        read = read_nodes(tmp_path / "nodes.csv", "label")
        return read, read_edges(tmp_path / "edges.csv", read)

    return make
