"""What the ready models share: layers of one kind, one after the other, with what stands between them."""

import copy
import functools
import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, fields
from itertools import pairwise
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...errors import OptionError, check_choice, check_probability, message
from ...graph import Block, adjacency_of
from .._arguments import Edges
from .._propagation import normalised_weight
from .._reset import reset_inside
from ..conv import GraphConv
from ._for_each_layer import for_each_layer

Activation = Callable[[Tensor], Tensor]
Norm = Callable[[int], nn.Module]
Jumping = Literal["cat", "max"]
OfEdges = Tensor | Sequence[Tensor]


@dataclass(eq=False, repr=False)
class LayerStack(nn.Module, ABC):
    """Layers of one kind on one graph, or each on its own block: `h = activation(norm(layer(graph, dropout(h))))`.

    A model of one's own says in `make_layer` what its layers are. Options of such a model are fields, if it is a dataclass, too:
    `@dataclass(eq=False, repr=False, kw_only=True)`.

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
        OptionError: in the constructor, if an option does not exist; in the call, if the layers do not know what is given of the
            edges, or need what is not.
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

    in_features: int
    hidden_features: int
    out_features: int
    _: KW_ONLY
    num_layers: int = 3
    dropout: float = 0.0
    norm: Norm | None = None
    residual: bool = False
    jumping: Jumping | None = None
    # Of a factory: as an attribute of the class it would stand before a module of the same name.
    activation: Activation = field(default_factory=lambda: torch.relu)

    def __new__(cls, *sizes: Any, **options: Any) -> Any:
        """Be a module before the options are there, which may be modules."""
        model = super().__new__(cls)
        nn.Module.__init__(model)
        return model

    def __post_init__(self) -> None:
        """Check the options and make the layers."""
        where = type(self).__name__
        check_probability(where, "dropout", self.dropout)
        if self.num_layers < 1:
            raise OptionError(message(where, "`num_layers` of at least 1", str(self.num_layers)))
        if self.jumping is not None:
            check_choice(where, "jumping", self.jumping, ("cat", "max"))
        hidden, num_hidden = self.hidden_features, self.num_layers if self.jumping else self.num_layers - 1
        steps = [self.in_features, *[hidden] * num_hidden, *([] if self.jumping else [self.out_features])]
        self.layers = nn.ModuleList(
            self.make_layer(before, after, at == num_hidden) for at, (before, after) in enumerate(pairwise(steps))
        )
        self.norms = nn.ModuleList([] if self.norm is None else [self.norm(hidden) for _ in range(num_hidden)])
        if self.jumping:
            self.out = nn.Linear(hidden * (self.num_layers if self.jumping == "cat" else 1), self.out_features)
        # What a layer takes by name, and whether it has to be given.
        taken = inspect.signature(self.layers[0].forward).parameters
        self._takes = {name: each.default is each.empty for name, each in taken.items()}

    @abstractmethod
    def make_layer(self, in_features: int, out_features: int, is_last: bool) -> nn.Module:
        """Make a layer, called as layer(graph, x), that gives `out_features` columns."""

    def reset_parameters(self) -> None:
        """Draw all parameters anew."""
        reset_inside(*self.children())

    def forward(
        self,
        graph: Edges | Sequence[Block],
        x: Tensor,
        edge_weight: OfEdges | None = None,
        *,
        edge_features: OfEdges | None = None,
        edge_type: OfEdges | None = None,
    ) -> Tensor:
        """Compute the result of every node, or of the targets of the last block.

        *Shapes* `edge_weight, edge_type: (num_edges,)`, `edge_features: (num_edges, edge_features)`, or with blocks a list of as
        many tensors.
        """
        graphs: Sequence[Edges] = for_each_layer(type(self).__name__, "blocks", graph, self.num_layers)
        given = self._of_edges({"edge_weight": edge_weight, "edge_features": edge_features, "edge_type": edge_type})
        h, kept = x, []
        for at in range(self.num_layers):
            h = self._step(at, self.layers[at], graphs[at], h, {name: values[at] for name, values in given.items()})
            kept.append(h)
        return self._together(graphs[-1], kept) if self.jumping else h

    def _step(self, at: int, layer: nn.Module, graph: Edges, h: Tensor, given: Mapping[str, Tensor]) -> Tensor:
        before = functional.dropout(h, self.dropout, self.training) if at else h
        h = layer(graph, before, **given)
        if at < self.num_layers - 1 or self.jumping:
            h = self.activation(self.norms[at](h) if len(self.norms) else h)
            if self.residual and at:
                h = h + before[: h.shape[0]]
        return h

    def steps(
        self,
        graph: Edges,
        edge_weight: Tensor | None = None,
        *,
        edge_features: Tensor | None = None,
        edge_type: Tensor | None = None,
    ) -> list[Callable[[Edges, Tensor], Tensor]]:
        """The model as functions from a block, or a graph, and features, one for each layer: for `infer_by_layer`.

        Blocks have all edges that enter their targets, and layers count on what the whole graph has of those that leave their
        sources.

        *Shapes* what is given of edges has a row for each edge of the whole graph, of which blocks take theirs by
        `block.edge_ids`.

        >>> import torch
        >>> from weft.graph import Graph
        >>> from weft.nn.models import GraphSAGE
        >>> graph, x = Graph(torch.tensor([0, 1]), torch.tensor([1, 0])), torch.randn(2, 4)
        >>> model = GraphSAGE(4, 8, 2, num_layers=2)
        >>> first, second = model.steps(graph)
        >>> torch.equal(second(graph, first(graph, x)), model(graph, x))
        True
        """
        whole = {"edge_weight": edge_weight, "edge_features": edge_features, "edge_type": edge_type}
        given = {name: value for name, value in whole.items() if value is not None}
        self._of_edges(given)
        steps: list[Callable[[Edges, Tensor], Tensor]] = []
        for at, layer in enumerate(self.layers):
            of_edges = given
            if isinstance(layer, GraphConv) and layer.norm in ("both", "left"):  # counts edges that leave a source
                layer, weight = _with_weights(layer, graph, edge_weight)
                of_edges = {**given, "edge_weight": weight}
            steps.append(functools.partial(self._step_of_whole, at, layer, of_edges))
        return steps

    def _step_of_whole(self, at: int, layer: nn.Module, given: Mapping[str, Tensor], graph: Edges, x: Tensor) -> Tensor:
        """One layer; with `jumping` the outputs of those before it come along in the features."""
        if isinstance(graph, Block):
            (edges,) = graph.edge_ids.values()
            given = {name: value[edges] for name, value in given.items()}
        h = self._step(at, layer, graph, x[:, -self.hidden_features :] if self.jumping and at else x, given)
        if not self.jumping:
            return h
        kept = [h] if at == 0 else [*x[: h.shape[0]].split(self.hidden_features, -1), h]
        return self._together(graph, kept) if at == self.num_layers - 1 else torch.cat(kept, -1)

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        values = {each: getattr(self, each.name) for each in fields(self) if each.name not in ("norm", "activation")}
        return ", ".join(f"{each.name}={value!r}" if each.kw_only else str(value) for each, value in values.items())

    def _together(self, last: Edges, kept: Sequence[Tensor]) -> Tensor:
        """The outputs of all layers for the targets of the last one, which are the first nodes of all before it."""
        count = adjacency_of(last).num_targets
        kept = [h[:count] for h in kept]
        joined = torch.cat(kept, -1) if self.jumping == "cat" else torch.stack(kept).amax(0)
        found: Tensor = self.out(joined)
        return found

    def _of_edges(self, given: Mapping[str, OfEdges | None]) -> dict[str, Sequence[Tensor]]:
        """What there is of each edge, for each layer."""
        where, layer, found = type(self).__name__, type(self.layers[0]).__name__, {}
        for name, value in given.items():
            if value is None:
                if self._takes.get(name, False):
                    raise OptionError(message(where, f"`{name}`, which {layer} needs", "none"))
            elif name not in self._takes:
                raise OptionError(message(where, "what its layers take", f"`{name}`, which {layer} does not know"))
            else:
                found[name] = for_each_layer(where, f"tensors of `{name}`", value, self.num_layers)
        return found


def _with_weights(layer: GraphConv, graph: Edges, edge_weight: Tensor | None) -> tuple[GraphConv, Tensor]:
    """The layer without its norm, over the same parameters, and weights of all edges that do what the norm did."""
    adjacency = adjacency_of(graph)
    ones = torch.ones(adjacency.num_edges, device=adjacency.device)
    weight = normalised_weight(adjacency, ones, layer.norm)
    bare = copy.copy(layer)
    bare.norm = "none"
    return bare, weight if edge_weight is None else weight * edge_weight
