"""A model for one type of nodes and edges, made for many."""

import copy
import inspect
from collections.abc import Iterable, Mapping
from typing import Any, final

import torch
from torch import nn

from ...errors import OptionError, check_choice, message
from ...graph import Adjacency, EdgeType
from ._typed_values import TypedValues, by_type
from .by_type import ByType, TypedFeatures, TypedGraph, adjacencies_of, num_targets_of, reduce_results, split_ends

ACROSS = ("sum", "mean", "max", "min")


@final
class Heterogeneous(nn.Module):
    """A model for one type that runs on typed graphs, a copy of each layer for each edge type: what `to_hetero` makes.

    `out[t] = reduce over edge types r = (s, name, t) of layer[r](edges of r, x[s], x[t])` in place of each layer

    *Shapes* `(graph, {node type: x}) -> {node type: what the model gives}`; a tuple of results becomes a tuple of mappings.

    *Source* Schlichtkrull, Kipf, Bloem, van den Berg, Titov and Welling, 2017, Modeling Relational Data with Graph
    Convolutional Networks, arXiv:1703.06103, equation 2, of which this is the general form.

    *Differs from the source* any model.
    *Differs from PyG* nothing is traced: the model's own forward runs, on values that act type by type, so that loops and
    branches are free. Node types that no edge enters keep a result, that of a node without edges.

    *Cost* that of the model for each edge type.

    >>> import torch
    >>> from weft.graph import Graph
    >>> from weft.nn import SAGEConv
    >>> graph = Graph({("user", "buys", "item"): ([0, 1], [2, 0])})
    >>> to_hetero(SAGEConv(4, 2), graph.edge_types)(graph, {"user": torch.ones(2, 4), "item": torch.ones(3, 4)})["item"].shape
    torch.Size([3, 2])
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, graph: Any, x: TypedFeatures, inputs: Mapping[str, Any] | None = None) -> Any:
        """Compute what the model gives for every type.

        Args:
            graph: a typed graph or block, or whatever the model takes in its place, as a list of blocks.
            inputs: further arguments of the model by name; a mapping is taken for tensors by node type or edge type, as in
                `{"edge_weight": {("user", "buys", "item"): w}}`.
        """
        if not isinstance(x, Mapping):
            hint = 'name the node types, as in {"user": x}'
            raise OptionError(message("to_hetero", "features by node type", type(x).__name__, hint))
        given = {
            name: TypedValues(each) if isinstance(each, Mapping) else each for name, each in (inputs or {}).items()
        }
        return _unwrapped(self.module(graph, TypedValues(x), **given))


def to_hetero(
    module: nn.Module, edge_types: Iterable[EdgeType], *, node_types: Iterable[str] = (), aggregator: str = "sum"
) -> Heterogeneous:
    """Make a model for one type of nodes and edges run on typed graphs.

    Each layer that takes a graph becomes one copy for each edge type, of which the results are reduced for each target
    type; each other module with parameters or buffers becomes one copy for each node type. Parameters that the model itself
    holds are shared. The copies are drawn anew. The model's forward is not traced or rewritten: it runs as it is, with
    values that act as tensors type by type, under functions, methods and operators of torch.

    Args:
        module: takes (graph, x), or also further tensors by name, and hands the graph to its layers; it stays as it is.
        edge_types: those of the graphs to come; one that a graph does not have is passed over.
        node_types: further node types, without edges.
        aggregator: "sum", "mean", "max" or "min".

    Raises:
        OptionError: if there are no edge types or no such reduction; in the call, if the model asks for sizes or truth
            values of features, which are not those of one tensor.

    *Source* Schlichtkrull and others, 2017, Modeling Relational Data with Graph Convolutional Networks,
    arXiv:1703.06103, equation 2.

    >>> import torch
    >>> from weft.graph import Graph
    >>> from weft.nn import GATConv, SAGEConv
    >>> class Model(torch.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.first, self.last, self.norm = SAGEConv(4, 8), GATConv(8, 2, 1), torch.nn.BatchNorm1d(8)
    ...     def forward(self, graph, x):
    ...         return self.last(graph, torch.relu(self.norm(self.first(graph, x))))
    >>> graph = Graph({("user", "buys", "item"): ([0, 1], [2, 0]), ("item", "of", "user"): ([2, 0], [0, 1])})
    >>> model = to_hetero(Model(), graph.edge_types)
    >>> model(graph, {"user": torch.randn(2, 4), "item": torch.randn(3, 4)})["user"].shape
    torch.Size([2, 2])
    """
    check_choice("to_hetero", "aggregator", aggregator, ACROSS)
    edges = tuple(edge_types)
    if not edges:
        raise OptionError(message("to_hetero", "edge types", "none"))
    nodes = tuple(dict.fromkeys([*(name[end] for name in edges for end in (0, 2)), *node_types]))
    return Heterogeneous(_converted(copy.deepcopy(module), edges, nodes, aggregator, {}))


class LayerByEdgeType(nn.Module):
    """A copy of a layer for each edge type, and one for each node type that none enters."""

    def __init__(
        self, layer: nn.Module, edge_types: tuple[EdgeType, ...], node_types: tuple[str, ...], how: str
    ) -> None:
        super().__init__()
        entered = {name[2] for name in edge_types}
        lonely = [(name, "no edge", name) for name in node_types if name not in entered]
        self.edge_types, self.aggregator = (*edge_types, *lonely), how
        self.copies = ByType({name: fresh(layer) for name in self.edge_types})

    def forward(self, graph: TypedGraph, x: Any, *args: Any, **kwargs: Any) -> Any:
        """Reduce what the copies give, for every node type with features."""
        sources, targets = split_ends("to_hetero", graph, _features(x))
        adjacencies, counts = adjacencies_of("to_hetero", graph), num_targets_of(graph)
        found: dict[str, list[Any]] = {}
        for name in self.edge_types:
            if name in adjacencies and name[0] in sources and name[2] in targets:
                found.setdefault(name[2], []).append(
                    self._run(name, adjacencies[name], (sources, targets), args, kwargs)
                )
        for name in self.edge_types:  # a type that no edge enters has the result of nodes without edges
            if name[2] in targets and name[2] in counts and name[2] not in found and name[0] in sources:
                none = torch.empty(0, dtype=torch.int64, device=targets[name[2]].device)
                adjacency = Adjacency._trusted(none, none, sources[name[0]].shape[0], targets[name[2]].shape[0])
                found[name[2]] = [self._run(name, adjacency, (sources, targets), args, kwargs)]
        return _joined({name: _reduced(results, self.aggregator) for name, results in found.items()})

    def _run(
        self, name: EdgeType, adjacency: Adjacency, x: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Any:
        given = [_at_edges(name, each, adjacency) for each in args]
        named = {key: _at_edges(name, each, adjacency) for key, each in kwargs.items()}
        source, target = x[0][name[0]], x[1][name[2]]
        return self.copies[name](adjacency, source if source is target else (source, target), *given, **named)


class ModuleByNodeType(nn.Module):
    """A copy of a module that takes no graph for each node type."""

    def __init__(self, module: nn.Module, node_types: tuple[str, ...]) -> None:
        super().__init__()
        self.copies = ByType({name: fresh(module) for name in node_types})

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Run the copy of every type on what belongs to it."""
        keys = TypedValues({name: name for name in self.copies})
        return by_type(lambda name, *rest, **named: self.copies[name](*rest, **named), (keys, *args), kwargs)


def fresh(module: nn.Module) -> nn.Module:
    """Copy a module and draw its parameters anew."""
    made = copy.deepcopy(module)
    for each in made.modules():
        reset: Any = getattr(each, "reset_parameters", None)
        if callable(reset):
            reset()
    return made


def _converted(
    module: nn.Module, edges: tuple[EdgeType, ...], nodes: tuple[str, ...], how: str, done: dict[int, nn.Module]
) -> nn.Module:
    """The module with its layers replaced; one that stands in several places is replaced once."""
    if id(module) in done:
        return done[id(module)]
    if _is_layer(module):
        made: nn.Module = LayerByEdgeType(module, edges, nodes, how)
    elif isinstance(module, (nn.ModuleList, nn.ModuleDict)) or any(map(_is_layer, module.modules())):
        # Not named_children, which gives a module that stands in two places once.
        for name, child in module._modules.items():
            module._modules[name] = None if child is None else _converted(child, edges, nodes, how, done)
        made = module
    else:
        has_state = next(module.parameters(), next(module.buffers(), None)) is not None
        made = ModuleByNodeType(module, nodes) if has_state else module
    done[id(module)] = made
    return made


def _is_layer(module: nn.Module) -> bool:
    """Whether it takes a graph and has nothing inside that does."""
    return _takes_graph(module) and not any(_takes_graph(each) for each in module.modules() if each is not module)


def _takes_graph(module: nn.Module) -> bool:
    return "graph" in inspect.signature(module.forward).parameters


def _features(x: Any) -> Any:
    if isinstance(x, TypedValues):
        return x.values
    if isinstance(x, tuple) and all(isinstance(end, TypedValues) for end in x):
        return tuple(end.values for end in x)
    raise OptionError(message("to_hetero", "features that come from those of the call", type(x).__name__))


def _at_edges(name: EdgeType, value: Any, adjacency: Adjacency) -> Any:
    """What a further argument is for one edge type: values of its edges, or of both of its ends."""
    if not isinstance(value, TypedValues):
        return value
    if name in value.values:
        each = value.values[name]
        return each if each.shape[0] == adjacency.num_edges else each[:0]
    if name[0] in value.values and name[2] in value.values:
        source, target = value.values[name[0]], value.values[name[2]]
        return source if source is target else (source, target)
    return None


def _reduced(results: list[Any], how: str) -> Any:
    if isinstance(results[0], tuple):
        return tuple(reduce_results("to_hetero", list(parts), how) for parts in zip(*results, strict=True))
    return reduce_results("to_hetero", results, how)


def _joined(found: dict[str, Any]) -> Any:
    first = next(iter(found.values()), None)
    if isinstance(first, tuple):
        return tuple(TypedValues({name: value[at] for name, value in found.items()}) for at in range(len(first)))
    return TypedValues(found)


def _unwrapped(value: Any) -> Any:
    if isinstance(value, TypedValues):
        return value.values
    if isinstance(value, (tuple, list)):
        return type(value)([_unwrapped(each) for each in value])
    return value
