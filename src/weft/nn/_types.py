"""Types of edges and nodes, as layers on one graph take them."""

import torch
from torch import Tensor

from ..errors import DtypeError, ShapeError, message
from ..graph import Adjacency
from ..ops import degree
from ._arguments import first_rows


def check_types(where: str, name: str, given: Tensor, count: int) -> None:
    """Refuse what is not one integer for each edge or node; operators check whether a type is there.

    Raises:
        ShapeError, DtypeError: if it is not.
    """
    if given.dim() != 1 or given.shape[0] != count:
        raise ShapeError(message(where, f"`{name}` of shape ({count},)", str(tuple(given.shape))))
    if given.is_floating_point() or given.is_complex():
        raise DtypeError(message(where, f"`{name}` as integers", str(given.dtype)))


def as_edge_type(where: str, edge_type: Tensor, adjacency: Adjacency) -> Tensor:
    """Types of the edges, checked, in the dtype of the structures.

    Raises:
        ShapeError, DtypeError: if they are not one integer for each edge.
    """
    check_types(where, "edge_type", edge_type, adjacency.num_edges)
    return types_of(adjacency, edge_type)


def types_of(adjacency: Adjacency, edge_type: Tensor) -> Tensor:
    """Types in the dtype of the structures, as relational operators take them."""
    return edge_type.to(adjacency.by_target.source.dtype)


def typed_targets(adjacency: Adjacency, edge_type: Tensor, num_types: int) -> Tensor:
    """Number of the pair of target and type of every edge: `target * num_types + edge_type`.

    *Shapes* `edge_type: (num_edges,)` -> `(num_edges,)`, int64
    """
    return adjacency.target.long() * num_types + edge_type.long()


def typed_degrees(adjacency: Adjacency, edge_type: Tensor, num_types: int) -> Tensor:
    """For every edge, how many edges of its type enter its target.

    *Shapes* `edge_type: (num_edges,)` -> `(num_edges,)`, int64
    """
    pair = typed_targets(adjacency, edge_type, num_types)
    return degree(pair, adjacency.num_targets * num_types)[pair]


def typed_pairs(adjacency: Adjacency, edge_type: Tensor, num_types: int) -> Adjacency:
    """The same edges between pairs of node and type: node i and type t are number `i * num_types + t` at both ends."""
    source = adjacency.source.long() * num_types + edge_type.long()
    target = typed_targets(adjacency, edge_type, num_types)
    return Adjacency._trusted(source, target, adjacency.num_sources * num_types, adjacency.num_targets * num_types)


def node_type_ends(
    where: str, adjacency: Adjacency, node_type: Tensor | tuple[Tensor, Tensor], is_pair: bool
) -> tuple[Tensor, Tensor]:
    """Types of sources and of targets; of one tensor the first are those of the targets, as with features.

    Args:
        is_pair: whether features come as a pair; types of a bipartite graph then do so too.

    Raises:
        ShapeError, DtypeError: if they do not fit the graph.
    """
    if not isinstance(node_type, tuple):
        if is_pair and adjacency.num_sources != adjacency.num_targets:
            got = f"one tensor for {adjacency.num_sources} sources and {adjacency.num_targets} targets"
            raise ShapeError(message(where, "`node_type` for both ends of a bipartite graph", got, "pass a pair"))
        check_types(where, "node_type", node_type, adjacency.num_sources)
        return node_type, first_rows(node_type, adjacency.num_targets)
    check_types(where, "node_type[0]", node_type[0], adjacency.num_sources)
    check_types(where, "node_type[1]", node_type[1], adjacency.num_targets)
    return node_type


def products_first(adjacency: Adjacency, num_types: int) -> bool:
    """Whether the products of all sources with the matrices of all types are fewer than the edges.

    While compiling or exporting never: a program is for all sizes.
    """
    return not torch.compiler.is_compiling() and adjacency.num_sources * num_types < adjacency.num_edges


def paired_sources(adjacency: Adjacency, edge_type: Tensor, num_types: int) -> Adjacency:
    """The same edges from pairs of source and type, `source * num_types + edge_type`, to targets."""
    source = adjacency.source.long() * num_types + edge_type.long()
    return Adjacency._trusted(source, adjacency.target, adjacency.num_sources * num_types, adjacency.num_targets)
