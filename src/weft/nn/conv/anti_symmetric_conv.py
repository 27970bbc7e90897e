"""Steps of a stable differential equation: an antisymmetric map of a node beside any layer over its neighbours."""

from collections.abc import Callable
from typing import final

import torch
from torch import Tensor, nn

from ...errors import OptionError, message
from .._arguments import Edges, name_of
from .._square import resolve_square
from .graph_conv import GraphConv


@final
class AntiSymmetricConv(nn.Module):
    """Steps of Euler's method for features that an antisymmetric map and a layer change.

    `x = x + epsilon * activation((W - W^T - gamma I) x + phi(graph, x) + bias)`, `num_steps` times; `out` is the last x, and in
    one step `out = x + epsilon * ...`

    *Shapes* `x: (num_nodes, in_features) -> (num_nodes, in_features)`; `edge_weight: (num_edges,)` if the layer takes it. The
    graph is square.

    Args:
        network: the layer phi, from in_features to in_features; without one a `GraphConv` without bias.
        epsilon: length of a step.
        gamma: strength of the diffusion that makes the method stable.
        activation: sigma of the source, which is tanh there.

    Raises:
        OptionError: in the constructor, if there is no step.
        ShapeError: in the call, if features do not fit the graph or the layer, or the graph is bipartite.

    *Source* Gravina, Bacciu and Gallicchio, 2023, Anti-Symmetric DGN: a stable architecture for Deep Graph Networks,
    arXiv:2210.09789.

    *Differs from the source* not at all; with the number of steps the layer is the whole of its model.
    *Differs from PyG* its default for phi adds self loops. Parameters `W` and `bias` are PyG's, phi's those of the layer.

    *Cost* `num_steps` times that of phi and a product of N x in_features x in_features.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2, 0]), torch.tensor([1, 2, 0, 0]), num_nodes=3)
    >>> layer = AntiSymmetricConv(4, num_steps=2)
    >>> layer(graph, torch.randn(3, 4)).shape
    torch.Size([3, 4])
    """

    def __init__(
        self,
        in_features: int,
        network: nn.Module | None = None,
        *,
        num_steps: int = 1,
        epsilon: float = 0.1,
        gamma: float = 0.1,
        activation: Callable[[Tensor], Tensor] = torch.tanh,
        bias: bool = True,
    ) -> None:
        super().__init__()
        if num_steps < 1:
            raise OptionError(message("AntiSymmetricConv", "`num_steps` of at least 1", str(num_steps)))
        self.in_features, self.num_steps, self.epsilon, self.gamma = in_features, num_steps, epsilon, gamma
        self.activation = activation
        self.phi = GraphConv(in_features, in_features, bias=False) if network is None else network
        self.W = nn.Parameter(torch.empty(in_features, in_features))
        self.bias = nn.Parameter(torch.empty(in_features)) if bias else None
        self._draw()

    def reset_parameters(self) -> None:
        """Draw W as `torch.nn.Linear` does and those of phi as it does; set the bias to 0."""
        self._draw()
        if callable(getattr(self.phi, "reset_parameters", None)):
            self.phi.reset_parameters()  # type: ignore[operator]

    def forward(self, graph: Edges, x: Tensor, edge_weight: Tensor | None = None) -> Tensor:
        """Compute the features of all nodes after the last step."""
        adjacency, x = resolve_square("AntiSymmetricConv", graph, x, self.in_features)
        eye = torch.eye(self.in_features, dtype=self.W.dtype, device=self.W.device)
        matrix = self.W.mT - self.W - self.gamma * eye
        given = () if edge_weight is None else (edge_weight,)
        for _ in range(self.num_steps):
            change = x @ matrix + self.phi(adjacency, x, *given)
            if self.bias is not None:
                change = change + self.bias.to(change.dtype)
            x = x.to(change.dtype) + self.epsilon * self.activation(change)
        return x

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        return (
            f"{self.in_features}, num_steps={self.num_steps}, epsilon={self.epsilon}, gamma={self.gamma}, "
            f"activation={name_of(self.activation)}, bias={self.bias is not None}"
        )

    def _draw(self) -> None:
        nn.init.kaiming_uniform_(self.W, a=5**0.5)
        if self.bias is not None:
            nn.init.zeros_(self.bias)
