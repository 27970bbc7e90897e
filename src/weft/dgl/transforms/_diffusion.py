"""Transforms that replace the edges of a graph by those of a diffusion."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence

from torch import Tensor

from ...graph import Adjacency
from ...graph import transforms as transforms_of_weft
from .._frames import Frame
from .._graph import DGLGraph
from ._base import BaseTransform
from ._made import made_like, node_frames, only_adjacency


class _Diffusion(BaseTransform, ABC):
    """Replaces edges by those of a diffusion, of at least a weight."""

    def __init__(self, eweight_name: str, eps: float | None, avg_degree: int) -> None:
        self.eweight_name, self.eps, self.avg_degree = eweight_name, eps, avg_degree

    @abstractmethod
    def _kernel(self) -> transforms_of_weft.Kernel:
        """What is summed over powers of the edges."""

    def get_eps(self, num_nodes: int, mat: Tensor) -> float:
        """Choose the least weight of an edge, of the entries that are not 0."""
        return _least(self.eps, num_nodes, self.avg_degree, mat)

    def __call__(self, g: DGLGraph) -> DGLGraph:
        """Replace the edges."""
        only_adjacency("GDC", g)
        name = self.eweight_name
        found = transforms_of_weft.diffuse(
            g._as_weft(),
            self._kernel(),
            name,
            norm="none",
            weight=name if name in g._edges[0] else None,
            self_loops=False,
            threshold=-math.inf,
            method="exact",
        )
        weight = next(iter(found.edge_sets.values()))[name]
        kept = (weight >= self.get_eps(g._nodes[0].count, weight)).nonzero().squeeze(1)
        ends = found.adjacency.source[kept], found.adjacency.target[kept]
        part = Adjacency(*ends, num_sources=found.adjacency.num_sources, num_targets=found.adjacency.num_targets)
        return made_like(g, [part], nodes=node_frames(g), edges=[Frame(kept.shape[0], g.device, {name: weight[kept]})])


class GDC(_Diffusion):
    """Replace edges by those of a diffusion with coefficients of one's own.

    `S = sum over k of coefs[k] * A^k`, with `A[v, u]` the weights of the edges u -> v added up; where S[v, u] is at least
    eps the new graph has an edge u -> v of that weight, sorted by v, then u

    Args:
        eweight_name: the column of weights of the edges, 1 for each if there is none; it takes the new weights.
        eps: what a weight has to be at least; if None, it is chosen so that `avg_degree` edges a node remain.

    Entries of exactly 0 are no edges. Columns of nodes stay.

    *Source* Gasteiger, Weissenberger and Günnemann, 2019, Diffusion Improves Graph Learning, arXiv:1911.05485.

    *Cost* num_nodes^2 in memory, num_nodes^3 in time.

    >>> from weft.dgl import graph
    >>> GDC([0.5, 0.5], eps=0.1)(graph(([0, 1], [1, 2]))).edata["w"]
    tensor([0.5000, 0.5000, 0.5000, 0.5000, 0.5000])
    """

    def __init__(
        self, coefs: Sequence[float], eweight_name: str = "w", eps: float | None = None, avg_degree: int = 5
    ) -> None:
        super().__init__(eweight_name, eps, avg_degree)
        self.coefs = coefs

    def _kernel(self) -> transforms_of_weft.Kernel:
        return transforms_of_weft.Powers(tuple(self.coefs))


class PPR(_Diffusion):
    """Replace edges by those of personalised PageRank: see `GDC`.

    `S = alpha * (I - (1 - alpha) * A)^-1`; `GCNNorm` before it makes weights for which that is a sum of powers

    Raises:
        OptionError: if alpha is not above 0 and at most 1.

    >>> from weft.dgl import graph
    >>> PPR(0.5, eps=0.1)(graph(([0, 1], [1, 2]))).edata["w"]
    tensor([0.5000, 0.2500, 0.5000, 0.1250, 0.2500, 0.5000])
    """

    def __init__(
        self, alpha: float = 0.15, eweight_name: str = "w", eps: float | None = None, avg_degree: int = 5
    ) -> None:
        super().__init__(eweight_name, eps, avg_degree)
        self.alpha = alpha

    def _kernel(self) -> transforms_of_weft.Kernel:
        return transforms_of_weft.PPR(self.alpha)


class HeatKernel(_Diffusion):
    """Replace edges by those of the heat kernel: see `GDC`.

    `S = exp(t * (A - I))`

    Raises:
        OptionError: if the time is negative.

    >>> from weft.dgl import graph
    >>> HeatKernel(1.0, eps=0.1)(graph(([0, 1], [1, 2]))).edata["w"]
    tensor([0.3679, 0.3679, 0.3679, 0.1839, 0.3679, 0.3679])
    """

    def __init__(self, t: float = 2.0, eweight_name: str = "w", eps: float | None = None, avg_degree: int = 5) -> None:
        super().__init__(eweight_name, eps, avg_degree)
        self.t = t

    def _kernel(self) -> transforms_of_weft.Kernel:
        return transforms_of_weft.Heat(self.t)


def _least(eps: float | None, num_nodes: int, avg_degree: int, weight: Tensor) -> float:
    """What a weight has to be at least; of all entries of the matrix those that are not 0 are given."""
    if eps is not None:
        return eps
    wanted, flat = num_nodes * avg_degree, weight.flatten()
    positive = flat[flat > 0]
    if wanted <= positive.shape[0]:
        return float(positive.topk(wanted).values[-1]) if wanted else math.inf
    zeros = num_nodes**2 - flat.shape[0] + int((flat == 0).sum())
    if wanted <= positive.shape[0] + zeros:
        return 0.0
    rest = wanted - zeros
    return float(flat.topk(rest).values[-1]) if rest <= flat.shape[0] else -math.inf
