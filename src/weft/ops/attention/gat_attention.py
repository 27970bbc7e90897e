"""Graph attention: scores that are sums of a number of each end."""

from torch import Tensor

from .._operator import operator_hiding
from .._structure import Structure
from ._forward import attend, complete
from ._kinds import GAT
from ._softmax import Edges


@operator_hiding("lse")
def gat_attention(
    rows: Structure,
    z: Tensor,
    left: Tensor,
    right: Tensor,
    negative_slope: float = 0.2,
    edge_score: Tensor | None = None,
    edge_weight: Tensor | None = None,
    dropout: float = 0.0,
    seed: Tensor | None = None,
) -> tuple[Tensor, Tensor | None]:
    """Sum of the sources' features, weighted by a softmax over scores that are sums of two ends.

    `out[i, h] = sum over edges e = j -> i of p[e, h] * edge_weight[e, h] * z[j, h]`, where p is the softmax, over the
    edges that enter i, of `leaky_relu(left[j, h] + right[i, h]) + edge_score[e, h]`

    *Shapes* `z: (num_sources, *H, width)`, `left: (num_sources, *H)`, `right: (num_targets, *H)`, `edge_score:
    (num_edges, *H)`, `edge_weight: (num_edges,)` or `(num_edges, *H)`, both by edge id -> `(num_targets, *H, width)`.
    A target without edges gets 0.

    Args:
        dropout: probability of dropping an edge of a head after the softmax; the others are multiplied by
            1 / (1 - dropout).
        seed: () of int64, which with the edge id and the head decides what is dropped.

    Raises:
        ShapeError, DtypeError, DeviceError: if arguments do not fit each other.
        OptionError: if `dropout` is no probability or stands without `seed`, or `negative_slope` is not finite.
        IdError, StructureError: if `rows` points outside `z` or contradicts itself.
        GradientError: in backward, if `rows.transposed` is missing.

    *Cost* reads E x F, writes N x F; keeps one N x H for backward, which reads E x F twice and computes the rest
    again. Nothing of size E is allocated but gradients of `edge_score` and `edge_weight`.

    *Source* Veličković, Cucurull, Casanova, Romero, Liò and Bengio, 2018, Graph Attention Networks, arXiv:1710.10903.

    >>> import torch
    >>> rows = Structure(torch.tensor([0, 2, 2]), torch.tensor([1, 0]))
    >>> z, zeros = torch.tensor([[[2.0]], [[4.0]]]), torch.zeros(2, 1)
    >>> gat_attention(rows, z, zeros, zeros)
    tensor([[[3.]],
    <BLANKLINE>
            [[0.]]])
    """
    return attend(GAT, rows, (z, left, right), negative_slope, Edges(edge_score, edge_weight, dropout, seed))


complete(gat_attention, GAT)
