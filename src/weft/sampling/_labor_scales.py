"""What makes the chances of neighbours add up to a fan-out."""

import torch
from torch import Tensor

from ..ops import segment_reduce


def labor_scales(indptr: Tensor, weight: Tensor, fanout: int) -> Tensor:
    """Find for each node the c with `sum over its edges of min(1, c * weight) = fanout`.

    *Shapes* `indptr: (num_nodes + 1,)`, int64; `weight: (num_edges,)`, from 0 up -> `(num_nodes,)`. It is infinite where no more
    edges than the fan-out have weights above 0, or the fan-out is -1: all of these are kept.

    *Source* Balin, Çatalyürek (2023), Layer-Neighbor Sampling, arXiv 2210.13339.

    *Cost* a few passes over the edges.

    >>> labor_scales(torch.tensor([0, 3, 4]), torch.tensor([1.0, 1.0, 8.0, 2.0]), 2)
    tensor([0.5000,    inf])
    """
    row = torch.repeat_interleave(indptr.diff(), output_size=weight.shape[0])
    is_sure = weight <= 0
    most = segment_reduce(indptr, (weight > 0).to(weight.dtype), None, "sum")
    taken = torch.zeros_like(most)
    while True:
        rest = segment_reduce(indptr, weight.masked_fill(is_sure, 0.0), None, "sum")
        scale = ((fanout - taken) / rest).where((most > fanout) & (fanout >= 0), torch.inf)
        more = ~is_sure & (scale[row] * weight >= 1)
        if not bool(more.any()):
            return scale
        is_sure |= more
        taken = taken + segment_reduce(indptr, more.to(weight.dtype), None, "sum")
