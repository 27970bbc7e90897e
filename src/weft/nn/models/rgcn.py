"""R-GCN: a stack of relational graph convolutions."""

from dataclasses import dataclass
from typing import final

from ..conv import RelGraphConv
from ..conv.rel_graph_conv import Aggregator
from ..hetero.typed_linear import Regularizer
from .layer_stack import LayerStack


@final
@dataclass(eq=False, repr=False, kw_only=True)
class RGCN(LayerStack):
    """Graph convolutions with a matrix for each type of edges, one after the other.

    *Shapes* and further arguments are those of `LayerStack`, with `edge_type: (num_edges,)`, integers below `num_types`. A graph
    of many types becomes one by `weft.graph.to_homogeneous`, which gives `edge_type`.

    Nodes without features get learned rows: x is the weight of a `torch.nn.Embedding`, or on blocks its rows of the block's
    nodes. One-hot ids of the source, whose matrix would have num_nodes columns, are among them from
    (num_bases + 1) * hidden_features columns on, and fewer share parameters between nodes.

    Args:
        num_types: how many types of edges there are.
        aggregator: "mean" divides by the number of edges of the same type that enter a node; "sum" does not.
        regularizer: what matrices of types share: "basis" sums of `num_bases` matrices, "bdd" blocks on the diagonal, as many;
            their widths are to be multiples of that. None for nothing.
        num_bases: by default `num_types`.

    *Source* Schlichtkrull, Kipf, Bloem, van den Berg, Titov and Welling, 2017, Modeling Relational Data with Graph
    Convolutional Networks, arXiv:1703.06103. Edges back, of types of their own, are the caller's, and so is
    dropping edges, which it does to predict links.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0]), num_nodes=3)
    >>> model, edge_type = RGCN(4, 8, 2, num_types=3, regularizer="basis", num_bases=2), torch.tensor([0, 2, 1])
    >>> model(graph, torch.randn(3, 4), edge_type=edge_type).shape
    torch.Size([3, 2])
    >>> rows = torch.nn.Embedding(3, 4)  # learned beside the model
    >>> model(graph, rows.weight, edge_type=edge_type).shape
    torch.Size([3, 2])
    """

    num_types: int
    aggregator: Aggregator = "mean"
    regularizer: Regularizer = None
    num_bases: int | None = None

    def make_layer(self, in_features: int, out_features: int, is_last: bool) -> RelGraphConv:
        """Make a layer."""
        return RelGraphConv(
            in_features,
            out_features,
            self.num_types,
            aggregator=self.aggregator,
            regularizer=self.regularizer,
            num_bases=self.num_bases,
        )
