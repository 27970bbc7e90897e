"""Neighbours, of which so many a hop stay."""

from collections.abc import Mapping, Sequence
from typing import final

import torch
from torch import Tensor

from ..errors import OptionError, message
from ..graph import Graph
from ..ops import Drawing, Draws, draw_rows, list_sums, split_by_list
from ._hops import Fanout, Form, Hops
from ._induced_sampler import InducedSampler, Met


@final
class CappedSampler(InducedSampler):
    """Draw neighbours hop after hop, keep at most so many new nodes in each, and take all edges between them and the seeds.

    Args:
        graph: of one type or many, on the CPU.
        fanouts: as for `NeighborSampler`.
        most_nodes: how many new nodes of all types together stay in a hop.
        lifts_rare_types: draw a type as often as the square root of the number of its nodes, not as that number.
        replace: let a node draw an edge several times, so that fewer neighbours are met.
        weight: the name of a feature of edges, as for `NeighborSampler`.
        keeps_edges: give original ids of edges.
        seed: of 64 bits.

    Raises:
        OptionError, FeatureError, DeviceError: if arguments are of another kind or do not fit each other.

    *Source* DGL's CappedNeighborSampler, by what it does. Hop h draws neighbours in the streams from h * (number of edge types +
    1) on, and those that stay in the last of them.

    *Cost* that of the hops, and all edges that enter a node that stays.

    >>> import weft
    >>> star = weft.Graph([1, 2, 3, 4], [0, 0, 0, 0])
    >>> CappedSampler(star, [-1], most_nodes=2).sample([0]).graph
    Graph(3 nodes, 2 edges, on cpu)
    """

    def __init__(
        self, graph: Graph, fanouts: Sequence[Fanout], *, most_nodes: int, lifts_rare_types: bool = False,
        replace: bool = False, weight: str | None = None, keeps_edges: bool = True, seed: int = 0,
    ) -> None:  # fmt: skip
        if most_nodes < 1:
            raise OptionError(message("CappedSampler", "`most_nodes` of at least 1", str(most_nodes)))
        self._most_nodes, self._lifts_rare_types = most_nodes, lifts_rare_types

        def hops(fanouts: Sequence[Fanout], how: Drawing, form: Form) -> Hops:
            return Hops(
                "CappedSampler", graph, fanouts, how, form=form, seed=seed, weight=weight, time=None, on_devices=True
            )

        self._hops = hops((), Drawing(keeps_edges=keeps_edges), "induced")
        drawing = Drawing(replace=replace, keeps_edges=False)
        self._hop_by_hop = [hops([fanout], drawing, "graph") for fanout in fanouts]

    def _meet(self, seeds: Mapping[str, Tensor], draws: Draws, times: Tensor | None) -> dict[str, Met]:
        kinds = self.graph.node_types
        last = len(self.graph.edge_types)
        nobody = torch.empty(0, dtype=torch.int64, device=self.graph.device)
        chosen = {kind: seeds.get(kind, nobody).unique() for kind in kinds}
        fresh, met = dict(chosen), {kind: [chosen[kind][:0]] for kind in kinds}
        for at, hop in enumerate(self._hop_by_hop):
            stream = at * (last + 1)
            found = hop.batch(fresh, draws._replace(stream=stream)).node_ids
            new = {kind: ids[~torch.isin(ids, chosen[kind])] for kind, ids in found.items()}
            kept = self._kept([new[kind].shape[0] for kind in kinds], draws._replace(stream=stream + last))
            for kind, mine in zip(kinds, split_by_list(kept, [new[kind].shape[0] for kind in kinds]), strict=True):
                fresh[kind] = new[kind][mine]
                met[kind].append(fresh[kind])
                chosen[kind] = torch.cat((chosen[kind], fresh[kind]))
        return {kind: Met(torch.cat(lists)) for kind, lists in met.items()}

    def _kept(self, counts: Sequence[int], draws: Draws) -> Tensor:
        """Which of the new nodes stay, all types one after the other."""
        number, sums = sum(counts), None
        if self._lifts_rare_types:
            sizes = torch.tensor(counts, device="cpu")
            sums = list_sums(sizes.double().sqrt().reciprocal().repeat_interleave(sizes))
        return draw_rows(number, self._most_nodes, sums=sums, draws=draws).to(self.graph.device)
