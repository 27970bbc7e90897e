"""Equally many nodes of each type, by how many edges lead to them."""

from collections.abc import Mapping, Sequence
from typing import final

import torch
from torch import Tensor

from ..errors import OptionError, message
from ..graph import Graph, by_node_type, in_edges
from ..ops import Drawing, Draws, draw_rows, list_sums
from ._hops import Hops
from ._induced_sampler import InducedSampler, Met


@final
class HGTSampler(InducedSampler):
    """Draw in each layer a number of nodes of each type, those to which many edges of the nodes before lead.

    `chance of s in a layer ~ (sum over edges (s, t), t chosen before, of 1 / edges of that type that enter t)^2`

    A batch is the graph of all edges between the nodes that were chosen, so that rare types are there as often as common ones.

    Args:
        graph: of many types, on the CPU.
        sizes: for each layer, from the seeds outward, how many nodes of each type, or a mapping from types to numbers.
        keeps_edges: give original ids of edges.
        seed: of 64 bits.

    Raises:
        OptionError, FeatureError, DeviceError: if arguments are of another kind or do not fit each other.

    *Source* Hu, Dong, Wang, Sun (2020), Heterogeneous Graph Transformer, arXiv 2003.01332, algorithm 1. Nodes of a layer are
    drawn by `weft.ops.draw_rows`, in the stream layer * number of types + type.

    *Cost* all edges that enter a node that was chosen.

    >>> import weft
    >>> graph = weft.Graph({("user", "rates", "item"): ([0, 1, 2], [0, 0, 0])})
    >>> HGTSampler(graph, [2]).sample({"item": [0]}).graph["rates"].count
    2
    """

    def __init__(
        self, graph: Graph, sizes: Sequence[int | Mapping[str, int]], *, keeps_edges: bool = True, seed: int = 0
    ) -> None:
        how = Drawing(keeps_edges=keeps_edges)
        self._hops = Hops("HGTSampler", graph, (), how, form="induced", seed=seed, weight=None, time=None)
        self._sizes: list[dict[str, int]] = []
        for of_layer in sizes:
            given = of_layer if isinstance(of_layer, Mapping) else dict.fromkeys(graph.node_types, of_layer)
            self._sizes.append(by_node_type("HGTSampler", "sizes", graph, given=given))
        lowest = min((size for of_layer in self._sizes for size in of_layer.values()), default=0)
        if lowest < 0:
            raise OptionError(message("HGTSampler", "`sizes` from 0", str(lowest)))

    def _meet(self, seeds: Mapping[str, Tensor], draws: Draws, times: Tensor | None) -> dict[str, Met]:
        graph, kinds = self.graph, self.graph.node_types
        nobody = torch.empty(0, dtype=torch.int64, device="cpu")
        chosen = {kind: seeds.get(kind, nobody).unique() for kind in kinds}
        fresh, met = dict(chosen), {kind: [chosen[kind][:0]] for kind in kinds}
        budget = {kind: (chosen[kind][:0], torch.empty(0, dtype=torch.float64, device="cpu")) for kind in kinds}
        for layer, sizes in enumerate(self._sizes):
            for name in graph.edge_types:
                found = in_edges(graph, fresh[name[2]], edge_type=name)
                degree = found.indptr.diff()
                share = degree.double().reciprocal().repeat_interleave(degree)
                ids, scores = budget[name[0]]
                budget[name[0]] = torch.cat((ids, found.source.long())), torch.cat((scores, share))
            for at, kind in enumerate(kinds):
                ids, which = budget[kind][0].unique(return_inverse=True)
                score = torch.zeros(ids.shape[0], dtype=torch.float64, device="cpu").index_add_(
                    0, which, budget[kind][1]
                )
                is_new = ~torch.isin(ids, chosen[kind])
                ids, score = ids[is_new], score[is_new]
                picked = draw_rows(
                    ids.shape[0], sizes.get(kind, 0), sums=list_sums(score * score),
                    draws=draws._replace(stream=layer * len(kinds) + at),
                )  # fmt: skip
                fresh[kind], budget[kind] = ids[picked], (ids, score)
                met[kind].append(fresh[kind])
                chosen[kind] = torch.cat((chosen[kind], fresh[kind]))
        return {kind: Met(torch.cat(lists)) for kind, lists in met.items()}
