"""GMMConv with DGL's arguments: what lies around weft's layer."""

import pytest
import torch

import weft.dgl as dgl
from weft.errors import OptionError, StructureError


def test_blocks_are_taken() -> None:
    block, layer = dgl.create_block(([0, 1, 2], [0, 0, 1]), 3, 2), dgl.nn.GMMConv(4, 4, 3, 2, "mean", residual=True)
    x, pseudo = torch.randn(3, 4), torch.rand(3, 3)
    torch.testing.assert_close(layer(block, x, pseudo), layer(block, (x, x[:2]), pseudo))
    with pytest.raises(OptionError, match="aggregator"):
        dgl.nn.GMMConv(4, 4, 3, 2, "median")


def test_nodes_without_edges_are_refused_unless_allowed() -> None:
    graph, given = dgl.graph(([0], [1])), (torch.randn(2, 4), torch.rand(1, 3))
    with pytest.raises(StructureError, match="allow_zero_in_degree"):
        dgl.nn.GMMConv(4, 2, 3, 2)(graph, *given)
    assert not dgl.nn.GMMConv(4, 2, 3, 2, allow_zero_in_degree=True)(graph, *given)[0].any()
