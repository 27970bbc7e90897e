"""Types of edges and nodes, as layers on one graph take them."""

from torch import Tensor

from ..errors import DtypeError, ShapeError, message
from ..graph import Adjacency
from ..ops import degree


def check_types(where: str, name: str, given: Tensor, count: int) -> None:
    """Refuse what is not one integer for each edge or node; operators check whether a type is there.

    Raises:
        ShapeError, DtypeError: if it is not.
    """
    if given.dim() != 1 or given.shape[0] != count:
        raise ShapeError(message(where, f"`{name}` of shape ({count},)", str(tuple(given.shape))))
    if given.is_floating_point() or given.is_complex():
        raise DtypeError(message(where, f"`{name}` as integers", str(given.dtype)))


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
