"""The nodes that matter most to seeds."""

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor

from ..errors import OptionError, message
from ..graph import Graph
from ..ops import Drawing, Draws, push_pagerank, segment_reduce, top_rows
from ._candidates import square_edge_type
from ._hops import Hops
from ._induced_sampler import InducedSampler, Met

_ROUNDS = 2**31 - 1
_ROOM = 2**24  # entries at a time


@final
class PPRSampler(InducedSampler):
    """Take the nodes that matter most to each seed by personalised PageRank, with all edges between them and the seeds.

    A node matters to a seed as much as walks from the seed, against edges, that stop with probability alpha before each step,
    stop there.

    Args:
        graph: of one edge type, on the CPU.
        num_neighbors: how many nodes for each seed, itself not counted; of equal ones the lower id.
        alpha: the probability to stop.
        tolerance: what may be missing of a value for each edge that enters the node.
        weight: the name of a feature of edges, by which walks choose them.
        disjoint: give each seed nodes of its own.
        keeps_edges: give original ids of edges.

    Raises:
        OptionError, FeatureError, DeviceError: if arguments are of another kind or do not fit each other.

    *Source* Bojchevski and others (2020), Scaling Graph Neural Networks with Approximate PageRank, arXiv 2007.01570; Zeng and
    others (2021), arXiv 2201.07858, for induced graphs; Andersen, Chung, Lang (2006), Local Graph Partitioning using PageRank
    Vectors.

    *Cost* for each seed about 1 / (alpha * tolerance) pushes at most; for each batch 24 bytes a node of the graph are cleared.

    >>> import weft
    >>> path = weft.Graph([0, 1, 2, 3], [1, 2, 3, 4])
    >>> PPRSampler(path, num_neighbors=2).sample([4]).node_ids["node"]
    tensor([4, 3, 2])
    """

    def __init__(
        self, graph: Graph, *, num_neighbors: int, alpha: float = 0.15, tolerance: float = 1e-4,
        weight: str | None = None, disjoint: bool = False, keeps_edges: bool = True,
    ) -> None:  # fmt: skip
        if num_neighbors < 1:
            raise OptionError(message("PPRSampler", "`num_neighbors` of at least 1", str(num_neighbors)))
        for option, value in (("alpha", alpha), ("tolerance", tolerance)):
            if not 0 < value < 1:
                raise OptionError(message("PPRSampler", f"`{option}` between 0 and 1", str(value)))
        self._hops = Hops(
            "PPRSampler", graph, (), Drawing(trees=disjoint, keeps_edges=keeps_edges), form="induced", seed=0,
            weight=weight, time=None,
        )  # fmt: skip
        edges = graph.edge_sets[square_edge_type("PPRSampler", graph)]
        indptr, source, edge = edges.adjacency.by_target[:3]
        share = torch.ones(source.shape[0], dtype=torch.float64, device="cpu")
        if weight is not None:
            share = edges[weight].double() if edge is None else edges[weight][edge.long()].double()
        total = segment_reduce(indptr, share, None, "sum")
        share /= total.clamp(min=1e-300).repeat_interleave(indptr.diff(), output_size=source.shape[0])
        limit = tolerance * indptr.diff().clamp(min=1).double()
        self._matrix = indptr, source, share, limit
        self._alpha, self._num_neighbors = alpha, num_neighbors
        self._kind = graph.edge_types[0][0]

    def _meet(self, seeds: Mapping[str, Tensor], draws: Draws, times: Tensor | None) -> dict[str, Met]:
        if set(seeds) - {self._kind}:
            raise OptionError(message("PPRSampler", f'seeds of the type "{self._kind}"', str([*seeds])))
        left, nodes, places, begin = seeds[self._kind], [], [], 0
        num_nodes = self._matrix[0].shape[0] - 1
        room = max(num_nodes, min(_ROOM, left.shape[0] * num_nodes))
        while left.shape[0]:
            kept, node, indptr = push_pagerank(*self._matrix, left, self._alpha, _ROUNDS, room)
            done = int((indptr.diff() > 0).sum())  # rows that are there have an entry
            indptr, total = indptr[: done + 1], int(indptr[done])
            row = torch.repeat_interleave(indptr.diff(), output_size=total)
            score = kept[:total].masked_fill(node[:total] == left[row], -1.0)
            _, best = top_rows(indptr, score, self._num_neighbors)
            best = best[score[best] > 0]
            nodes.append(node[best].long())
            places.append(begin + row[best])
            left, begin = left[done:], begin + done
        empty = torch.empty(0, dtype=torch.int64, device="cpu")
        return {self._kind: Met(torch.cat([empty, *nodes]), torch.cat([empty, *places]))}
