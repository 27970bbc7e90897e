"""DGL's norm over several hops: in-degrees at both ends, or with weights the sums of EdgeWeightNorm."""

from __future__ import annotations

import copy
from typing import Any

from torch import Tensor

from ...errors import OptionError, message


def with_norm_of(layer: Any, edge_weight: Tensor | None) -> Any:
    """The layer as it is without weights; with them one that shares its parameters and divides by sums at both ends.

    Raises:
        OptionError: if a weight is not positive.
    """
    if edge_weight is None:
        return layer
    check_positive(type(layer).__name__, edge_weight)
    other = copy.copy(layer)
    other.norm = "both"
    return other


def check_positive(where: str, edge_weight: Tensor) -> None:
    """Refuse weights whose sums have no root.

    Raises:
        OptionError: if one is not positive.
    """
    at = (edge_weight <= 0).nonzero()
    if at.shape[0]:
        got = f"{float(edge_weight[at[0, 0]])} at edge {int(at[0, 0])}"
        raise OptionError(message(where, "weights of edges above 0", got))
