"""GraphSAGE on a dense matrix with DGL's arguments."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from ..._translated import Activation, Translated, translated


class DenseSAGEConv(Translated):
    """Mean of a node's features and its neighbours', and a linear map of it: `weft.nn.DenseSAGEConv`.

    *Shapes* `adj: (num_targets, num_sources), feat: (num_nodes, in_feats) -> (num_targets, out_feats)`, or a pair for sources
    and targets

    Args:
        norm: applied to the result, after the activation.

    Raises:
        ShapeError: in the call, if features and matrix do not fit.

    >>> import torch
    >>> DenseSAGEConv(4, 2)(torch.ones(3, 3), torch.ones(3, 4)).shape
    torch.Size([3, 2])
    """

    def __init__(
        self,
        in_feats: int,
        out_feats: int,
        feat_drop: float = 0.0,
        bias: bool = True,
        norm: Activation = None,
        activation: Activation = None,
    ) -> None:
        super().__init__(translated("DenseSAGEConv", locals()), activation)
        self.feat_drop = nn.Dropout(feat_drop)
        self.norm = norm

    def forward(self, adj: Tensor, feat: Any) -> Tensor:
        """Compute the new features of all targets."""
        x = tuple(self.feat_drop(end) for end in feat) if isinstance(feat, tuple) else self.feat_drop(feat)
        out = self._activated(self._layer(adj.to((x[0] if isinstance(x, tuple) else x).dtype), x))
        return out if self.norm is None else self.norm(out)
