"""Signed graph convolution: friends and enemies aggregated apart."""

from typing import final

import torch
from torch import Tensor, nn

from ...errors import OptionError, ShapeError, message
from ...ops import Structure, spmm
from .._arguments import Edges, Features, resolve_ends


@final
class SignedConv(nn.Module):
    """Linear maps of a node's features and of the means over its positive and over its negative neighbours.

    With P(z)[i] and N(z)[i] the means of z[j] over the positive and over the negative edges j -> i, the first layer
    (`first=True`) computes

        positive[i] = W_pos P(x)[i] + U_pos x[i] + b_pos
        negative[i] = W_neg N(x)[i] + U_neg x[i] + b_neg

    and those above it, where x = [y, z] is what the layer below gave,

        positive[i] = W_pos [P(y)[i], N(z)[i]] + U_pos y[i] + b_pos
        negative[i] = W_neg [P(z)[i], N(y)[i]] + U_neg z[i] + b_neg

    and `out[i] = [positive[i], negative[i]]`.

    It takes two graphs over the same nodes: `layer((positive, negative), x)`.

    *Shapes* `x: (num_nodes, *, in_features) -> (num_nodes, *, 2 * out_features)`, above the first layer `x: (num_nodes, *, 2 *
    in_features)`; on bipartite graphs x is a pair for sources and targets. A mean over no edge is 0.

    Args:
        in_features: width of x in the first layer, and of each half of it in those above.
        out_features: width of each half of the result.
        first: whether x comes from no layer of this kind.

    Raises:
        ShapeError: in the call, if features do not fit the graphs or the layer, or the graphs have other nodes.
        OptionError: in the call, if there are not two graphs.

    *Source* Derr, Ma and Tang, 2018, Signed Graph Convolutional Networks, arXiv:1808.06354, equations 3 to 6.

    *Differs from the source* no activation; W and U stand for its one weight on the concatenation; has biases.
    *Differs from PyG* both graphs stand where other layers take one.

    *Cost* E x F reads over both graphs, F the narrower of input and result: the product stands before or after the mean. No
    tensor is larger than N x the widest of both.

    >>> import torch
    >>> from weft.graph import Graph
    >>> friends, enemies = Graph([0, 1], [1, 2], 3), Graph([2], [0], 3)
    >>> first, second = SignedConv(4, 8, first=True), SignedConv(8, 5, first=False)
    >>> second((friends, enemies), first((friends, enemies), torch.randn(3, 4)).relu()).shape
    torch.Size([3, 10])
    """

    def __init__(self, in_features: int, out_features: int, *, first: bool, bias: bool = True) -> None:
        super().__init__()
        self.in_features, self.out_features, self.first = in_features, out_features, first
        width = in_features if first else 2 * in_features
        self.fc_neigh_pos = nn.Linear(width, out_features, bias=False)
        self.fc_neigh_neg = nn.Linear(width, out_features, bias=False)
        self.fc_self_pos = nn.Linear(in_features, out_features, bias=bias)
        self.fc_self_neg = nn.Linear(in_features, out_features, bias=bias)

    def reset_parameters(self) -> None:
        """Draw all weights anew, as torch draws those of linear maps."""
        for part in (self.fc_neigh_pos, self.fc_neigh_neg, self.fc_self_pos, self.fc_self_neg):
            part.reset_parameters()

    def forward(self, graph: tuple[Edges, Edges], x: Features) -> Tensor:
        """Compute the new features of all targets."""
        if not isinstance(graph, tuple) or len(graph) != 2:
            raise OptionError(message("SignedConv", "a pair of graphs, (positive, negative)", type(graph).__name__))
        width = self.in_features if self.first else 2 * self.in_features
        positive, x_source, x_target = resolve_ends("SignedConv", graph[0], x, (width, width))
        negative, _, _ = resolve_ends("SignedConv", graph[1], x, (width, width))
        if negative.num_targets != positive.num_targets:
            got = f"{positive.num_targets} and {negative.num_targets}"
            raise ShapeError(message("SignedConv", "positive and negative edges into the same nodes", got))
        own, other = (x_target, x_target) if self.first else x_target.chunk(2, -1)
        pos, neg = self._neighbours(positive.by_target, negative.by_target, x_source)
        return torch.cat((self.fc_self_pos(own) + pos, self.fc_self_neg(other) + neg), -1)

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        return f"{self.in_features}, {self.out_features}, first={self.first}, bias={self.fc_self_pos.bias is not None}"

    def _neighbours(self, positive: Structure, negative: Structure, x: Tensor) -> tuple[Tensor, Tensor]:
        """W_pos and W_neg times the means."""
        fc_pos, fc_neg = self.fc_neigh_pos, self.fc_neigh_neg
        is_narrowing = self.in_features > self.out_features
        if self.first and is_narrowing:
            return spmm(positive, fc_pos(x), None, "mean"), spmm(negative, fc_neg(x), None, "mean")
        if self.first:
            return fc_pos(spmm(positive, x, None, "mean")), fc_neg(spmm(negative, x, None, "mean"))
        if not is_narrowing:
            (p_own, p_other), (n_own, n_other) = (spmm(e, x, None, "mean").chunk(2, -1) for e in (positive, negative))
            return fc_pos(torch.cat((p_own, n_other), -1)), fc_neg(torch.cat((p_other, n_own), -1))
        own, other = x.chunk(2, -1)
        (pos_own, pos_other), (neg_other, neg_own) = (fc.weight.T.chunk(2, 0) for fc in (fc_pos, fc_neg))
        over_positive = spmm(positive, torch.cat((own @ pos_own, other @ neg_other), -1), None, "mean")
        over_negative = spmm(negative, torch.cat((other @ pos_other, own @ neg_own), -1), None, "mean")
        pos, neg = (over_positive + over_negative).chunk(2, -1)
        return pos, neg
