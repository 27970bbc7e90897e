"""What layers on typed graphs share: modules by type, and the ends of each edge type."""

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ...errors import DtypeError, OptionError, ShapeError, message
from ...graph import Adjacency, Block, EdgeType, Graph

Key = str | EdgeType
TypedGraph = Graph | Block
Named = Mapping[str, Tensor]
TypedFeatures = Named | tuple[Named, Named]


class ByType(nn.Module):
    """Modules by node type, edge type or relation; any name will do, also that of a method, or one with a dot."""

    def __init__(self, modules: Mapping[Any, nn.Module]) -> None:
        super().__init__()
        # Not by add_module, which refuses names like "type" and "to".
        for key, module in modules.items():
            self._modules[name_of(key)] = module

    def __getitem__(self, key: Key) -> Any:
        return self._modules[name_of(key)]

    def __contains__(self, key: object) -> bool:
        return name_of(key) in self._modules

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)


def name_of(key: object) -> str:
    """A type as a name in a state dict, which is DGL's: an edge type as Python writes it, and dots as #."""
    return str(key).replace(".", "#")


def adjacencies_of(where: str, graph: TypedGraph) -> dict[EdgeType, Adjacency]:
    """The structure of each edge type.

    Raises:
        DtypeError: if it is neither a Graph nor a Block.
    """
    if isinstance(graph, Block):
        return dict(graph.adjacencies)
    if isinstance(graph, Graph):
        return {name: edges.adjacency for name, edges in graph.edge_sets.items()}
    raise DtypeError(message(where, "a Graph or a Block", type(graph).__name__, "layers of one type take an Adjacency"))


def split_ends(where: str, graph: TypedGraph, x: TypedFeatures) -> tuple[Named, Named]:
    """Features of sources and of targets by node type; the targets of a block are the first of its nodes.

    Raises:
        OptionError: if features do not come by node type.
        ShapeError: if a type has no row for each node.
    """
    pair = x if isinstance(x, tuple) else (x, x)
    if len(pair) != 2 or not all(isinstance(end, Mapping) for end in pair):
        hint = 'name the node types, as in {"user": x}'
        raise OptionError(message(where, "features by node type, or a pair of such mappings", type(x).__name__, hint))
    if not torch.compiler.is_compiling():  # a program would be for these counts alone; layers check in any case
        _check_rows(where, graph, pair[0])
    if isinstance(x, tuple) or isinstance(graph, Graph):
        return pair
    return x, {name: x[name][:count] for name, count in graph.num_targets.items() if name in x}


def _check_rows(where: str, graph: TypedGraph, x: Named) -> None:
    if isinstance(graph, Block):
        counts: Mapping[str, int] = graph.num_sources
    else:
        counts = {name: nodes.count for name, nodes in graph.node_sets.items()}
    for name, features in x.items():
        if name in counts and features.shape[0] != counts[name]:
            expected = f"features of {name!r} with a row for each of {counts[name]} nodes"
            raise ShapeError(message(where, expected, str(tuple(features.shape))))


def num_targets_of(graph: TypedGraph) -> Mapping[str, int]:
    """How many targets each node type has."""
    if isinstance(graph, Block):
        return graph.num_targets
    return {name: nodes.count for name, nodes in graph.node_sets.items()}


def reduce_results(where: str, results: list[Tensor], aggregator: str) -> Tensor:
    """Reduce what the edge types into one node type gave.

    Raises:
        ShapeError: if they are not of one shape.
    """
    if aggregator == "cat":
        return torch.cat(results, -1)
    if any(out.shape != results[0].shape for out in results):
        got = " and ".join(str(tuple(out.shape)) for out in results)
        raise ShapeError(message(where, f'results of one shape for "{aggregator}"', got))
    if aggregator == "stack":
        return torch.stack(results, 1)
    out = results[0]
    for other in results[1:]:
        out = (
            torch.maximum(out, other)
            if aggregator == "max"
            else torch.minimum(out, other)
            if aggregator == "min"
            else out + other
        )
    return out / len(results) if aggregator == "mean" else out
