"""Neighbours that walks meet most often."""

from typing import final

import torch
from torch import Tensor

from ..errors import OptionError, message
from ..graph import EdgeType
from ..ops import Draws, Structure, coalesce, segment_reduce, top_rows
from ._candidates import check_sampled
from ._list_sampler import ListSampler
from ._random_walks import RandomWalks


@final
class PinSAGESampler(ListSampler):
    """Take as neighbours of a node those that walks from it meet most often, with the share of the visits as weight.

    `weight of (s, t) = visits of s by the walks from t / visits of all neighbours of t that are kept`

    A batch has blocks of nodes of the type at which walks begin, and in `edge_features` the "weight" of their edges.

    Args:
        walks: how the walks go; where their steps lead to other types, those nodes are not counted.
        num_neighbors: how many neighbours a node has at most; of equally many visits the lower id comes first.
        num_walks: how many walks from each node.
        num_layers: how many blocks.
        loops: whether a node is its own neighbour, when walks come back.

    Raises:
        OptionError: if a number is too low, or walks know times.

    *Source* Ying and others (2018), Graph Convolutional Neural Networks for Web-Scale Recommender Systems, arXiv 1806.01973,
    section 3.1.

    *Cost* that of the walks, and sorting their visits.

    >>> import weft
    >>> ring = weft.Graph([0, 1, 2, 3], [1, 2, 3, 0])
    >>> batch = PinSAGESampler(RandomWalks(ring, 2), num_neighbors=5, num_walks=4).sample([2])
    >>> batch.blocks[0].node_ids["node"], batch.edge_features[0]["node", "visits", "node"]["weight"]
    (tensor([2, 0, 3]), tensor([0.5000, 0.5000]))
    """

    def __init__(
        self, walks: RandomWalks, *, num_neighbors: int, num_walks: int, num_layers: int = 1, loops: bool = False
    ) -> None:
        for option, value in (("num_neighbors", num_neighbors), ("num_walks", num_walks), ("num_layers", num_layers)):
            if value < 1:
                raise OptionError(message("PinSAGESampler", f"`{option}` of at least 1", str(value)))
        check_sampled("PinSAGESampler", walks.graph, None, on_devices=True)
        if walks.timed:
            raise OptionError(message("PinSAGESampler", "walks without times, since visits count alike", "times"))
        kind = walks.node_types[0]
        self._places = [at for at, each in enumerate(walks.node_types) if at and each == kind]
        if not self._places:
            raise OptionError(message("PinSAGESampler", f'walks that come back to "{kind}"', str(walks.node_types)))
        self._graph, self._walks, self._num_neighbors, self._num_walks = walks.graph, walks, num_neighbors, num_walks
        self._num_layers, self._loops = num_layers, loops
        self._name: EdgeType = (kind, "visits", kind)

    def _choose(self, targets: Tensor, draws: Draws, exclude: Tensor | None) -> tuple[Structure, Tensor]:
        """For each target the nodes that its walks meet most often, and their shares."""
        count, num_nodes = targets.shape[0], self.graph.node_sets[self._name[0]].count
        starts = targets.repeat_interleave(self._num_walks)
        visited = self._walks.draw(starts, epoch=draws.epoch, batch=draws.batch, stream=draws.stream).nodes[
            :, self._places
        ]
        numbers = torch.arange(count, device=targets.device)
        row = numbers.repeat_interleave(self._num_walks)[:, None].expand_as(visited)
        counts = (visited >= 0) if self._loops else (visited >= 0) & (visited != targets[row])
        row, node = row[counts], visited[counts]
        once = torch.ones(node.shape[0], device=node.device)
        visits = coalesce(row, node, once, num_rows=count, num_columns=num_nodes)
        matrix = visits.matrix
        assert matrix.value is not None, "visits are values"
        indptr, best = top_rows(matrix.indptr, matrix.value, self._num_neighbors)
        kept = matrix.value[best]
        row = numbers.repeat_interleave(indptr.diff())
        return Structure(indptr, matrix.column[best]), kept / segment_reduce(indptr, kept, None, "sum")[row]
