"""GraphSAGE: a stack of layers that see a node beside its neighbours."""

from dataclasses import dataclass
from typing import final

from ..conv import SAGEConv
from ..conv.sage_conv import Aggregator
from .layer_stack import LayerStack


@final
@dataclass(eq=False, repr=False, kw_only=True)
class GraphSAGE(LayerStack):
    """Layers that see a node beside an aggregate of its neighbours, one after the other.

    *Shapes* and further arguments are those of `LayerStack`.

    Args:
        aggregator: as `SAGEConv` has them.

    *Source* Hamilton, Ying and Leskovec, 2017, Inductive Representation Learning on Large Graphs, arXiv:1706.02216.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0]), num_nodes=3)
    >>> GraphSAGE(4, 8, 2, num_layers=2, aggregator="pool")(graph, torch.randn(3, 4)).shape
    torch.Size([3, 2])
    """

    aggregator: Aggregator = "mean"

    def make_layer(self, in_features: int, out_features: int, is_last: bool) -> SAGEConv:
        """Make a layer."""
        return SAGEConv(in_features, out_features, self.aggregator)
