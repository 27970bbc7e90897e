"""Equivariant graph convolution: features and positions of nodes, by messages that see distances alone."""

from typing import Any, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...errors import ShapeError, message
from .._aggregate import aggregate
from .._arguments import Edges, Features, Sizes, as_pair, resolve_ends
from .._edge_inputs import optional_edge_features
from .._formula import formula
from .._reset import reset_inside


@final
class EGNNConv(nn.Module):
    """New features and positions of nodes, which turn and move with the positions that come in.

    For each edge e = j -> i, with d = position[j] - position[i] and phi networks of two maps with SiLU:

        m[e]            = phi_e([x[j], x[i], |d|^2, edge_features[e]])
        out[i]          = phi_h([x[i], sum over edges e = j -> i of m[e]])
        new_position[i] = position[i] + mean over edges e = j -> i of d * phi_x(m[e])

    *Shapes* `x: (num_nodes, in_features)`, `position: (num_nodes, any)`, both a pair or none of them; `edge_features:
    (num_edges, edge_features)` -> `(num_targets, out_features)` and `(num_targets, any)`. A node that no edge enters stays
    where it is.

    Args:
        hidden_features: width of the messages; out_features if None.
        edge_features: their width, if there are any.
        normalize: divides d by its length.

    Raises:
        OptionError: in the call, if edge features are missing, or there without the option.
        ShapeError: in the call, if inputs do not fit the graph or the layer.

    *Source* Satorras, Hoogeboom and Welling, 2021, E(n) Equivariant Graph Neural Networks, arXiv:2102.09844, equations 3
    to 6.

    *Differs from the source* d points from i to j, which the last map of phi_x outweighs; the mean is over the edges
    that there are; no attention and no velocity. The gradient of the length is 0 where two nodes coincide.
    *Differs from DGL* that is `normalize=True`. Parameters are DGL's: `edge_mlp.*`, `node_mlp.*`, `coord_mlp.*`.

    *Cost* the first map of phi_e is per node; the other networks run on chunks of edges, forward and again in backward.
    No tensor of size E x hidden_features.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0]), num_nodes=3)
    >>> x, position = EGNNConv(4, 2)(graph, torch.randn(3, 4), position=torch.randn(3, 3))
    >>> x.shape, position.shape
    (torch.Size([3, 2]), torch.Size([3, 3]))
    """

    def __init__(
        self,
        in_features: Sizes,
        out_features: int,
        *,
        hidden_features: int | None = None,
        edge_features: int | None = None,
        normalize: bool = False,
    ) -> None:
        super().__init__()
        hidden = out_features if hidden_features is None else hidden_features
        self.in_features, self.out_features, self.hidden_features = in_features, out_features, hidden
        self.edge_features, self.normalize = edge_features, normalize
        in_source, in_target = as_pair(in_features)
        width = in_source + in_target + 1 + (edge_features or 0)
        self.edge_mlp = nn.Sequential(nn.Linear(width, hidden), nn.SiLU(), nn.Linear(hidden, hidden), nn.SiLU())
        self.node_mlp = nn.Sequential(nn.Linear(in_target + hidden, hidden), nn.SiLU(), nn.Linear(hidden, out_features))
        self.coord_mlp = nn.Sequential(nn.Linear(hidden, hidden), nn.SiLU(), nn.Linear(hidden, 1, bias=False))

    def reset_parameters(self) -> None:
        """Draw linear maps as torch does."""
        reset_inside(*self.children())

    def forward(
        self, graph: Edges, x: Features, *, position: Features, edge_features: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Compute the new features and positions of all targets."""
        in_source, in_target = as_pair(self.in_features)
        adjacency, x_source, x_target = resolve_ends("EGNNConv", graph, x, (in_source, in_target))
        size = (position[0] if isinstance(position, tuple) else position).shape[-1]
        _, p_source, p_target = resolve_ends("EGNNConv", graph, position, (size, size))
        edge_features = optional_edge_features("EGNNConv", edge_features, adjacency, self.edge_features)
        if x_source.dim() != 2 or p_source.dim() != 2:
            got = f"{tuple(x_source.shape)} and {tuple(p_source.shape)}"
            raise ShapeError(message("EGNNConv", "features and positions of two dimensions", got))
        first: Any = self.edge_mlp[0]
        sizes = [in_source, in_target, 1, self.edge_features or 0]
        of_source, of_target, of_distance, of_edge = first.weight.split(sizes, 1)
        shared: dict[str, Any] = {"distance": of_distance.squeeze(1), "mlp": self.edge_mlp[2], "coord": self.coord_mlp}
        edge = {}
        if edge_features is not None:
            edge, shared["edge"] = {"e": edge_features}, of_edge
        source = {"u": functional.linear(x_source, of_source), "p": p_source}
        target = {"u": functional.linear(x_target, of_target, first.bias), "p": p_target}
        made = _FORMULAS[self.normalize, edge_features is not None]
        sums = aggregate(adjacency, made, source=source, target=target, edge=edge, shared=shared)
        messages, moves = sums.split((self.hidden_features, size), -1)
        h: Tensor = self.node_mlp(torch.cat((x_target.to(messages.dtype), messages), -1))
        degrees = adjacency.in_degrees().clamp(min=1).unsqueeze(-1)
        return h, p_target + (moves / degrees).to(p_target.dtype)

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        sizes = f"{self.in_features}, {self.out_features}, hidden_features={self.hidden_features}"
        return f"{sizes}, edge_features={self.edge_features}, normalize={self.normalize}"


def _formula(normalizes: bool, has_edge: bool) -> Any:
    def computed(source: Any, target: Any, edge: Any, shared: Any) -> Tensor:
        d = source["p"] - target["p"]
        square = d.square().sum(-1, keepdim=True)
        h = source["u"] + target["u"] + square * shared["distance"]
        if has_edge:
            h = h + functional.linear(edge["e"], shared["edge"])
        m = functional.silu(shared["mlp"](functional.silu(h)))
        if normalizes:
            is_apart = square > 0
            d = torch.where(is_apart, d / torch.where(is_apart, square, 1).sqrt(), 0)
        return torch.cat((m, d * shared["coord"](m)), -1)

    return formula(computed, trace=False)


_FORMULAS = {(n, e): _formula(n, e) for n in (False, True) for e in (False, True)}
