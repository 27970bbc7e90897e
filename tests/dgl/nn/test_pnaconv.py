"""PNAConv with DGL's arguments is weft's layer with DGL's norm."""

import torch

import weft.dgl as dgl
import weft.nn
from weft.dgl.nn import PNAConv

SOURCE, TARGET = torch.tensor([0, 0, 1, 2, 2, 3]), torch.tensor([1, 1, 2, 2, 0, 4])


def test_layer_is_that_of_weft_with_the_norm_of_graphs() -> None:
    torch.manual_seed(0)
    aggregators, scalers = ["mean", "moment3"], ["identity", "attenuation"]
    layer = PNAConv(4, 4, aggregators, scalers, 1.5, num_towers=2, edge_feat_size=3).eval()
    ours = weft.nn.PNAConv(
        4, 4, 1.5, aggregators=aggregators, scalers=scalers, num_towers=2, edge_features=3, graph_norm=True
    ).eval()
    ours.load_state_dict(layer.state_dict())
    graph, x, edges = dgl.graph((SOURCE, TARGET)), torch.randn(5, 4), torch.randn(6, 3)
    torch.testing.assert_close(layer(graph, x, edges), ours(weft.Graph(SOURCE, TARGET, 5), x, edge_features=edges))


def test_parameters_have_the_names_of_dgl() -> None:
    names = [name for name, _ in PNAConv(4, 6, ["mean"], ["identity"], 2.5, num_towers=2).named_parameters()]
    parts = ("M.weight", "M.bias", "U.weight", "U.bias", "batchnorm.weight", "batchnorm.bias")
    assert names == [
        *(f"towers.{at}.{part}" for at in (0, 1) for part in parts), "mixing_layer.0.weight", "mixing_layer.0.bias",
    ]  # fmt: skip
