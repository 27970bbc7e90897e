"""Compression of an edge list: edges grouped by one end, in their order."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from ...errors import DtypeError, OptionError, ShapeError, message
from .._checks import IDS, checked_ids, expect
from .._operator import operator
from .._samples import random_structure


@operator
def coo_to_csc(key: Tensor, other: Tensor, num: int) -> tuple[Tensor, Tensor, Tensor]:
    """Compress an edge list by one of its ends; edges of one node keep their order.

    *Shapes* `key, other: (num_edges,)`, int32 or int64 -> `indptr: (num + 1,)`, int64; the other ends, `(num_edges,)`; the edge
    at each position, `(num_edges,)`, both of the dtype of `key`.

    Raises:
        IdError: if a key is negative or not below `num`.
        ShapeError, DtypeError, OptionError: if arguments do not fit each other.

    *Cost* a counting sort: O(num_edges + num) time and, beyond the result, 8 bytes a node and thread; with more than 131,072
    nodes in two passes, beyond the result 2 bytes an edge.

    >>> import torch
    >>> indptr, other, edge = coo_to_csc(torch.tensor([1, 0, 1]), torch.tensor([7, 8, 9]), 2)
    >>> indptr.tolist(), other.tolist(), edge.tolist()
    ([0, 1, 3], [8, 7, 9], [1, 0, 2])
    """
    key = checked_ids("coo_to_csc", "key", key, num, "nodes").to(other.dtype)
    order = torch.argsort(key, stable=True)
    indptr = torch.zeros(num + 1, dtype=torch.int64, device=key.device)
    indptr = indptr.scatter_add(0, key.long() + 1, torch.ones_like(key, dtype=torch.int64)).cumsum(0)
    return indptr, other[order], order.to(other.dtype)


@coo_to_csc.outputs
def _(key: Tensor, other: Tensor, num: int) -> tuple[Any, tuple[int, ...]]:
    name = "coo_to_csc"
    if key.dtype not in IDS or other.dtype is not key.dtype:
        raise DtypeError(message(name, "`key` and `other` both int32 or both int64", f"{key.dtype} and {other.dtype}"))
    if key.dim() != 1 or other.dim() != 1:
        raise ShapeError(
            message(name, "one-dimensional `key` and `other`", f"{tuple(key.shape)} and {tuple(other.shape)}")
        )
    expect(
        key.shape[0] == other.shape[0],
        lambda: message(name, "as many keys as others", f"{key.shape[0]} and {other.shape[0]}"),
    )
    if isinstance(num, int) and num < 0:
        raise OptionError(message(name, "`num` of at least 0", str(num)))
    edges = key.shape[0]
    made = (key.new_empty(num + 1, dtype=torch.int64), key.new_empty(edges), key.new_empty(edges))
    return made, (edges, num)


coo_to_csc.native(
    "coo_to_csc", passes="key other indptr source edge", dims="num_edges num", value="key", ids="key", dtypes=IDS
)
coo_to_csc.autocast = "none"
coo_to_csc.vendor()


@coo_to_csc.samples
def _() -> Iterator[tuple[Any, ...]]:
    none = torch.empty(0, dtype=torch.int64)
    yield none, none, 0
    yield none.int(), none.int(), 3
    for num, edges, dtype in (
        (5, 40, torch.int64),
        (1, 9, torch.int32),
        (50, 20, torch.int32),
        (30, 40000, torch.int64),
    ):
        rows = random_structure(num, num, edges, seed=num)
        yield rows.source.to(dtype), rows.targets().to(dtype), num
