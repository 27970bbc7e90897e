"""Which rows are worth holding for good."""

from collections.abc import Iterable

import torch
from torch import Tensor

from ..errors import IdError, OptionError, ShapeError, message
from ..graph import Batch, Graph, quoted


def hottest_by_degree(graph: Graph, node_type: str, num_rows: int) -> Tensor:
    """Choose the nodes that most edges leave, over all types of edges that leave their type.

    These are the nodes that samplers meet most often, since nodes draw among the edges that enter them. Of equal nodes the lowest
    ids come first.

    *Shapes* -> `(min(num_rows, num_nodes),)`, int64.

    Raises:
        FeatureError: if there is no such node type.
        OptionError: if `num_rows` is negative.

    >>> hottest_by_degree(Graph([2, 2, 0], [0, 1, 1], 3), "node", 2)
    tensor([2, 0])
    """
    degrees = torch.zeros(graph[node_type].count, dtype=torch.int64, device="cpu")
    for (source, _, _), edges in graph.edge_sets.items():
        if source == node_type:
            degrees += edges.adjacency.out_degrees().to("cpu", torch.int64)
    return hottest_by_counts(degrees, num_rows)


def hottest_by_counts(counts: Tensor, num_rows: int) -> Tensor:
    """Choose the rows with the highest counts; of equal ones the lowest ids come first.

    *Shapes* `counts: (num_rows_of_all,)`, such as `count_nodes` gives -> `(min(num_rows, num_rows_of_all),)`, int64.

    Raises:
        OptionError: if `num_rows` is negative.
        ShapeError: if counts are no list.

    >>> hottest_by_counts(torch.tensor([5, 9, 5, 0]), 3)
    tensor([1, 0, 2])
    """
    if num_rows < 0:
        raise OptionError(message("hottest_by_counts", "`num_rows` of at least 0", str(num_rows)))
    if counts.dim() != 1:
        raise ShapeError(message("hottest_by_counts", "one-dimensional `counts`", str(tuple(counts.shape))))
    return counts.sort(descending=True, stable=True).indices[:num_rows].cpu()


def count_nodes(graph: Graph, batches: Iterable[Batch]) -> dict[str, Tensor]:
    """Count in how many of some batches each node comes along, as a trial of what training will ask for.

    *Shapes* -> for each node type `(num_nodes,)`, int64.

    Raises:
        FeatureError, IdError: if a batch is not of this graph.

    >>> batches = [Batch(seeds={}, node_ids={"node": torch.tensor(ids)}) for ids in ([0, 2], [2])]
    >>> count_nodes(Graph([0], [1], 3), batches)
    {'node': tensor([1, 0, 2])}
    """
    counts = {name: torch.zeros(nodes.count, dtype=torch.int64) for name, nodes in graph.node_sets.items()}
    for batch in batches:
        for name, ids in batch.node_ids.items():
            count = graph[name].count
            found = ids.cpu().long()
            if found.numel() and not 0 <= int(found.min()) <= int(found.max()) < count:
                got = f"{int(found.min())} to {int(found.max())}"
                raise IdError(message("count_nodes", f"nodes {quoted(name)} below {count}", got))
            counts[name] += found.bincount(minlength=count)
    return counts
