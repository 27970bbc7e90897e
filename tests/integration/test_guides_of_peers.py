"""The lines of DGL and PyG in the guides for people who come from there: they run, DGL's on weft's own interface of it."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

GUIDES = Path(__file__).resolve().parents[2] / "docs" / "guides"


def lines_of(guide: str) -> list[str]:
    """The programs of the other library, in order."""
    return re.findall(r"```text\n(.*?)```", (GUIDES / guide).read_text(), re.DOTALL)


def names_of_dgl() -> dict[str, Any]:
    """What the lines of DGL take for granted: a small graph with columns, two graphs that can be batched."""
    import weft.dgl as dgl

    def small() -> Any:
        g = dgl.graph(([0, 1, 2, 2], [1, 2, 0, 0]), num_nodes=4)
        g.ndata["x"], g.edata["w"] = torch.ones(4, 8), torch.ones(4, 1)
        return g

    return {"dgl": dgl, "fn": dgl.function, "g": small(), "g1": small(), "g2": small(), "x": torch.ones(4, 8)}


def names_of_pyg() -> dict[str, Any]:
    """What the lines of PyG take for granted."""
    pytest.importorskip("torch_geometric")
    import torch_geometric.transforms as transforms
    from torch_geometric import utils
    from torch_geometric.data import Batch, Data, HeteroData
    from torch_geometric.nn import MessagePassing, global_mean_pool

    edge_index = torch.tensor([[*range(30)], [*range(1, 30), 0]])

    def ring() -> Any:
        return Data(x=torch.rand(30, 4), edge_index=utils.to_undirected(edge_index), y=torch.arange(30) % 2)

    named = {"T": transforms, "utils": utils, "Batch": Batch, "Data": Data, "HeteroData": HeteroData}
    named |= {"MessagePassing": MessagePassing, "global_mean_pool": global_mean_pool}
    return {**named, "edge_index": edge_index, "data": ring(), "one": ring(), "two": ring()}


@pytest.mark.parametrize(
    ("guide", "names"), [("coming-from-dgl.md", names_of_dgl), ("coming-from-pyg.md", names_of_pyg)]
)
def test_every_line_runs(guide: str, names: Callable[[], dict[str, Any]]) -> None:
    programs = lines_of(guide)
    assert len(programs) >= 6
    for program in programs:
        exec(compile(program, guide, "exec"), {"torch": torch, **names()})
