"""What layers take, resolved and checked once for all of them."""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from ..errors import ShapeError, message
from ..graph import Adjacency, Block, Graph, adjacency_of

Edges = Graph | Adjacency | Block
Sizes = int | tuple[int, int]
Reduce = Literal["sum", "mean", "max", "min"]
Features = Tensor | tuple[Tensor, Tensor]


def resolve_sources(where: str, graph: Edges, x: Features, width: int, name: str = "x") -> tuple[Adjacency, Tensor]:
    """Adjacency and source features, for layers that do not look at the features of targets.

    Args:
        name: what errors call the features.

    Raises:
        ShapeError: if the features do not fit the graph or the layer.
    """
    adjacency = adjacency_of(graph)
    x_source = x[0] if isinstance(x, tuple) else x
    _check(where, name if x_source is x else f"{name}[0]", x_source, adjacency.num_sources, width)
    return adjacency, x_source


def resolve_ends(
    where: str, graph: Edges, x: Features, widths: tuple[int, int], name: str = "x"
) -> tuple[Adjacency, Tensor, Tensor]:
    """Adjacency, source features and target features; the targets of a block are the first of its sources.

    Args:
        name: what errors call the features.

    Raises:
        ShapeError: if the features do not fit the graph or the layer, or a bipartite graph comes with one tensor.
    """
    adjacency, x_source = resolve_sources(where, graph, x, widths[0], name)
    if isinstance(x, tuple):
        x_target = x[1]
        _check(where, f"{name}[1]", x_target, adjacency.num_targets, widths[1])
    elif _has_targets_among_sources(graph, adjacency):
        x_target = first_rows(x_source, adjacency.num_targets)
    else:
        got = f"one tensor for {adjacency.num_sources} sources and {adjacency.num_targets} targets"
        hint = f"pass ({name}_source, {name}_target), or a Block, whose targets are its first sources"
        raise ShapeError(
            message(where, f"{'features' if name == 'x' else name} for both ends of a bipartite graph", got, hint)
        )
    if x_source.shape[1:-1] != x_target.shape[1:-1] or x_target.shape[-1] != widths[1]:
        got = f"{tuple(x_source.shape)} and {tuple(x_target.shape)}"
        raise ShapeError(
            message(where, f"features of widths {widths[0]} and {widths[1]}, alike between first and last", got)
        )
    return adjacency, x_source, x_target


def first_rows(x: Tensor, count: int) -> Tensor:
    """The first rows of a tensor; all of them are the tensor itself, since the gradient of a slice is one more copy.

    *Shapes* `x: (N, *) -> (count, *)`
    """
    return x if x.shape[0] == count else x[:count]


def drop_features(x: Features, probability: float, training: bool) -> Features:
    """Dropout: one draw for one tensor, two for a pair."""
    if not training or probability == 0:
        return x
    if isinstance(x, tuple):
        return functional.dropout(x[0], probability), functional.dropout(x[1], probability)
    return functional.dropout(x, probability)


def draw_seed(like: Tensor) -> Tensor:
    """A key for operators that drop values at random, drawn from torch's generator.

    *Shapes* -> `()`, int64, on the device of `like`
    """
    return torch.randint(2**63 - 1, (), device=like.device)


def as_pair(sizes: Sizes) -> tuple[int, int]:
    """Width of source and of target features."""
    return (sizes[0], sizes[1]) if isinstance(sizes, tuple) else (sizes, sizes)


def check_edge_weight(where: str, edge_weight: Tensor | None, adjacency: Adjacency) -> None:
    """Refuse weights that are not one number for each edge."""
    if edge_weight is not None and (edge_weight.dim() != 1 or edge_weight.shape[0] != adjacency.num_edges):
        raise ShapeError(
            message(where, f"`edge_weight` of shape ({adjacency.num_edges},)", str(tuple(edge_weight.shape)))
        )


def _has_targets_among_sources(graph: Edges, adjacency: Adjacency) -> bool:
    """Whether target i is source i, so that features of the sources hold those of the targets."""
    if isinstance(graph, Adjacency):
        return adjacency.num_sources == adjacency.num_targets
    first, _, last = next(iter(graph.adjacencies if isinstance(graph, Block) else graph.edge_sets))
    return first == last


def _check(where: str, name: str, x: Tensor, count: int, width: int) -> None:
    if x.dim() < 2 or x.shape[0] != count or x.shape[-1] != width:
        hint = "features have a row for each node, and the layer was made for their width"
        raise ShapeError(message(where, f"`{name}` of shape ({count}, *, {width})", str(tuple(x.shape)), hint))


def width_of(x: Features) -> int:
    """Width of the features, for layers that take any; of a pair, that of the sources."""
    x_source = x[0] if isinstance(x, tuple) else x
    return x_source.shape[-1] if x_source.dim() else 0


def name_of(function: object) -> str:
    """What `extra_repr` calls a function or a module that was given, or None.

    >>> name_of(torch.tanh), name_of(torch.nn.ReLU()), name_of(None)
    ('tanh', 'ReLU', 'None')
    """
    return "None" if function is None else getattr(function, "__name__", type(function).__name__)
