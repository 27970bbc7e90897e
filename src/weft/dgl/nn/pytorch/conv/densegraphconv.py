"""Graph convolution on a dense matrix with DGL's arguments."""

from __future__ import annotations

from torch import Tensor

from .....errors import check_choice
from ..._translated import Activation, Translated, translated

NORMS = ("both", "right", "none")


class DenseGraphConv(Translated):
    """Sum of the neighbours' features, normalised by degrees, times a weight: `weft.nn.DenseGraphConv`.

    *Shapes* `adj: (num_targets, num_sources), feat: (num_sources, in_feats) -> (num_targets, out_feats)`

    Args:
        norm: "both", "right" or "none".

    Raises:
        OptionError: if the norm does not exist.
        ShapeError: in the call, if features and matrix do not fit.

    >>> import torch
    >>> DenseGraphConv(4, 2)(torch.ones(3, 3), torch.ones(3, 4)).shape
    torch.Size([3, 2])
    """

    def __init__(
        self, in_feats: int, out_feats: int, norm: str = "both", bias: bool = True, activation: Activation = None
    ) -> None:
        check_choice("DenseGraphConv", "norm", norm, NORMS)
        super().__init__(translated("DenseGraphConv", locals()), activation)

    def forward(self, adj: Tensor, feat: Tensor) -> Tensor:
        """Compute the new features of all targets."""
        return self._activated(self._layer(adj.to(feat.dtype), feat))
