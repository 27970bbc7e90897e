"""SIGN: features of many hops are computed once, before training; the model sees no edge."""

from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...errors import OptionError, ShapeError, check_choice, check_probability, message
from .._arguments import Edges, check_edge_weight
from .._propagation import propagation
from ._diffusion import NORMS, Norm, square


def hop_features(
    graph: Edges, x: Tensor, num_hops: int, *, edge_weight: Tensor | None = None, norm: Norm = "right"
) -> list[Tensor]:
    """Compute the features of 0 to `num_hops` steps along the edges, `h_k = A^k x`.

    *Shapes* `x: (num_nodes, *)`; `edge_weight: (num_edges,)` -> num_hops + 1 tensors of the shape of x, x first

    Args:
        norm: A is "right", the mean over the edges that enter a node, "both", 1 / sqrt(d_out(j) * d_in(i)), or "in", 1 /
            sqrt(d_in(j) * d_in(i)), where d are sums of the weights of edges.

    Raises:
        ShapeError: if the graph is not square, or x or the weights do not fit it.
        OptionError: if `num_hops` is negative, or there is no such norm.

    *Cost* num_hops x E x F reads.

    >>> import torch
    >>> from weft.graph import Graph
    >>> path = Graph(torch.tensor([0, 1]), torch.tensor([1, 2]), num_nodes=3)
    >>> [h.tolist() for h in hop_features(path, torch.tensor([1.0, 2.0, 3.0]), 2)]
    [[1.0, 2.0, 3.0], [0.0, 1.0, 2.0], [0.0, 0.0, 1.0]]
    """
    check_choice("hop_features", "norm", norm, NORMS)
    if num_hops < 0:
        raise OptionError(message("hop_features", "`num_hops` that is not negative", str(num_hops)))
    adjacency = square("hop_features", graph, x)
    check_edge_weight("hop_features", edge_weight, adjacency)
    step, found = propagation(adjacency, x, edge_weight, norm), [x]
    for _ in range(num_hops):
        found.append(step(found[-1]))
    return found


@final
class SIGN(nn.Module):
    """A linear map for each number of hops, side by side, and a network over them; edges were used before.

    `out = W_out prelu(drop(concat over k of W_k h_k))`, with h_k from `hop_features`

    *Shapes* `hops`: num_hops + 1 tensors `(batch, in_features) -> (batch, out_features)`. Rows are nodes, any of them.

    Args:
        num_hops: the number of steps; there is one map more.
        num_layers: linear maps, the first included, for each number of hops, and as many over all of them.
        dropout: probability of dropping values before each linear map but the first ones, in training.

    Raises:
        OptionError: in the constructor, if an option does not exist.
        ShapeError: in the call, if there are not num_hops + 1 tensors of one shape.

    *Source* Frasca, Rossi, Eynard, Chamberlain, Bronstein and Monti, 2020, SIGN: Scalable Inception Graph Neural Networks,
    arXiv:2004.11198, equation 2.

    *Differs from the source* other operators than powers of one A are tensors that the caller adds to the list; they count
    as hops.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0]), num_nodes=3)
    >>> hops = hop_features(graph, torch.randn(3, 4), 2)
    >>> SIGN(4, 8, 2, num_hops=2)([h[:2] for h in hops]).shape
    torch.Size([2, 2])
    """

    def __init__(
        self,
        in_features: int,
        hidden_features: int,
        out_features: int,
        *,
        num_hops: int = 3,
        num_layers: int = 1,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        check_probability("SIGN", "dropout", dropout)
        if num_hops < 0 or num_layers < 1:
            got = f"{num_hops} and {num_layers}"
            raise OptionError(message("SIGN", "`num_hops` that is not negative and `num_layers` of at least 1", got))
        self.num_hops, self.dropout = num_hops, dropout
        wide = (num_hops + 1) * hidden_features
        self.hops = nn.ModuleList(
            _network(in_features, hidden_features, hidden_features, num_layers, dropout) for _ in range(num_hops + 1)
        )
        self.activation = nn.PReLU()
        self.out = _network(wide, hidden_features, out_features, num_layers, dropout)

    def reset_parameters(self) -> None:
        """Draw all parameters anew."""
        for module in self.modules():
            if isinstance(module, nn.Linear):
                module.reset_parameters()
            elif isinstance(module, nn.PReLU):
                nn.init.constant_(module.weight, 0.25)

    def forward(self, hops: Sequence[Tensor]) -> Tensor:
        """Compute the result of every row."""
        shapes = {tuple(h.shape) for h in hops}
        if len(hops) != self.num_hops + 1 or len(shapes) > 1:
            expected = f"{self.num_hops + 1} tensors of one shape, as `hop_features` gives them"
            raise ShapeError(message("SIGN", expected, f"{len(hops)} of {len(shapes)} shapes"))
        joined = self.activation(torch.cat([network(h) for network, h in zip(self.hops, hops, strict=True)], -1))
        found: Tensor = self.out(functional.dropout(joined, self.dropout, self.training))
        return found

    def extra_repr(self) -> str:
        """Options, as in the constructor."""
        return f"num_hops={self.num_hops}, dropout={self.dropout}"


def _network(
    in_features: int, hidden_features: int, out_features: int, num_layers: int, dropout: float
) -> nn.Sequential:
    """Linear maps with prelu and dropout between them."""
    steps: list[nn.Module] = []
    for at in range(num_layers):
        width = out_features if at == num_layers - 1 else hidden_features
        if at:
            steps += [nn.PReLU(), nn.Dropout(dropout)]
        steps.append(nn.Linear(in_features if at == 0 else hidden_features, width))
    return nn.Sequential(*steps)
