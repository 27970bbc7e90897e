"""GraphSAGE on a dense matrix."""

from typing import final

from torch import Tensor, nn
from torch.nn import functional

from ...errors import ShapeError, check_probability, message
from .._arguments import Features, drop_features
from ._matrix import check_matrix, check_square


@final
class DenseSAGEConv(nn.Module):
    """Mean of a node's features and its neighbours', and a linear map of it: `SAGEConv` with "gcn" on a dense matrix.

    `out[i] = W (x[i] + sum over j of A[i, j] * x[j]) / (1 + sum over j of A[i, j]) + b`

    *Shapes* `adjacency: (*, num_nodes, num_nodes), x: (*, num_nodes, in_features) -> (*, num_nodes, out_features)`, or for a
    matrix of targets x sources a pair `(x_source: (*, num_sources, in_features), x_target: (*, num_targets, in_features))`

    Args:
        dropout: probability of dropping input features in training: one draw for one tensor, two for a pair.

    Raises:
        OptionError: in the constructor, if the probability is none.
        ShapeError: in the call, if features and matrix do not fit each other or the layer.

    *Source* Hamilton, Ying and Leskovec, 2017, Inductive Representation Learning on Large Graphs, arXiv:1706.02216, section
    3.3.

    *Differs from the source* neither activation nor normalisation of the result; entries of A weigh neighbours, and count.
    *Differs from DGL* has batches of matrices, no norm and no activation. Parameters `fc.*` are DGL's.

    *Cost* a product of A, T x S x F; the linear map stands before or after it, whichever is narrower.

    >>> import torch
    >>> DenseSAGEConv(4, 2)(torch.ones(3, 3), torch.randn(3, 4)).shape
    torch.Size([3, 2])
    """

    def __init__(self, in_features: int, out_features: int, *, dropout: float = 0.0, bias: bool = True) -> None:
        super().__init__()
        check_probability("DenseSAGEConv", "dropout", dropout)
        self.in_features, self.out_features, self.dropout = in_features, out_features, dropout
        self.fc = nn.Linear(in_features, out_features, bias=bias)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weight from Glorot's uniform distribution with the gain of relu and set the bias to 0."""
        nn.init.xavier_uniform_(self.fc.weight, gain=nn.init.calculate_gain("relu"))
        if self.fc.bias is not None:
            nn.init.zeros_(self.fc.bias)

    def forward(self, adjacency: Tensor, x: Features) -> Tensor:
        """Compute the new features of all targets."""
        source, target = self._ends(adjacency, drop_features(x, self.dropout, self.training))
        total = adjacency.sum(-1, keepdim=True) + 1
        if self.in_features <= self.out_features:
            return self.fc((adjacency @ source + target) / total)  # type: ignore[no-any-return]
        left = functional.linear(source, self.fc.weight)
        right = left if source is target else functional.linear(target, self.fc.weight)
        h = (adjacency @ left + right) / total
        return h if self.fc.bias is None else h + self.fc.bias

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        return f"{self.in_features}, {self.out_features}, dropout={self.dropout}, bias={self.fc.bias is not None}"

    def _ends(self, adjacency: Tensor, x: Features) -> tuple[Tensor, Tensor]:
        source, target = x if isinstance(x, tuple) else (x, x)
        check_matrix("DenseSAGEConv", adjacency, source, self.in_features)
        if not isinstance(x, tuple):
            check_square("DenseSAGEConv", adjacency)
        elif target.dim() < 2 or target.shape[-2:] != (adjacency.shape[-2], self.in_features):
            form = f"`x[1]` of shape (*, {adjacency.shape[-2]}, {self.in_features})"
            raise ShapeError(message("DenseSAGEConv", form, str(tuple(target.shape))))
        return source, target
