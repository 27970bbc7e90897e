"""Scaled dot-product attention over edges: that of Transformers, for graphs."""

from torch import Tensor

from .._operator import operator_hiding
from .._structure import Structure
from ._forward import attend, complete
from ._kinds import DOT
from ._softmax import Edges


@operator_hiding("lse")
def dot_attention(
    rows: Structure,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    scale: float = 1.0,
    edge_score: Tensor | None = None,
    edge_weight: Tensor | None = None,
    dropout: float = 0.0,
    seed: Tensor | None = None,
) -> tuple[Tensor, Tensor | None]:
    """Sum of the sources' values, weighted by a softmax over scaled dot products of queries and keys.

    `out[i, h] = sum over edges e = j -> i of p[e, h] * edge_weight[e, h] * value[j, h]`, where p is the softmax, over
    the edges that enter i, of `scale * query[i, h] . key[j, h] + edge_score[e, h]`

    *Shapes* `query: (num_targets, *H, key_width)`, `key: (num_sources, *H, key_width)`, `value: (num_sources, *H,
    width)`, `edge_score: (num_edges, *H)`, `edge_weight: (num_edges,)` or `(num_edges, *H)`, both by edge id ->
    `(num_targets, *H, width)`. A target without edges gets 0.

    Args:
        scale: of the dot products; 1 / sqrt(key_width) in the source.
        dropout: probability of dropping an edge of a head after the softmax; the others are multiplied by
            1 / (1 - dropout).
        seed: () of int64, which with the edge id and the head decides what is dropped.

    Raises:
        ShapeError, DtypeError, DeviceError: if arguments do not fit each other.
        OptionError: if `dropout` is no probability or stands without `seed`, or `scale` is not finite.
        IdError, StructureError: if `rows` points outside `value` or contradicts itself.
        GradientError: in backward, if `rows.transposed` is missing.

    *Cost* reads the keys and values of sources once an edge, writes N x F; keeps one N x H for backward, which reads
    both ends again. Nothing of size E is allocated but gradients of `edge_score` and `edge_weight`.

    *Source* Vaswani and others, 2017, Attention Is All You Need, arXiv:1706.03762, equation 1; over the edges of a
    graph as by Shi and others, 2021, Masked Label Prediction, arXiv:2009.03509.

    >>> import torch
    >>> rows = Structure(torch.tensor([0, 2, 2]), torch.tensor([1, 0]))
    >>> query, key, value = torch.ones(2, 1, 1), torch.zeros(2, 1, 1), torch.tensor([[[2.0]], [[4.0]]])
    >>> dot_attention(rows, query, key, value)
    tensor([[[3.]],
    <BLANKLINE>
            [[0.]]])
    """
    return attend(DOT, rows, (query, key, value), scale, Edges(edge_score, edge_weight, dropout, seed))


complete(dot_attention, DOT)
