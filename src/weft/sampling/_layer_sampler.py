"""A number of nodes for each layer, which all targets share."""

from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor

from ..errors import OptionError, message
from ..graph import Graph, in_edges
from ..ops import Draws, Structure, draw_rows, list_sums, segment_reduce
from ._candidates import check_sampled, square_edge_type
from ._list_sampler import ListSampler


@final
class LayerSampler(ListSampler):
    """Draw for each layer a number of sources, by how much they matter to all of its targets.

    `chance of s ~ sum over edges (s, t) of a_ts^2`, with `a_ts = weight of the edge / weights of all edges that enter t`

    A batch has blocks, with the edges from the sources that were drawn, and in `edge_features` the "weight" of each:
    `a_ts / (size * chance of s)`, divided by the sum of these over the edges of t, so that a weighted sum estimates the mean.

    Args:
        graph: of one edge type between nodes of one type, on the CPU.
        sizes: how many sources each layer draws, from the seeds outward.
        weight: the name of a feature of edges; without it all edges of a node weigh the same.
        seed: of 64 bits.

    Raises:
        OptionError, FeatureError, DeviceError: if arguments are of another kind or do not fit each other.

    *Source* Zou and others (2019), Layer-Dependent Importance Sampling for Training Deep and Large Graph Convolutional Networks,
    arXiv 1911.07323. Sources are drawn by `weft.ops.draw_rows`, in the stream of the layer.

    *Differs from the source* targets are among the sources, for layers that look at them, but without edges unless they were
    drawn.

    *Cost* all edges that enter a target.

    >>> import weft
    >>> star = weft.Graph([1, 2, 3, 4], [0, 0, 0, 0])
    >>> LayerSampler(star, [2]).sample([0]).edge_features[0]["node", "edge", "node"]["weight"]
    tensor([0.5000, 0.5000])
    """

    def __init__(self, graph: Graph, sizes: Sequence[int], *, weight: str | None = None, seed: int = 0) -> None:
        check_sampled("LayerSampler", graph, weight)
        self._graph, self._sizes, self._weight, self._seed = graph, list(sizes), weight, seed
        self._num_layers = len(self._sizes)
        self._name = square_edge_type("LayerSampler", graph)
        if any(size < 1 for size in self._sizes):
            raise OptionError(message("LayerSampler", "`sizes` of at least 1", str(self._sizes)))
        if weight is not None:
            self._check_weight(graph.edge_sets[self._name][weight])

    def _check_weight(self, weight: Tensor) -> None:
        if weight.dim() != 1 or weight.is_complex() or not bool(((weight >= 0) & (weight < torch.inf)).all()):
            raise OptionError(message("LayerSampler", "one finite weight from 0 up for each edge", str(weight.shape)))

    def _choose(self, targets: Tensor, draws: Draws, exclude: Tensor | None) -> tuple[Structure, Tensor]:
        """For each target the edges from sources that were drawn, and what these weigh."""
        size = self._sizes[draws.stream]
        indptr, source, _, edge = in_edges(self.graph, targets)
        share = torch.ones(edge.shape[0], dtype=torch.float64, device="cpu")
        if self._weight is not None:
            share = self.graph.edge_sets[self._name][self._weight][edge].double()
        if exclude is not None:
            share = share.masked_fill(torch.isin(edge, exclude), 0.0)
        row = torch.arange(targets.shape[0], device="cpu").repeat_interleave(indptr.diff())
        share = share / segment_reduce(indptr, share, None, "sum").clamp(min=1e-300)[row]
        ids, which = source.long().unique(return_inverse=True)
        chance = torch.zeros(ids.shape[0], dtype=torch.float64, device="cpu").index_add_(0, which, share * share)
        drawn = draw_rows(ids.shape[0], size, sums=list_sums(chance), draws=draws)
        is_drawn = torch.zeros(ids.shape[0], dtype=torch.bool, device="cpu").index_fill_(0, drawn, True)
        kept = is_drawn[which] & (share > 0)
        row, weight = row[kept], share[kept] / chance[which[kept]]
        pointers = torch.zeros(targets.shape[0] + 1, dtype=torch.int64, device="cpu")
        pointers[1:] = row.bincount(minlength=targets.shape[0]).cumsum(0)
        weight = weight / segment_reduce(pointers, weight, None, "sum")[row]
        return Structure(pointers, source[kept].long(), edge[kept].long()), weight.float()
