"""EdgeGATConv and EGATConv with DGL's arguments: what lies around weft's layers."""

import pytest
import torch
from torch import nn

import weft.dgl as dgl
from weft.errors import ShapeError, StructureError


def test_edge_gat_gives_attention_activates_and_takes_blocks() -> None:
    graph, x, edge = dgl.graph(([0, 1, 2, 0], [1, 2, 0, 2])), torch.randn(3, 4), torch.randn(4, 5)
    layer = dgl.nn.EdgeGATConv(4, 5, 2, 3, activation=nn.Tanh(), residual=False)
    out, attention = layer(graph, x, edge, get_attention=True)
    assert attention.shape == (4, 3, 1)
    torch.testing.assert_close(out[1].flatten(), (layer.fc(x)[0] + layer.fc_edge(edge)[0]).tanh())
    block = dgl.create_block(([0, 1, 2], [0, 0, 1]), 3, 2)
    torch.testing.assert_close(layer(block, x, edge[:3]), layer(block, (x, x[:2]), edge[:3]))


def test_edge_gat_refuses_nodes_without_edges_unless_allowed() -> None:
    graph, given = dgl.graph(([0], [1])), (torch.randn(2, 4), torch.randn(1, 5))
    with pytest.raises(StructureError, match="allow_zero_in_degree"):
        dgl.nn.EdgeGATConv(4, 5, 2, 3)(graph, *given)
    layer = dgl.nn.EdgeGATConv(4, 5, 2, 3, allow_zero_in_degree=True, residual=False)
    assert not layer(graph, *given)[0].any()


def test_egat_gives_nodes_edges_and_attention() -> None:
    graph, x, edge = dgl.graph(([0, 1, 2, 0], [1, 2, 0, 2])), torch.randn(3, 4), torch.randn(4, 5)
    layer, weight = dgl.nn.EGATConv(4, 5, 2, 6, 3, bias=False), torch.rand(4, 1)
    nodes, edges, attention = layer(graph, x, edge, weight, get_attention=True)
    assert (nodes.shape, edges.shape, attention.shape) == ((3, 3, 2), (4, 3, 6), (4, 3, 1))
    torch.testing.assert_close(nodes[1].flatten(), layer.fc_node_src(x)[0] * weight[0])
    with pytest.raises(ShapeError, match="edge_weight"):
        layer(graph, x, edge, torch.rand(4, 2))
