"""Label propagation among nodes that come one after the other."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from ...errors import DtypeError, OptionError, ShapeError, message
from .._checks import IDS, checked_ids, expect
from .._compressed import check_compressed
from .._operator import operator
from ..cores.core_numbers import sample_neighbors


@operator
def settle_labels(indptr: Tensor, neighbor: Tensor, order: Tensor, rounds: int) -> Tensor:
    """Give each node the label that most of its neighbours have, one node after the other, until none changes.

    Of labels that are equally frequent a node keeps its own, else it takes the one whose first owner came first.

    *Shapes* `indptr: (num_nodes + 1,)`, int64; `neighbor: (num_edges,)` and `order: (num_nodes,)`, a permutation of the nodes,
    both int32 or both int64 -> labels, `(num_nodes,)`, int64: the turn of the node that had it first.

    Args:
        rounds: at most so many rounds over all nodes.

    Raises:
        ShapeError, DtypeError, OptionError, StructureError: if arguments do not fit each other.
        IdError: if a neighbour or a node in `order` is not below the number of nodes.

    *Source* Raghavan, Albert, Kumara (2007), Near linear time algorithm to detect community structures in large-scale
    networks, arXiv 0709.2938.

    *Cost* reads the edges once a round, on one thread; 12 or 20 bytes a node.

    >>> import torch
    >>> settle_labels(torch.tensor([0, 1, 2, 3, 4]), torch.tensor([1, 0, 3, 2]), torch.tensor([3, 2, 1, 0]), 9)
    tensor([3, 3, 1, 1])
    """
    num = indptr.shape[0] - 1
    around = checked_ids("settle_labels", "neighbor", neighbor, num, "nodes").tolist()
    begins = indptr.tolist()
    turns = checked_ids("settle_labels", "order", order, num, "nodes").tolist()
    label = [0] * num
    for turn, node in enumerate(turns):
        label[node] = turn
    for _ in range(rounds):
        before = list(label)
        for node in turns:
            counts = Counter(label[other] for other in around[begins[node] : begins[node + 1]])
            most = max(counts.values(), default=0)
            if most and counts[label[node]] < most:
                label[node] = min(other for other, count in counts.items() if count == most)
        if label == before:
            break
    return torch.tensor(label, dtype=torch.int64, device=neighbor.device)


def check_stream(name: str, indptr: Tensor, neighbor: Tensor, order: Tensor) -> None:
    """Refuse neighbours and an order of nodes that do not fit each other."""
    check_compressed(name, "", indptr, neighbor)
    if order.dtype is not neighbor.dtype:
        raise DtypeError(message(name, f"`order` of {neighbor.dtype}, as `neighbor`", str(order.dtype)))
    if order.dim() != 1:
        raise ShapeError(message(name, "one-dimensional `order`", str(tuple(order.shape))))
    num = indptr.shape[0] - 1
    expect(order.shape[0] == num, lambda: message(name, f"`order` of {num} nodes", str(tuple(order.shape))))


@settle_labels.outputs
def _(indptr: Tensor, neighbor: Tensor, order: Tensor, rounds: int) -> tuple[Tensor, tuple[int, ...]]:
    check_stream("settle_labels", indptr, neighbor, order)
    if isinstance(rounds, int) and rounds < 0:
        raise OptionError(message("settle_labels", "`rounds` of at least 0", str(rounds)))
    num = indptr.shape[0] - 1
    return indptr.new_empty(num), (num, neighbor.shape[0], rounds)


settle_labels.native(
    "settle_labels",
    passes="indptr neighbor order out",
    dims="num_nodes num_edges rounds",
    value="neighbor",
    ids="neighbor",
    dtypes=IDS,
)
settle_labels.autocast = "none"
settle_labels.lacks("triton", issue=8)


@settle_labels.samples
def _() -> Iterator[tuple[Any, ...]]:
    for indptr, neighbor in sample_neighbors():
        order = torch.randperm(indptr.shape[0] - 1, generator=torch.Generator().manual_seed(0)).to(neighbor.dtype)
        for rounds in (1, 20):
            yield indptr, neighbor, order, rounds
