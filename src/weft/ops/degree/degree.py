"""Counting of ids: how many edges touch each node."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from ...errors import DtypeError, OptionError, ShapeError, message
from .._checks import IDS, checked_ids
from .._operator import operator
from .._samples import random_structure


@operator
def degree(index: Tensor, num_nodes: int) -> Tensor:
    """Count how often each id occurs.

    *Shapes* `index: (count,)`, int32 or int64 -> `(num_nodes,)`, int64.

    Raises:
        IdError: if an id is negative or not below `num_nodes`.
        ShapeError, DtypeError, OptionError: if arguments are of another kind.

    >>> import torch
    >>> degree(torch.tensor([0, 2, 2]), 4)
    tensor([1, 0, 2, 0])
    """
    ids = checked_ids("degree", "index", index, num_nodes, "nodes")
    return torch.zeros(num_nodes, dtype=torch.int64, device=index.device).scatter_add(0, ids, torch.ones_like(ids))


@degree.outputs
def _(index: Tensor, num_nodes: int) -> tuple[Tensor, tuple[int, ...]]:
    if index.dtype not in IDS:
        raise DtypeError(message("degree", "`index` of int32 or int64", str(index.dtype)))
    if index.dim() != 1:
        raise ShapeError(message("degree", "one-dimensional `index`", str(tuple(index.shape))))
    if isinstance(num_nodes, int) and num_nodes < 0:
        raise OptionError(message("degree", "`num_nodes` of at least 0", str(num_nodes)))
    return index.new_empty(num_nodes, dtype=torch.int64), (index.shape[0], num_nodes)


degree.native("degree", passes="index out", dims="count num_nodes", value="index", ids="index", dtypes=IDS)
degree.autocast = "none"
degree.triton()


@degree.samples
def _() -> Iterator[tuple[Any, ...]]:
    yield torch.empty(0, dtype=torch.int64), 0
    yield torch.empty(0, dtype=torch.int32), 4
    for num, edges, dtype in ((5, 40, torch.int64), (1, 9, torch.int32), (30, 40000, torch.int64)):
        yield random_structure(num, num, edges, seed=num).source.to(dtype), num
