"""Neighbours that walks meet most often."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from ...errors import OptionError, message
from .._graph import DGLGraph
from ..convert import heterograph
from ..transforms.functional import to_simple
from .neighbor import select_topk
from .randomwalks import random_walk


class RandomWalkNeighborSampler:
    """For some nodes, give as neighbours those that walks from them meet most often.

    Calling it gives a graph of the nodes at which walks begin: for each of the nodes that are asked for, edges from those
    that were met most often; how often is a column.

    Args:
        G: the graph to walk on.
        num_traversals: how often a walk goes along the path.
        termination_prob: the chance that a walk ends after each time but the last.
        num_random_walks: how many walks from each node.
        num_neighbors: how many neighbours a node has at most.
        metapath: the edge types of the path, which comes back to where it begins; the only type if None.
        weight_column: what the column is called.

    Raises:
        OptionError, FeatureError: if arguments are of another kind or do not fit the graph.

    *Source* Ying and others (2018), Graph Convolutional Neural Networks for Web-Scale Recommender Systems, arXiv 1806.01973.

    >>> import weft.dgl as dgl
    >>> g = dgl.heterograph({("u", "r", "i"): ([0], [0]), ("i", "b", "u"): ([0], [1])})
    >>> part = RandomWalkNeighborSampler(g, 1, 0.0, 3, 2, ["r", "b"])([0])
    >>> part.edges(), part.edata["weights"]
    ((tensor([1]), tensor([0])), tensor([3]))
    """

    def __init__(
        self, G: DGLGraph, num_traversals: int, termination_prob: float, num_random_walks: int, num_neighbors: int,  # noqa: N803
        metapath: Sequence[Any] | None = None, weight_column: str = "weights",
    ) -> None:  # fmt: skip
        where = type(self).__name__
        for option, value in (("num_traversals", num_traversals), ("num_random_walks", num_random_walks)):
            if value < 1:
                raise OptionError(message(where, f"`{option}` of at least 1", str(value)))
        path = [G.to_canonical_etype(name) for name in (G.canonical_etypes if metapath is None else metapath)]
        if metapath is None and len(path) != 1:
            raise OptionError(message(where, "`metapath`, since there are several edge types", "none"))
        if not path or path[0][0] != path[-1][2]:
            raise OptionError(message(where, "a path that comes back to where it begins", str(path)))
        self.G, self.weight_column = G, weight_column
        self.num_random_walks, self.num_neighbors, self.num_traversals = num_random_walks, num_neighbors, num_traversals
        self.ntype, self.metapath_hops, self.full_metapath = path[0][0], len(path), path * num_traversals
        self.restart_prob = torch.zeros(len(self.full_metapath))
        self.restart_prob[len(path) :: len(path)] = termination_prob

    def __call__(self, seed_nodes: Any) -> DGLGraph:
        """The neighbours of some nodes.

        Raises:
            IdError: if there is no such node.
        """
        g = self.G
        starts = g._as_ids(seed_nodes).repeat_interleave(self.num_random_walks)
        paths, _ = random_walk(g, starts, metapath=self.full_metapath, restart_prob=self.restart_prob)
        met = paths[:, self.metapath_hops :: self.metapath_hops]
        starts = paths[:, :1].expand_as(met)
        is_there = met >= 0
        edges = met[is_there], starts[is_there]
        visits = heterograph({(self.ntype, "_E", self.ntype): edges}, {self.ntype: g.num_nodes(self.ntype)})
        return select_topk(to_simple(visits, return_counts=self.weight_column), self.num_neighbors, self.weight_column)


class PinSAGESampler(RandomWalkNeighborSampler):
    """The same for a bipartite graph, with walks from one type of nodes to the other and back.

    Args:
        G: the graph, with one edge type each way.
        ntype: the type of the nodes that are asked for.
        other_type: the type over which walks go.
        num_traversals, termination_prob, num_random_walks, num_neighbors, weight_column: as for `RandomWalkNeighborSampler`.

    >>> import weft.dgl as dgl
    >>> g = dgl.heterograph({("u", "r", "i"): ([0], [0]), ("i", "b", "u"): ([0], [1])})
    >>> PinSAGESampler(g, "u", "i", 1, 0.0, 3, 2)([0]).edges()
    (tensor([1]), tensor([0]))
    """

    def __init__(
        self, G: DGLGraph, ntype: str, other_type: str, num_traversals: int, termination_prob: float,  # noqa: N803
        num_random_walks: int, num_neighbors: int, weight_column: str = "weights",
    ) -> None:  # fmt: skip
        there, back = ([name for name in G.canonical_etypes if (name[0], name[2]) == ends]
                       for ends in ((ntype, other_type), (other_type, ntype)))  # fmt: skip
        if len(there) != 1 or len(back) != 1:
            got = f"{there} and {back}"
            raise OptionError(
                message("PinSAGESampler", f"one edge type from {ntype!r} to {other_type!r}, one back", got)
            )
        super().__init__(
            G, num_traversals, termination_prob, num_random_walks, num_neighbors, [*there, *back], weight_column
        )
