"""Graph attention of the second kind: scores that see the features of both ends together."""

from torch import Tensor

from .._operator import operator_hiding
from .._structure import Structure
from ._forward import attend, complete
from ._kinds import GATV2
from ._softmax import Edges


@operator_hiding("lse")
def gatv2_attention(
    rows: Structure,
    left: Tensor,
    right: Tensor,
    factor: Tensor,
    negative_slope: float = 0.2,
    edge_score: Tensor | None = None,
    edge_weight: Tensor | None = None,
    dropout: float = 0.0,
    seed: Tensor | None = None,
) -> tuple[Tensor, Tensor | None]:
    """Sum of the sources' features, weighted by a softmax over scores that see the features of both ends together.

    `out[i, h] = sum over edges e = j -> i of p[e, h] * edge_weight[e, h] * left[j, h]`, where p is the softmax, over
    the edges that enter i, of `factor[h] . leaky_relu(left[j, h] + right[i, h]) + edge_score[e, h]`

    *Shapes* `left: (num_sources, *H, width)`, `right: (num_targets, *H, width)`, `factor: (*H, width)`, `edge_score:
    (num_edges, *H)`, `edge_weight: (num_edges,)` or `(num_edges, *H)`, both by edge id -> `(num_targets, *H, width)`.
    A target without edges gets 0.

    Args:
        dropout: probability of dropping an edge of a head after the softmax; the others are multiplied by
            1 / (1 - dropout).
        seed: () of int64, which with the edge id and the head decides what is dropped.

    Raises:
        ShapeError, DtypeError, DeviceError: if arguments do not fit each other.
        OptionError: if `dropout` is no probability or stands without `seed`, or `negative_slope` is not finite.
        IdError, StructureError: if `rows` points outside `left` or contradicts itself.
        GradientError: in backward, if `rows.transposed` is missing.

    *Cost* reads E x F, writes N x F; keeps one N x H for backward, which reads E x F three times and computes the
    rest again. Nothing of size E is allocated but gradients of `edge_score` and `edge_weight`.

    *Source* Brody, Alon and Yahav, 2022, How Attentive are Graph Attention Networks?, arXiv:2105.14491, equation 7.

    >>> import torch
    >>> rows = Structure(torch.tensor([0, 2, 2]), torch.tensor([1, 0]))
    >>> left, right, factor = torch.tensor([[[2.0]], [[4.0]]]), torch.zeros(2, 1, 1), torch.zeros(1, 1)
    >>> gatv2_attention(rows, left, right, factor)
    tensor([[[3.]],
    <BLANKLINE>
            [[0.]]])
    """
    return attend(GATV2, rows, (left, right, factor), negative_slope, Edges(edge_score, edge_weight, dropout, seed))


complete(gatv2_attention, GATV2)
