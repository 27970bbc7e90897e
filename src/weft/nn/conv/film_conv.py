"""Feature-wise linear modulation: the target decides how each feature of its neighbours is scaled and shifted."""

import copy
from typing import Any, final

import torch
from torch import Tensor, nn

from ...errors import OptionError, ShapeError, check_choice, message
from ...graph import Adjacency
from .._aggregate import aggregate
from .._arguments import Edges, Features, Reduce, Sizes, as_pair, resolve_ends
from .._formula import formula
from .._reset import reset_inside
from .._types import as_edge_type

AGGREGATORS = ("sum", "mean", "max")


@final
class FiLMConv(nn.Module):
    """Neighbours by edge type, projected, each feature scaled and shifted as the target says, then relu.

    `out[i] = relu(g_s[i] * (W_s x[i]) + b_s[i]) + sum over types t of reduce over edges e = j -> i of type t of m[e]`

    with m[e] = relu(g_t[i] * (W_t x[j]) + b_t[i]), where [b_t[i], g_t[i]] is a linear map of x[i], or a network's, and
    [b_s[i], g_s[i]] a linear map without bias, or a network's too: a node is its own neighbour by a type of its own.

    *Shapes* `x: (num_nodes, in_features) -> (num_targets, out_features)`, or a pair `(x_source: (num_sources, in_source),
    x_target: (num_targets, in_target))`; `edge_type: (num_edges,)`, integers below num_types, needed if there are several.
    A reduction without edges is 0.

    Args:
        num_types: number of edge types.
        network: a module from in_target to 2 * out_features, of which every type and the node itself get a copy; linear
            maps if None.
        aggregator: "sum", "mean" or "max", for each type.

    Raises:
        OptionError: in the constructor, if the aggregator does not exist or there is no type.
        ShapeError: in the call, if inputs do not fit the graph or the layer, or a type does not exist.

    *Source* Brockschmidt, 2020, GNN-FiLM: Graph Neural Networks with Feature-wise Linear Modulation, arXiv:1906.12192,
    equation 5.

    *Differs from the source* no activation behind the sum; other aggregators.
    *Differs from PyG* the mean is not the default; relu is the only activation. Parameters are PyG's: `lins.T.weight`,
    `films.T.*`, `lin_skip.weight`, `film_skip.*`.

    *Cost* E x 3 out_features reads in one pass over edges that are sorted by target and type, without a tensor of that
    size; N x 3 * num_types x out_features for the projections.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0]), num_nodes=3)
    >>> FiLMConv(4, 2, num_types=2)(graph, torch.randn(3, 4), edge_type=torch.tensor([0, 1, 0])).shape
    torch.Size([3, 2])
    """

    def __init__(
        self,
        in_features: Sizes,
        out_features: int,
        *,
        num_types: int = 1,
        network: nn.Module | None = None,
        aggregator: Reduce = "sum",
    ) -> None:
        super().__init__()
        check_choice("FiLMConv", "aggregator", aggregator, AGGREGATORS)
        if num_types < 1:
            raise OptionError(message("FiLMConv", "`num_types` of at least 1", str(num_types)))
        self.in_features, self.out_features, self.num_types = in_features, out_features, num_types
        self.aggregator = aggregator
        in_source, in_target = as_pair(in_features)
        width = 2 * out_features
        films = [copy.deepcopy(network) if network else nn.Linear(in_target, width) for _ in range(num_types)]
        self.lins = nn.ModuleList([nn.Linear(in_source, out_features, bias=False) for _ in range(num_types)])
        self.films = nn.ModuleList(films)
        self.lin_skip = nn.Linear(in_target, out_features, bias=False)
        self.film_skip = copy.deepcopy(network) if network else nn.Linear(in_target, width, bias=False)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw linear maps as torch does, those of each type anew."""
        reset_inside(*self.lins, *self.films, self.lin_skip, self.film_skip)

    def forward(self, graph: Edges, x: Features, *, edge_type: Tensor | None = None) -> Tensor:
        """Compute the new features of all targets."""
        adjacency, x_source, x_target = resolve_ends("FiLMConv", graph, x, as_pair(self.in_features))
        if x_source.dim() != 2:
            raise ShapeError(message("FiLMConv", "features of two dimensions", str(tuple(x_source.shape))))
        if edge_type is None and self.num_types > 1:
            raise ShapeError(message("FiLMConv", f"`edge_type` for {self.num_types} types", "none"))
        beta, gamma = self.film_skip(x_target).chunk(2, -1)
        out: Tensor = torch.relu(gamma * self.lin_skip(x_target) + beta)
        h = torch.stack([lin(x_source) for lin in self.lins], 1).flatten(0, 1)
        films = torch.stack([film(x_target) for film in self.films], 1).flatten(0, 1)
        beta, gamma = films.chunk(2, -1)
        typed = adjacency
        if edge_type is not None and self.num_types > 1:
            typed = self._by_type(adjacency, as_edge_type("FiLMConv", edge_type, adjacency))
        elif edge_type is not None:
            as_edge_type("FiLMConv", edge_type, adjacency)
        ends: dict[str, Any] = {"source": {"h": h}, "target": {"beta": beta, "gamma": gamma}}
        sums = aggregate(typed, _MODULATED, reduce=self.aggregator, **ends)
        return out + sums.unflatten(0, (-1, self.num_types)).sum(1) if self.num_types > 1 else out + sums

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        return f"{self.in_features}, {self.out_features}, num_types={self.num_types}, aggregator={self.aggregator!r}"

    def _by_type(self, adjacency: Adjacency, edge_type: Tensor) -> Adjacency:
        """The same edges between pairs of a node and a type."""
        count = self.num_types
        if not torch.compiler.is_compiling() and bool(((edge_type < 0) | (edge_type >= count)).any()):
            got = f"{int(edge_type.min())} to {int(edge_type.max())}"
            raise ShapeError(message("FiLMConv", f"types from 0 to {count - 1}", got))
        source, target = (ends.long() * count + edge_type for ends in (adjacency.source, adjacency.target))
        sizes = {"num_sources": adjacency.num_sources * count, "num_targets": adjacency.num_targets * count}
        return Adjacency(source, target, **sizes)


_MODULATED = formula(lambda source, target: torch.relu(target["gamma"] * source["h"] + target["beta"]))
