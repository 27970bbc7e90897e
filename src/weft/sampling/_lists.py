"""Blocks of lists of neighbours that were chosen elsewhere."""

import torch
from torch import Tensor

from ..graph import Adjacency, Block, EdgeType
from ..ops import Candidates, Structure, draw_neighbors


def block_of_lists(targets: Tensor, lists: Structure, *, name: EdgeType, num_nodes: int) -> tuple[Block, Tensor]:
    """A block of one type of nodes, in which target i has the edges of list i, and the position of each of its edges.

    *Shapes* `targets: (num_targets,)`, int64, each once; `lists`: a row for each target, of original ids -> positions
    `(num_edges,)`, int64.

    Nodes are numbered targets first, then as lists name them.
    """
    count = targets.shape[0]
    rows = torch.arange(count, device="cpu")
    relation = Candidates(Structure(lists.indptr, lists.source), 0, 1)
    drawn = draw_neighbors([relation], [targets, rows], [[-1]], num_nodes=[num_nodes, count])
    edges = drawn.edges[0][0]
    assert edges.edge_ids is not None, "edges are kept"
    adjacency = Adjacency._sorted_by_target(edges.indptr, edges.source, edges.target, drawn.node_ids[0].shape[0])
    ids = {} if lists.edge is None else {name: lists.edge[edges.edge_ids].long()}
    return Block._trusted({name: adjacency}, {name[0]: drawn.node_ids[0]}, {name[0]: count}, ids), edges.edge_ids
