"""Pairs of nodes that stand for missing edges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ...errors import OptionError, message
from .._draws import generator
from .._graph import DGLGraph
from .._later import absent
from ..sampling.negative import global_uniform_negative_sampling

Pairs = tuple[Tensor, Tensor]


class _Negatives:
    """Calls `_generate` for each edge type."""

    k: int

    def _generate(self, g: DGLGraph, eids: Any, canonical_etype: Any) -> Pairs:
        """Pairs for edges of one type."""
        raise NotImplementedError(f"{type(self).__name__} has to say what `_generate` gives for edges of one type")

    def __call__(self, g: DGLGraph, eids: Any) -> Any:
        """Pairs for edges, for several types by full name of the type.

        Raises:
            OptionError: if there are several types, and none is named.
        """
        if isinstance(eids, Mapping):
            named = {g.to_canonical_etype(name): ids for name, ids in eids.items()}
            return {name: self._generate(g, ids, name) for name, ids in named.items()}
        return self._generate(g, eids, g.to_canonical_etype(None))


class PerSourceUniform(_Negatives):
    """For each edge, pairs of its source and any nodes, all alike; those that are joined, too.

    Args:
        k: how many for each edge.

    Raises:
        OptionError: if k is negative.

    >>> import torch, weft.dgl as dgl
    >>> PerSourceUniform(2)(dgl.graph(([0, 1], [1, 2])), torch.tensor([1]))[0]
    tensor([1, 1])
    """

    def __init__(self, k: int) -> None:
        self.k = _checked("PerSourceUniform", k)

    def _generate(self, g: DGLGraph, eids: Any, canonical_etype: Any) -> Pairs:
        source, _ = g.find_edges(g._known_ids(eids, g.num_edges(canonical_etype), "edges"), etype=canonical_etype)
        source = source.repeat_interleave(self.k)
        count = g.num_nodes(canonical_etype[2])
        drawn = torch.randint(count, source.shape, generator=generator(), device="cpu")
        return source, drawn.to(source)


Uniform = PerSourceUniform


class GlobalUniform(_Negatives):
    """For each edge, pairs that no edge joins, all alike.

    Args:
        k: how many for each edge; there are fewer where nearly all pairs are joined.
        exclude_self_loops, replace, redundancy: as for `global_uniform_negative_sampling`.

    Raises:
        OptionError: if k is negative.

    >>> import torch, weft.dgl as dgl
    >>> GlobalUniform(1)(dgl.graph(([0, 0, 1, 1], [1, 2, 2, 0]), num_nodes=3), torch.tensor([0]))[0]
    tensor([2])
    """

    def __init__(
        self, k: int, exclude_self_loops: bool = True, replace: bool = False, redundancy: float | None = None
    ) -> None:
        self.k, self.exclude_self_loops = _checked("GlobalUniform", k), exclude_self_loops
        self.replace, self.redundancy = replace, redundancy

    def _generate(self, g: DGLGraph, eids: Any, canonical_etype: Any) -> Pairs:
        count = g._known_ids(eids, g.num_edges(canonical_etype), "edges").shape[0] * self.k
        return global_uniform_negative_sampling(
            g, count, self.exclude_self_loops, self.replace, canonical_etype, self.redundancy
        )


def _checked(where: str, k: int) -> int:
    if k < 0:
        raise OptionError(message(where, "`k` from 0", str(k)))
    return k


__getattr__ = absent("dataloading.negative_sampler", globals())
