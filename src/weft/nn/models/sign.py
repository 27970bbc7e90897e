"""SIGN: features of many hops are computed once, before training; the model sees no edge."""

from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...errors import OptionError, ShapeError, check_probability, message


@final
class SIGN(nn.Module):
    """A linear map for each number of hops, side by side, and a network over them; edges were used before.

    `out = W_out prelu(drop(concat over k of W_k h_k))`, with h_k the features of k hops, which
    `weft.graph.transforms.propagate_features` computes

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
    >>> from weft.graph.transforms import propagate_features
    >>> graph = Graph([0, 1, 2], [1, 2, 0])
    >>> graph.nodes["x"] = torch.randn(3, 4)
    >>> nodes = propagate_features(graph, 2).nodes
    >>> SIGN(4, 8, 2, num_hops=2)([nodes[name][:2] for name in ("x", "x_1", "x_2")]).shape
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
            expected = f"{self.num_hops + 1} tensors of one shape"
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
