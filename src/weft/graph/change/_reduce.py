"""Features of edges that become one."""

from collections.abc import Mapping
from typing import Literal, TypeAlias, get_args

from torch import Tensor

from ...errors import check_choice
from ...ops import segment_reduce
from .._feature_set import EdgeSet
from .._naming import EdgeType
from ._edge_sets import checked_names

Reduce: TypeAlias = Literal["sum", "mean", "max", "min", "mul", "var", "std"]
EdgeReduce: TypeAlias = Literal["first", "sum", "mean", "max", "min", "mul", "var", "std"]
"""What becomes of a feature of edges that become one: the row of the first, of any dtype, or a reduction of numbers."""

Reducers: TypeAlias = EdgeReduce | Mapping[str, EdgeReduce]


def checked_reducers(where: str, reduce: Reducers, sets: Mapping[EdgeType, EdgeSet]) -> None:
    """Refuse reducers that do not exist, or are for features that no edges have.

    Raises:
        OptionError: if there is no such reducer or feature.
    """
    if isinstance(reduce, Mapping):
        checked_names(where, "reduce", reduce, sets)
    for word in reduce.values() if isinstance(reduce, Mapping) else [reduce]:
        check_choice(where, "reduce", word, get_args(EdgeReduce))


def reduced(edges: EdgeSet, segments: Tensor, order: Tensor, reduce: Reducers) -> dict[str, Tensor]:
    """The features that are not taken from the first edge: one row for each segment of edges that `order` lists."""
    words = reduce if isinstance(reduce, Mapping) else dict.fromkeys(edges, reduce)
    return {
        name: segment_reduce(segments, edges[name], order, word)
        for name, word in words.items()
        if name in edges and word != "first"
    }
