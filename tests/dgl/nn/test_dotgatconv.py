"""DotGatConv with DGL's arguments: what lies around weft's layer."""

import pytest
import torch

import weft.dgl as dgl
from weft.errors import StructureError


def test_attention_comes_with_the_call_and_blocks_are_taken() -> None:
    graph, x = dgl.graph(([0, 1, 2, 0], [1, 2, 0, 2])), torch.randn(3, 4)
    layer = dgl.nn.DotGatConv(4, 2, 3)
    out, attention = layer(graph, x, get_attention=True)
    assert attention.shape == (4, 3, 1)
    torch.testing.assert_close(out[1], layer.fc(x).reshape(3, 3, 2)[0])
    block = dgl.create_block(([0, 1, 2], [0, 0, 1]), 3, 2)
    torch.testing.assert_close(layer(block, x), layer(block, (x, x[:2])))


def test_nodes_without_edges_are_refused_unless_allowed() -> None:
    graph, x = dgl.graph(([0], [1])), torch.randn(2, 4)
    with pytest.raises(StructureError, match="allow_zero_in_degree"):
        dgl.nn.DotGatConv(4, 2, 3)(graph, x)
    assert not dgl.nn.DotGatConv(4, 2, 3, allow_zero_in_degree=True)(graph, x)[0].any()
