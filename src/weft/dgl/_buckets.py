"""Reducers of one's own: nodes with as many messages are reduced together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ..graph import Adjacency
from ._frames import Frame
from .udf import NodeBatch, TakenRows

if TYPE_CHECKING:
    from ._graph import DGLGraph


def reduce_by_degree(
    graph: DGLGraph,
    at: int,
    adjacency: Adjacency,
    frame: Frame,
    messages: Mapping[str, Tensor],
    reduce: Callable[[NodeBatch], Mapping[str, Tensor]],
) -> dict[str, Tensor]:
    """Call the function once for each number of messages that nodes have, with a mailbox of all nodes that have it.

    Messages of a node stand in the order of the edges. Nodes without messages are not asked; their rows are 0.
    """
    rows = adjacency.by_target
    degrees, order = rows.indptr.diff().sort(stable=True)
    lengths, counts = degrees.unique_consecutive(return_counts=True)
    ntype, results, asked, begin = graph._types.edges[at][2], [], [], 0
    for degree, count in zip(lengths.tolist(), counts.tolist(), strict=True):
        nodes = order[begin : begin + count]
        begin += count
        if degree == 0:
            continue
        position = (rows.indptr[nodes].unsqueeze(1) + torch.arange(degree, device=nodes.device)).flatten()
        edge = position if rows.edge is None else rows.edge[position].long()
        mailbox = {name: sent[edge].unflatten(0, (count, degree)) for name, sent in messages.items()}
        data = TakenRows(frame, nodes)
        results.append(reduce(NodeBatch(graph, nodes.to(graph.idtype), ntype, data, mailbox)))
        asked.append(nodes)
    if not results:
        return {}
    nodes = torch.cat(asked)
    found = {}
    for name in results[0]:
        given = torch.cat([result[name] for result in results])
        found[name] = given.new_zeros((adjacency.num_targets, *given.shape[1:])).index_put((nodes,), given)
    return found
