"""Powers of degrees, by which layers scale nodes."""

import torch
from torch import Tensor

from ..graph import Adjacency


def degree_factors(degrees: Tensor, power: float, dtype: torch.dtype) -> Tensor:
    """Powers of degrees, of which none is below 1; float32 at least, then rounded once.

    *Shapes* `degrees: (num_nodes,)` -> `(num_nodes,)`
    """
    return degrees.clamp(min=1).to(torch.promote_types(dtype, torch.float32)).pow(power).to(dtype)


def symmetric_factors(adjacency: Adjacency, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """1 / sqrt of the out-degree of every source and of the in-degree of every target.

    *Shapes* -> `(num_sources,)`, `(num_targets,)`
    """
    by_source = degree_factors(adjacency.out_degrees(), -0.5, dtype)
    return by_source, degree_factors(adjacency.in_degrees(), -0.5, dtype)
