"""Parts of a graph as batches."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, final

import torch
from torch import Tensor

from ..errors import OptionError, ShapeError, message
from ..graph import Batch, Graph, algorithms, as_ids, by_node_type, chosen_ids
from ..ops import Drawing, Draws, coo_to_csc
from ._hops import Hops
from ._plain_sampler import PlainSampler
from ._sampler import Edges, Seeds

PART = "part"


@final
class ClusterSampler(PlainSampler):
    """Take parts of a graph, with all edges between their nodes.

    Seeds are numbers of parts; the seeds of a batch are all nodes of its parts. Batches of several parts, in an order that
    changes, have the edges between parts, too.

    Args:
        graph: of one type or many, on the CPU.
        parts: how many parts to cut the graph into (by `weft.graph.algorithms.partition`, for one type of nodes), or the part of
            each node, by type: whole numbers from 0.
        weight: the name of a feature of edges, of which those of 0 or False are left out.
        keeps_edges: give original ids of edges.

    Raises:
        OptionError, ShapeError, FeatureError, DeviceError: if arguments are of another kind or do not fit each other.

    *Source* Chiang and others (2019), Cluster-GCN: An Efficient Algorithm for Training Deep and Large Graph Convolutional
    Networks, arXiv 1905.07953.

    *Cost* for each batch all edges that enter its nodes; the partition once.

    >>> import weft
    >>> ring = weft.Graph([0, 1, 2, 3], [1, 2, 3, 0])
    >>> sampler = ClusterSampler(ring, torch.tensor([0, 0, 1, 1]))
    >>> sampler.num_parts, sampler.sample([1]).graph
    (2, Graph(2 nodes, 1 edge, on cpu))
    """

    def __init__(
        self, graph: Graph, parts: int | Tensor | Mapping[str, Tensor], *, weight: str | None = None,
        keeps_edges: bool = True,
    ) -> None:  # fmt: skip
        self._graph, how = graph, Drawing(keeps_edges=keeps_edges)
        self._hops = Hops(
            "ClusterSampler", graph, (), how, form="induced", seed=0, weight=weight, time=None, on_devices=True
        )
        if isinstance(parts, int):
            parts = algorithms.partition(graph, parts)
        named = by_node_type("ClusterSampler", "parts", graph, given=parts)
        of_nodes = {
            kind: as_ids(given, "parts", where="ClusterSampler", device="cpu").cpu().long()
            for kind, given in named.items()
        }
        self.num_parts = max((int(each.max()) + 1 for each in of_nodes.values() if each.numel()), default=0)
        self._members = {}
        for kind, each in of_nodes.items():
            count = graph.node_sets[kind].count
            if each.shape != (count,):
                raise ShapeError(
                    message("ClusterSampler", f'a part for each of {count} "{kind}" nodes', str(each.shape[0]))
                )
            if each.numel() and int(each.min()) < 0:
                raise OptionError(message("ClusterSampler", "parts from 0", str(int(each.min()))))
            indptr, nodes, _ = coo_to_csc(each, torch.arange(count, device="cpu"), self.num_parts)
            self._members[kind] = indptr, nodes.to(graph.device)

    def seeds_by_type(self, seeds: Seeds) -> dict[Any, Tensor]:
        """Check numbers of parts, and give them under the name "part"."""
        given = seeds[PART] if isinstance(seeds, Mapping) else seeds
        where, place = "ClusterSampler", torch.device("cpu")
        return {PART: chosen_ids(where, "seeds", given, count=self.num_parts, device=place)}

    def _sample(self, seeds: Mapping[str, Tensor], epoch: int, batch: int, exclude: Edges | None) -> Batch:
        parts = seeds[PART].unique()
        nodes = {}
        for kind, (indptr, members) in self._members.items():
            lists = [members[int(indptr[part]) : int(indptr[part + 1])] for part in parts]
            nodes[kind] = torch.cat([members[:0], *lists]).long()
        piece = self._hops.batch(nodes, Draws(0, epoch, batch), exclude=exclude)
        return replace(piece, seeds={kind: ids for kind, ids in nodes.items() if ids.numel()})
