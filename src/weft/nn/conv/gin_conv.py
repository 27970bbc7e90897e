"""Graph isomorphism: a network on the sum of a node and its neighbours."""

from typing import Literal, final

import torch
from torch import Tensor, nn

from ...errors import check_choice
from ...ops import spmm
from .._arguments import Edges, Features, as_pair, check_edge_weight, resolve_ends, width_of
from .._reset import reset_inside

Aggregator = Literal["sum", "mean", "max"]
AGGREGATORS = ("sum", "mean", "max")


@final
class GINConv(nn.Module):
    """A network on the features of a node, times 1 + eps, plus an aggregate of its neighbours'.

    `out[i] = network((1 + eps) * x[i] + aggregate over edges e = j -> i of edge_weight[e] * x[j])`

    *Shapes* `x: (num_nodes, *, in_features) -> (num_nodes, *, out_features)` for a network from in_features to
    out_features, or a pair `(x_source: (num_sources, *, in_features), x_target: (num_targets, *, in_features))`, which
    gives a row for each target; `edge_weight: (num_edges,)`. The aggregate is 0 if no edge enters i.

    Args:
        network: of rows of features, an MLP in the paper; without one the result is its argument.
        aggregator: "sum", "mean" over the number of edges, or the elementwise "max".
        eps: the value at the start.
        learn_eps: whether eps is a parameter; otherwise it is a constant of the state.

    Raises:
        OptionError: in the constructor, if the aggregator does not exist.
        ShapeError: in the call, if features or edge weights do not fit the graph.

    *Source* Xu, Hu, Leskovec and Jegelka, 2019, How Powerful are Graph Neural Networks?, arXiv:1810.00826, equation 4.1.

    *Differs from the source* "mean", "max" and edge weights are added; they tell fewer graphs apart.
    *Differs from DGL* `network` is DGL's `apply_func`, whose name its parameters keep: `apply_func.*`, `eps` (1,).
    There is no activation.

    *Cost* E x F reads with F = in_features, and what the network takes. No tensor of edges.

    >>> import torch
    >>> from torch import nn
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0]), num_nodes=3)
    >>> layer = GINConv(nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2)), learn_eps=True)
    >>> layer(graph, torch.randn(3, 4)).shape
    torch.Size([3, 2])
    """

    eps: Tensor

    def __init__(
        self,
        network: nn.Module | None = None,
        aggregator: Aggregator = "sum",
        *,
        eps: float = 0.0,
        learn_eps: bool = False,
    ) -> None:
        super().__init__()
        check_choice("GINConv", "aggregator", aggregator, AGGREGATORS)
        self.aggregator, self.initial_eps = aggregator, eps
        self.apply_func = network
        if learn_eps:
            self.eps = nn.Parameter(torch.tensor([float(eps)]))
        else:
            self.register_buffer("eps", torch.tensor([float(eps)]))

    def reset_parameters(self) -> None:
        """Set eps to where it began, and draw anew what can be drawn anew."""
        nn.init.constant_(self.eps, self.initial_eps)
        reset_inside(self.apply_func)

    def forward(self, graph: Edges, x: Features, edge_weight: Tensor | None = None) -> Tensor:
        """Compute the new features of all targets."""
        adjacency, x_source, x_target = resolve_ends("GINConv", graph, x, as_pair(width_of(x)))
        check_edge_weight("GINConv", edge_weight, adjacency)
        h = spmm(adjacency.by_target, x_source, edge_weight, self.aggregator)
        h = torch.addcmul(h, x_target, 1 + self.eps)
        return h if self.apply_func is None else self.apply_func(h)

    def extra_repr(self) -> str:
        """The options."""
        return f"{self.aggregator!r}, learn_eps={isinstance(self.eps, nn.Parameter)}"
