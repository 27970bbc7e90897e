"""What the ready models share: layers of one kind, one after the other, with what stands between them."""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Literal, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...errors import OptionError, ShapeError, check_choice, check_probability, message
from ...graph import Block, adjacency_of
from .._arguments import Edges

Activation = Callable[[Tensor], Tensor]
Norm = Callable[[int], nn.Module]
Jumping = Literal["cat", "max"]
OfEdges = Tensor | Sequence[Tensor]
T = TypeVar("T")


class LayerStack(nn.Module, ABC):
    """Layers of one kind on one graph, or each on its own block: `h = activation(norm(layer(graph, dropout(h))))`.

    A model of one's own says in `make_layer` what its layers are.

    *Shapes* `x: (num_nodes, in_features) -> (num_nodes, out_features)`; a list of blocks, one for each layer, gives a row for
    each target of the last.

    Args:
        num_layers: how many layers; all but the last are `hidden_features` wide.
        dropout: probability of dropping the input of every layer but the first, in training.
        norm: (width) -> a module after every layer but the last, such as `nn.BatchNorm1d`.
        residual: adds the input of a hidden layer to its output.
        jumping: the outputs of all layers, side by side ("cat") or the largest of each column ("max"), go through a linear map.
        activation: of every layer but the last; with `jumping` of all.

    Raises:
        OptionError: in the constructor, if an option does not exist; in the call, if the layers know no edge weights or features.
        ShapeError: in the call, if there are not as many blocks as layers, or features do not fit.

    *Source* of jumping knowledge: Xu et al., 2018, Representation Learning on Graphs with Jumping Knowledge Networks,
    arXiv:1806.03536.

    >>> import torch
    >>> from weft.graph import Graph
    >>> from weft.nn import SAGEConv
    >>> class Pools(LayerStack):
    ...     def make_layer(self, in_features, out_features, is_last):
    ...         return SAGEConv(in_features, out_features, "pool")
    >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0]), num_nodes=3)
    >>> Pools(4, 8, 2, num_layers=2)(graph, torch.randn(3, 4)).shape
    torch.Size([3, 2])
    """

    def __init__(
        self,
        in_features: int,
        hidden_features: int,
        out_features: int,
        *,
        num_layers: int = 3,
        dropout: float = 0.0,
        norm: Norm | None = None,
        residual: bool = False,
        jumping: Jumping | None = None,
        activation: Activation = torch.relu,
    ) -> None:
        super().__init__()
        where = type(self).__name__
        check_probability(where, "dropout", dropout)
        if num_layers < 1:
            raise OptionError(message(where, "`num_layers` of at least 1", str(num_layers)))
        if jumping is not None:
            check_choice(where, "jumping", jumping, ("cat", "max"))
        self.in_features, self.hidden_features, self.out_features = in_features, hidden_features, out_features
        self.num_layers, self.dropout, self.residual = num_layers, dropout, residual
        self.jumping, self.activation = jumping, activation
        steps = [in_features, *[hidden_features] * (num_layers - 1), hidden_features if jumping else out_features]
        self.layers = nn.ModuleList(
            self.make_layer(before, after, at == num_layers - 1 and jumping is None)
            for at, (before, after) in enumerate(pairwise(steps))
        )
        num_hidden = num_layers if jumping else num_layers - 1
        self.norms = nn.ModuleList([] if norm is None else [norm(hidden_features) for _ in range(num_hidden)])
        if jumping:
            self.out = nn.Linear(hidden_features * (num_layers if jumping == "cat" else 1), out_features)
        self._takes = frozenset(inspect.signature(self.layers[0].forward).parameters)

    @abstractmethod
    def make_layer(self, in_features: int, out_features: int, is_last: bool) -> nn.Module:
        """Make a layer, called as layer(graph, x), that gives `out_features` columns."""

    def reset_parameters(self) -> None:
        """Draw all parameters anew."""
        for module in (*self.layers, *self.norms, *([self.out] if self.jumping else [])):
            module.reset_parameters()

    def forward(
        self,
        graph: Edges | Sequence[Block],
        x: Tensor,
        edge_weight: OfEdges | None = None,
        *,
        edge_features: OfEdges | None = None,
    ) -> Tensor:
        """Compute the result of every node, or of the targets of the last block.

        *Shapes* `edge_weight: (num_edges,)`; `edge_features: (num_edges, edge_features)`; with blocks a tensor for each of them.
        """
        graphs: Sequence[Edges] = self._for_each_layer("blocks", graph)
        given = self._of_edges({"edge_weight": edge_weight, "edge_features": edge_features})
        h, kept = x, []
        for at, layer in enumerate(self.layers):
            before = functional.dropout(h, self.dropout, self.training) if at else h
            h = layer(graphs[at], before, **{name: values[at] for name, values in given.items()})
            if at < self.num_layers - 1 or self.jumping:
                h = self.activation(self.norms[at](h) if len(self.norms) else h)
                if self.residual and at:
                    h = h + before[: h.shape[0]]
            kept.append(h)
        return self._together(graphs[-1], kept) if self.jumping else h

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        parts = [str(self.in_features), str(self.hidden_features), str(self.out_features)]
        parts += [f"{name}={getattr(self, name)}" for name in ("num_layers", "dropout", "residual", "jumping")]
        return ", ".join(parts)

    def _together(self, last: Edges, kept: Sequence[Tensor]) -> Tensor:
        """The outputs of all layers for the targets of the last one, which are the first nodes of all before it."""
        count = adjacency_of(last).num_targets
        kept = [h[:count] for h in kept]
        joined = torch.cat(kept, -1) if self.jumping == "cat" else torch.stack(kept).amax(0)
        found: Tensor = self.out(joined)
        return found

    def _of_edges(self, given: Mapping[str, OfEdges | None]) -> dict[str, Sequence[Tensor]]:
        """What there is of each edge, for each layer."""
        found = {}
        for name, value in given.items():
            if value is None:
                continue
            if name not in self._takes:
                got = f"`{name}`, which {type(self.layers[0]).__name__} does not know"
                raise OptionError(message(type(self).__name__, "what its layers take", got))
            found[name] = self._for_each_layer(f"tensors of `{name}`", value)
        return found

    def _for_each_layer(self, what: str, given: T | Sequence[T]) -> Sequence[T]:
        """One value for all layers, or a list with one for each."""
        if not isinstance(given, Sequence):
            return [given] * self.num_layers
        if len(given) != self.num_layers:
            expected = f"{self.num_layers} {what}, one for each layer"
            raise ShapeError(message(type(self).__name__, expected, f"{len(given)} of them"))
        return given
