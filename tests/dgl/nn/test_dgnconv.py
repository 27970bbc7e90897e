"""DGNConv with DGL's arguments is weft's layer with DGL's norm."""

import torch

import weft.dgl as dgl
import weft.nn
from weft.dgl.nn import DGNConv

SOURCE, TARGET = torch.tensor([0, 0, 1, 2, 2, 3]), torch.tensor([1, 1, 2, 2, 0, 4])


def test_layer_is_that_of_weft_with_the_norm_of_graphs() -> None:
    aggregators, scalers = ["dir1-av", "dir2-dx", "mean"], ["identity", "attenuation"]
    layer = DGNConv(4, 4, aggregators, scalers, 1.5, num_towers=2, edge_feat_size=3).eval()
    ours = weft.nn.DGNConv(
        4, 4, 1.5, aggregators=aggregators, scalers=scalers, num_towers=2, edge_features=3, graph_norm=True
    ).eval()
    ours.load_state_dict(layer.state_dict())
    graph, x, edges, vectors = dgl.graph((SOURCE, TARGET)), torch.randn(5, 4), torch.randn(6, 3), torch.randn(5, 2)
    expected = ours(weft.Graph(SOURCE, TARGET, 5), x, edge_features=edges, eigenvectors=vectors)
    torch.testing.assert_close(layer(graph, x, edges, vectors), expected)
