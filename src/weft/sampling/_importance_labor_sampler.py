"""Neighbours that targets share, of which those that matter to many are drawn more often."""

from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor

from ..errors import OptionError, message
from ..graph import Graph, in_edges
from ..ops import Candidates, Drawing, Draws, Structure, draw_neighbors, segment_reduce, segments_of, weight_sums
from ._candidates import check_sampled, square_edge_type
from ._labor_scales import labor_scales
from ._list_sampler import ListSampler

_ROUNDS = 50  # of importance, if it is asked for until it settles
_SETTLED = 1e-4


@final
class ImportanceLaborSampler(ListSampler):
    """Keep neighbours as `LaborSampler` does, with chances that make the number of nodes as low as it can be.

    `edge (s, t) is kept if r_s < c_t pi_s`, with `sum over s of min(1, c_t pi_s) = fanout`, where in each round
    `pi_s <- pi_s * max over the targets t of s of c_t`, from 1 on

    A batch has blocks, and in `edge_features` the "weight" of each edge, `1 / min(1, c_t pi_s)`, divided by the sum of these over
    the edges of t, so that a weighted sum estimates the mean.

    Args:
        graph: of one edge type between nodes of one type, on the CPU.
        fanouts: how many edges a node keeps in the mean in each hop, from the seeds outward; -1 for all.
        rounds: how often chances are adapted; None until they settle.
        shares_layers: let a node have the same draw in all hops.
        seed: of 64 bits.

    Raises:
        OptionError, DeviceError: if arguments are of another kind or do not fit each other.

    *Source* Balin, Çatalyürek (2023), Layer-Neighbor Sampling, Defusing Neighborhood Explosion in GNNs, arXiv 2210.13339: LABOR-i
    and, without a number of rounds, LABOR-*. Draws have the key that `weft.ops.draw_neighbors` states for "source".

    *Cost* reads all edges of the nodes that draw, once and a few times more for each round.

    >>> import weft
    >>> ring = weft.Graph([0, 1, 2, 3], [1, 2, 3, 0])
    >>> ImportanceLaborSampler(ring, [1], rounds=1).sample([2]).blocks[0].node_ids["node"].tolist()
    [2, 1]
    """

    def __init__(
        self, graph: Graph, fanouts: Sequence[int], *, rounds: int | None = 1, shares_layers: bool = False,
        seed: int = 0,
    ) -> None:  # fmt: skip
        check_sampled("ImportanceLaborSampler", graph, None)
        self._graph, self._fanouts, self._seed = graph, list(fanouts), seed
        self._rounds, self._shares_layers, self._num_layers = rounds, shares_layers, len(self._fanouts)
        self._name = square_edge_type("ImportanceLaborSampler", graph)
        if any(fanout < -1 for fanout in self._fanouts):
            raise OptionError(message("ImportanceLaborSampler", "`fanouts` from -1", str(self._fanouts)))
        if rounds is not None and rounds < 0:
            raise OptionError(message("ImportanceLaborSampler", "`rounds` from 0, or None", str(rounds)))

    def _choose(self, targets: Tensor, draws: Draws, exclude: Tensor | None) -> tuple[Structure, Tensor]:
        """The edges that each target keeps, and what they weigh."""
        fanout, draws = self._fanouts[draws.stream], draws._replace(stream=0) if self._shares_layers else draws
        count, num_nodes = targets.shape[0], self.graph.node_sets[self._name[0]].count
        indptr, source, _, edge = in_edges(self.graph, targets)
        row = torch.arange(count, device="cpu").repeat_interleave(indptr.diff(), output_size=edge.shape[0])
        if exclude is not None:
            stays = ~torch.isin(edge, exclude)
            source, edge, row = source[stays], edge[stays], row[stays]
            indptr, _ = segments_of(row, count)
        importance, scale = self._importance(indptr, source.long(), row, fanout)
        rows = Structure(indptr, source.long())
        kept = draw_neighbors(
            [Candidates(rows, 0, 1, weight_sums(rows, importance))],
            [torch.empty(0, dtype=torch.int64, device="cpu"), torch.arange(count, device="cpu")], [[fanout]],
            num_nodes=[num_nodes, count], draws=draws, how=Drawing("source"),
        ).edges[0][0]  # fmt: skip
        at, into = kept.edge_ids, kept.target.long()
        assert at is not None, "edges are kept"
        weight = (scale[into] * importance[at]).clamp(max=1.0).reciprocal()
        weight = weight / segment_reduce(kept.indptr, weight, None, "sum")[into]
        return Structure(kept.indptr, source[at].long(), edge[at].long()), weight.float()

    def _importance(self, indptr: Tensor, source: Tensor, row: Tensor, fanout: int) -> tuple[Tensor, Tensor]:
        """Pi of the source of each edge, and c of each target."""
        ids, which = source.unique(return_inverse=True)
        importance = torch.ones(ids.shape[0], dtype=torch.float64, device="cpu")
        scale = _scale(indptr, importance[which], fanout)
        before = float("inf")
        for _ in range(_ROUNDS if self._rounds is None else self._rounds):
            most = torch.zeros_like(importance).scatter_reduce_(0, which, scale[row], "amax")
            importance = importance * most
            scale = _scale(indptr, importance[which], fanout)
            expected = float(torch.zeros_like(importance).scatter_reduce_(
                0, which, (scale[row] * importance[which]).clamp(max=1.0), "amax").sum())  # fmt: skip
            if self._rounds is None and expected > (1 - _SETTLED) * before:
                break
            before = expected
        return importance[which], scale


def _scale(indptr: Tensor, importance: Tensor, fanout: int) -> Tensor:
    """For each target the c that makes the chances of its edges add up to the fan-out, or that keeps all where they are few."""
    scale, lowest = labor_scales(indptr, importance, fanout), segment_reduce(indptr, importance, None, "min")
    return scale.where(scale.isfinite(), 1 / lowest.where(lowest > 0, 1.0))
