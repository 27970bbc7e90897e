"""GATv2Conv with DGL's arguments: what lies around weft's layer."""

import pytest
import torch
from torch import nn

import weft.dgl as dgl
from weft.errors import StructureError


def test_attention_comes_with_the_call_and_activation_follows() -> None:
    graph, x = dgl.graph(([0, 1, 2, 0], [1, 2, 0, 2])), torch.randn(3, 4)
    layer = dgl.nn.GATv2Conv(4, 2, 3, activation=nn.Tanh())
    out, attention = layer(graph, x, get_attention=True)
    assert attention.shape == (4, 3, 1)
    torch.testing.assert_close(attention[0], torch.ones(3, 1))
    left = layer.fc_src(x).reshape(3, 3, 2)
    torch.testing.assert_close(out[1], left[0].tanh())


def test_a_block_and_shared_weights() -> None:
    block = dgl.create_block(([0, 1, 2], [0, 0, 1]), 3, 2)
    layer, x = dgl.nn.GATv2Conv(4, 2, 3, share_weights=True, residual=True), torch.randn(3, 4)
    assert layer.fc_dst is layer.fc_src
    assert {"fc_src.weight", "fc_dst.weight"} <= layer.state_dict().keys()
    torch.testing.assert_close(layer(block, x), layer(block, (x, x[:2])))


def test_nodes_without_edges_are_refused_unless_allowed() -> None:
    graph, x = dgl.graph(([0], [1])), torch.randn(2, 4)
    with pytest.raises(StructureError, match="allow_zero_in_degree"):
        dgl.nn.GATv2Conv(4, 2, 3)(graph, x)
    assert not dgl.nn.GATv2Conv(4, 2, 3, allow_zero_in_degree=True)(graph, x)[0].any()
