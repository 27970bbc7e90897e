"""Unfolded descent of a graph energy, with attention from reweighted least squares."""

from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...errors import check_probability
from ...graph import Adjacency
from .._apply_edges import apply_edges
from .._arguments import Edges, check_edge_weight
from .._formula import formula
from .._propagation import Propagation, check_hops, in_sums, scaled_by
from .._square import resolve_square

_distance = formula(lambda source, target: ((source["x"] - target["x"]) * (source["x"] - target["x"])).sum(-1))


@final
class TWIRLSUnfoldingAndAttention(nn.Module):
    """k steps of descent of the energy of features that are near x and change little along edges.

    With w the weights of edges, d[i] = sum of w over the edges that enter i and m[i] = smoothness * d[i] + 1 - smoothness,

        precondition   y_0 = x, y_(t+1)[i] =
        True           (1 - alpha) * y_t[i] + alpha * (smoothness * S_m y_t + x / m)[i]
        False          (1 - alpha - alpha * smoothness) * y_t[i] + alpha * (smoothness * S_d y_t + x)[i]

    where `(S_c y)[i] = sum over edges e = j -> i of w[e] / sqrt(c[j] * c[i]) * y[j]`. Attention gives every edge a weight by the
    distance z of its ends, of y times eta: `w[e] = edge_weight[e] * max(z, tau)^(p - 2)`, and 0 if z is above `upper`.

    *Shapes* `x: (num_nodes, *, features) -> (num_nodes, *, features)`, with attention `(num_nodes, features)`;
    `edge_weight: (num_edges,)`. Sources and targets are the same nodes.

    Args:
        features: width.
        k: number of steps.
        alpha: size of a step.
        smoothness: of features along edges against nearness to x, lambda of the paper.
        attention_after: number of steps before attention; 0 for none.
        attends_first: gives weights by x before the first step, too.
        tau, upper, p: the weights of attention, of which p = 1 is the paper's.
        learn_eta: learns a factor for each feature in distances.
        attention_dropout: probability of dropping an edge in training, drawn with its weight.

    Raises:
        OptionError: in the constructor, if `k` is negative or the probability is none.
        ShapeError: in the call, if features or edge weights do not fit, or the graph is bipartite.

    *Source* Yang, Liu, Wang, Zhou, Gan, Wei, Zhang, Huang and Wipf, 2021, Graph Neural Networks Inspired by Classical
    Iterative Algorithms, arXiv:2103.06064, section 3 and equations 28 and 30 of its appendix.

    *Differs from the source* self loops, of which m counts one, are the caller's. Edge weights are added.
    *Differs from DGL* below tau DGL gives 1 / tau, and it drops weights below 1 / T: the same if p is 1. There `attn_aft` of
    0 does nothing either. The parameter `etas` is DGL's, and absent without attention.

    *Cost* k times E x F reads, three tensors of N x F; attention is a number for each edge.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2, 0, 1, 2]), torch.tensor([1, 2, 0, 0, 1, 2]), num_nodes=3)
    >>> TWIRLSUnfoldingAndAttention(4, 8, alpha=0.5)(graph, torch.randn(3, 4)).shape
    torch.Size([3, 4])
    """

    def __init__(
        self,
        features: int,
        k: int,
        *,
        alpha: float = 1.0,
        smoothness: float = 1.0,
        attention_after: int = 0,
        attends_first: bool = False,
        tau: float = 0.2,
        upper: float = float("inf"),
        p: float = 1.0,
        learn_eta: bool = False,
        attention_dropout: float = 0.0,
        precondition: bool = True,
    ) -> None:
        super().__init__()
        check_hops("TWIRLSUnfoldingAndAttention", k, 0)
        check_probability("TWIRLSUnfoldingAndAttention", "attention_dropout", attention_dropout)
        self.features, self.k, self.alpha, self.smoothness = features, k, alpha, smoothness
        self.attention_after, self.attends_first, self.tau, self.upper, self.p = (
            attention_after,
            attends_first,
            tau,
            upper,
            p,
        )
        self.attention_dropout, self.precondition = attention_dropout, precondition
        self.etas = nn.Parameter(torch.ones(features)) if learn_eta else None

    def forward(self, graph: Edges, x: Tensor, edge_weight: Tensor | None = None) -> Tensor:
        """Compute the new features of all nodes."""
        adjacency, x = resolve_square("TWIRLSUnfoldingAndAttention", graph, x, self.features)
        check_edge_weight("TWIRLSUnfoldingAndAttention", edge_weight, adjacency)
        weight, y = self._weights(adjacency, x, edge_weight) if self.attends_first else edge_weight, x
        step, first = self._step(adjacency, x, weight)
        keeps = 1 - self.alpha if self.precondition else 1 - self.alpha - self.alpha * self.smoothness
        for at in range(self.k):
            if at > 0 and at == self.attention_after:
                step, first = self._step(adjacency, x, self._weights(adjacency, y, edge_weight))
            # In place: a fresh N x F costs more than the addition, and no gradient reads what stood there.
            y = step(y).add_(first).add_(y, alpha=keeps) if keeps else step(y).add_(first)
        return y

    def extra_repr(self) -> str:
        """The options, as in the constructor."""
        return (
            f"{self.features}, {self.k}, alpha={self.alpha}, smoothness={self.smoothness}, "
            f"attention_after={self.attention_after}, attends_first={self.attends_first}, precondition={self.precondition}"
        )

    def _step(self, adjacency: Adjacency, x: Tensor, weight: Tensor | None) -> tuple[Propagation, Tensor]:
        """What a step adds of the neighbours, and of x."""
        total = in_sums(adjacency, weight).to(torch.promote_types(x.dtype, torch.float32))
        total = self.smoothness * total + 1 - self.smoothness if self.precondition else total
        total = total.masked_fill(total <= 0, 1.0)
        step = scaled_by(adjacency, weight, total.rsqrt().to(x.dtype), self.alpha * self.smoothness)
        along = total.to(x.dtype).reshape(-1, *(1,) * (x.dim() - 1))
        return step, x * self.alpha / along if self.precondition else x * self.alpha

    def _weights(self, adjacency: Adjacency, y: Tensor, edge_weight: Tensor | None) -> Tensor:
        z = y if self.etas is None else y * self.etas
        square = apply_edges(adjacency, _distance, source={"x": z}, target={"x": z})
        assert isinstance(square, Tensor), "one value for each edge"
        weight = square.clamp(min=self.tau**2).pow((self.p - 2) / 2).masked_fill(square > self.upper**2, 0.0)
        weight = functional.dropout(weight, self.attention_dropout, self.training)
        return weight if edge_weight is None else weight * edge_weight
