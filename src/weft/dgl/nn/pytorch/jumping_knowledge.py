"""Jumping knowledge with DGL's arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from .._translated import Translated, translated


class JumpingKnowledge(Translated):
    """The results of all layers of a model, joined for each node: `weft.nn.JumpingKnowledge`.

    Args:
        mode: "cat", "max" or "lstm".
        in_feats, num_layers: width of a result and number of results, for "lstm".

    Raises:
        OptionError: if there is no such mode, or "lstm" has not both sizes.
        ShapeError: in the call, if results do not fit each other or the layer.

    >>> import torch
    >>> JumpingKnowledge("lstm", 4, 2)([torch.ones(3, 4), torch.ones(3, 4)]).shape
    torch.Size([3, 4])
    """

    def __init__(self, mode: Any = "cat", in_feats: int | None = None, num_layers: int | None = None) -> None:
        super().__init__(translated("JumpingKnowledge", locals()))
        self.mode = mode

    def forward(self, feat_list: Sequence[Tensor]) -> Any:
        """Join the results of layers, the first layer's first."""
        return self._layer(feat_list)
