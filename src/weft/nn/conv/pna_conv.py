"""Principal neighbourhood aggregation: several aggregators times several scalers by degree."""

from collections.abc import Sequence
from typing import final

from torch import Tensor, nn
from torch.nn import functional

from ...errors import check_choice
from .._arguments import Edges, Features, resolve_ends
from ._towers import (
    AGGREGATORS,
    Aggregator,
    Scaler,
    Sizes,
    Tower,
    aggregates_of,
    check_edge_features,
    check_scalers,
    check_towers,
    messages_of,
    normed,
    scales_of,
    updated,
)


@final
class PNAConv(nn.Module):
    """Several aggregates of learned messages, each scaled by functions of the degree, for several towers.

    For each tower, with its part of the features, over the edges e = j -> i that enter i, d in number:

        m[e]   = M [x[j], x[i], edge_features[e]]
        a(i)   = [mean, max, min, std, ... of m[e]]               as `aggregators` says
        s(i)   = [a(i), a(i) * log(d + 1) / delta, ...]           as `scalers` says
        h(i)   = batchnorm(U [x[i], s(i)])
        out[i] = leaky_relu(mixing_layer [h(i) of all towers])  + x[i]

    The scalers are "identity", "amplification" log(d + 1) / delta, "attenuation" delta / log(d + 1), "linear"
    d / mean_degree and "inverse_linear" mean_degree / d. The aggregator "moment3" is the third root of the mean of
    (m[e] - mean)^3 with its sign, and so on.

    *Shapes* `x: (num_nodes, in_features) -> (num_nodes, out_features)`, or a pair `(x_source: (num_sources, in_features),
    x_target: (num_targets, in_features)) -> (num_targets, out_features)`; `edge_features: (num_edges, edge_features)`.
    Without an edge all aggregates are 0.

    Args:
        delta: mean of log(d + 1) over the nodes of the training graphs.
        mean_degree: mean of d over them, for "linear" and "inverse_linear".
        divide_input: every tower gets its part of the features, otherwise all of them.
        edge_features: width of the edge features, 0 for none.
        edge_encoder: a linear map of the edge features to the width of a tower, before M.
        num_message_layers, num_update_layers: linear maps in M and in U, with relu between them.
        dropout: probability of dropping what a tower gives, in training.
        graph_norm: divides by the square root of num_targets before batch norm.
        residual: adds x[i], if both widths are the same.
        negative_slope: of leaky_relu; 1 makes the mixing layer linear.

    Raises:
        OptionError: in the constructor, if options do not exist, or towers do not divide the widths.
        ShapeError: in the call, if features do not fit the graph or the layer.

    *Source* Corso, Cavalleri, Beaini, Liò and Veličković, 2020, Principal Neighbourhood Aggregation for Graph Nets,
    arXiv:2004.05718.

    *Differs from the source* std has no small number under its root; where it is 0, so is its gradient. "linear" and
    "inverse_linear" are scalers for exponents 1 and -1 of the plain degree. Degrees below 1 count as 1.
    *Differs from DGL* it divides by the square root of the number of nodes, also of a batch of graphs: `graph_norm=True`.
    Parameters are DGL's: `towers.*.M`, `towers.*.U`, `towers.*.batchnorm`, `mixing_layer.0`.
    *Differs from PyG* it has neither batch norm, residual nor leaky_relu, does not divide the input, and encodes edge
    features: `batch_norm=False, residual=False, negative_slope=1, divide_input=False, edge_encoder=True`. It takes a
    histogram of degrees for `delta` and `mean_degree`.

    *Cost* one pass over the edges, and one more for each moment; M is applied to nodes, so that messages are sums of two
    rows. Edge features and more than one layer of M are computed in chunks of edges. U multiplies before it scales.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2, 0]), torch.tensor([1, 2, 0, 0]), num_nodes=3)
    >>> layer = PNAConv(4, 4, torch.log1p(graph.adjacency.in_degrees()).mean().item(), num_towers=2)
    >>> layer(graph, torch.randn(3, 4)).shape
    torch.Size([3, 4])
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        delta: float,
        *,
        aggregators: Sequence[Aggregator] = ("mean", "max", "min", "std"),
        scalers: Sequence[Scaler] = ("identity", "amplification", "attenuation"),
        mean_degree: float = 1.0,
        num_towers: int = 1,
        divide_input: bool = True,
        edge_features: int = 0,
        edge_encoder: bool = False,
        num_message_layers: int = 1,
        num_update_layers: int = 1,
        dropout: float = 0.0,
        batch_norm: bool = True,
        graph_norm: bool = False,
        residual: bool = True,
        negative_slope: float = 0.01,
    ) -> None:
        super().__init__()
        for name in aggregators:
            check_choice("PNAConv", "aggregators", name, AGGREGATORS)
        check_towers("PNAConv", (in_features, out_features), num_towers, divide_input, dropout)
        check_scalers("PNAConv", scalers, delta, mean_degree)
        self.in_features, self.out_features, self.delta, self.mean_degree = (
            in_features,
            out_features,
            delta,
            mean_degree,
        )
        self.aggregators, self.scalers = tuple(aggregators), tuple(scalers)
        self.divide_input, self.edge_features, self.dropout = divide_input, edge_features, dropout
        self.graph_norm, self.negative_slope = graph_norm, negative_slope
        self.residual = residual and in_features == out_features
        width = in_features // num_towers if divide_input else in_features
        self.edge_encoder = nn.Linear(edge_features, width) if edge_encoder and edge_features else None
        edge_width = edge_features if self.edge_encoder is None else width
        parts = len(self.aggregators) * len(self.scalers)
        sizes = Sizes(width, out_features // num_towers, edge_width, parts, num_message_layers, num_update_layers)
        self.towers = nn.ModuleList(Tower(sizes, batch_norm) for _ in range(num_towers))
        self.mixing_layer = nn.Sequential(nn.Linear(out_features, out_features), nn.LeakyReLU(negative_slope))

    def reset_parameters(self) -> None:
        """Draw all weights as `torch.nn.Linear` does, and forget the statistics of batch norm."""
        for module in self.modules():
            if isinstance(module, (nn.Linear, nn.BatchNorm1d)):
                module.reset_parameters()

    def forward(self, graph: Edges, x: Features, *, edge_features: Tensor | None = None) -> Tensor:
        """Compute the new features of all targets."""
        adjacency, x_source, x_target = resolve_ends("PNAConv", graph, x, (self.in_features, self.in_features))
        check_edge_features("PNAConv", edge_features, adjacency, self.edge_features)
        towers: list[Tower] = list(self.towers)  # type: ignore[arg-type]
        at_source, at_target = (
            h.unflatten(-1, (len(towers), -1)) if self.divide_input else h for h in (x_source, x_target)
        )
        messages = messages_of(towers, at_source, at_target, edge_features, self.edge_encoder)
        parts = aggregates_of(adjacency, messages, self.aggregators)
        scales = scales_of(adjacency.in_degrees(), self.scalers, self.delta, self.mean_degree, x_source.dtype)
        h = normed(towers, updated(towers, at_target, parts, scales), adjacency.num_targets, self.graph_norm)
        out: Tensor = self.mixing_layer(functional.dropout(h, self.dropout, self.training))
        return out + x_target.to(out.dtype) if self.residual else out

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        return (
            f"{self.in_features}, {self.out_features}, {self.delta}, aggregators={self.aggregators}, "
            f"scalers={self.scalers}, mean_degree={self.mean_degree}, num_towers={len(self.towers)}, "
            f"divide_input={self.divide_input}, edge_features={self.edge_features}, dropout={self.dropout}, "
            f"graph_norm={self.graph_norm}, residual={self.residual}"
        )
