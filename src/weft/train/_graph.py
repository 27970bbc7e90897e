"""The edges that a model trains on: both ways, with self loops, normalised, as its layers want them."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..graph import Adjacency
from ..tables import EdgeTable
from ._options import TrainOptions


@dataclass(frozen=True)
class TrainGraph:
    """The structure for the model and the weight of each of its edges, None if all weigh 1.

    Attributes:
        mirrored: every edge of the table was added the other way round too.
        num_self_loops: self loops that were added to the edges of the table.
    """

    adjacency: Adjacency
    edge_weight: Tensor | None
    mirrored: bool
    num_self_loops: int


def build_graph(edges: EdgeTable, num_nodes: int, *, options: TrainOptions) -> TrainGraph:
    """Make the graph for a layer stack from a table of edges.

    Without `directed` every edge is added the other way round too, unless the table lists all its edges both ways
    already; a self loop stays single. gcn and gat get a self loop at every node that has none. Weights are divided by
    their mean, so that their unit does not matter and a self loop weighs as much as an average edge; for gcn they are
    then divided by the square root of the weighted degrees at both ends, which is what `norm="both"` does with ones.
    """
    source, target = torch.from_numpy(edges.source), torch.from_numpy(edges.target)
    weight = None if edges.weight is None else torch.from_numpy(edges.weight).double()
    if weight is not None and weight.mean() > 0:
        weight = weight / weight.mean()
    mirrored = not options.directed and not is_symmetric(source, target, num_nodes=num_nodes)
    if mirrored:
        plain = source != target
        source, target = torch.cat([source, target[plain]]), torch.cat([target, source[plain]])
        weight = None if weight is None else torch.cat([weight, weight[plain]])
    num_loops = 0
    if options.layer in ("gcn", "gat"):
        bare = torch.ones(num_nodes, dtype=torch.bool)
        bare[source[source == target]] = False
        loops = torch.nonzero(bare).flatten()
        num_loops = loops.numel()
        source, target = torch.cat([source, loops]), torch.cat([target, loops])
        weight = None if weight is None else torch.cat([weight, weight.new_ones(num_loops)])
    if weight is not None and options.layer == "gcn":
        weight = normalised_weight(source, target, weight, num_nodes=num_nodes)
    return TrainGraph(
        adjacency=Adjacency(source, target, num_sources=num_nodes, num_targets=num_nodes),
        edge_weight=None if weight is None else weight.float(),
        mirrored=mirrored,
        num_self_loops=num_loops,
    )


def is_symmetric(source: Tensor, target: Tensor, *, num_nodes: int) -> bool:
    """Tell whether every edge occurs as often as the same edge the other way round.

    Example:
        >>> is_symmetric(torch.tensor([0, 1, 2]), torch.tensor([1, 0, 2]), num_nodes=3)
        True
    """
    forward = (source * num_nodes + target).sort().values
    backward = (target * num_nodes + source).sort().values
    return bool(torch.equal(forward, backward))


def normalised_weight(source: Tensor, target: Tensor, weight: Tensor, *, num_nodes: int) -> Tensor:
    """Divide by the square root of the weighted degrees at both ends; an edge between zeros gets 0.

    *Shapes*: source, target, weight: (num_edges,) -> (num_edges,)
    """
    out_degree = weight.new_zeros(num_nodes).index_add(0, source, weight)
    in_degree = weight.new_zeros(num_nodes).index_add(0, target, weight)
    scale = (out_degree[source] * in_degree[target]).sqrt()
    return torch.where(scale > 0, weight / scale, torch.zeros_like(weight))
