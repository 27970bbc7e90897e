"""Edge convolution on the nearest neighbours of points, which are found anew in every call."""

from typing import Literal, final

from torch import Tensor, nn

from ...errors import OptionError, check_choice, message
from .._arguments import Features
from .._differences import reduce_differences
from .._points import clouds_of, neighbours_of

Aggregator = Literal["max", "mean", "sum"]
AGGREGATORS = ("max", "mean", "sum")


@final
class DynamicEdgeConv(nn.Module):
    """A network of each point and its difference to a neighbour, reduced over the nearest neighbours in feature space.

    `out[i] = max over j among the k points nearest to x[i] of network([x[i], x[j] - x[i]])`

    It takes points and finds its edges itself: `layer(x)`, or `layer(x, indptr=pointers)` for a batch of clouds.

    *Shapes* `x: (num_points, in_features) -> (num_points, out_features)`, where network maps 2 * in_features to out_features;
    `indptr: (num_clouds + 1,)`, int64: cloud c is rows `indptr[c]` to `indptr[c + 1]`, and has no neighbours outside of
    it. A pair `(x_source, x_target)`, with a pair of pointers, looks for neighbours of the targets among the sources.

    Args:
        k: number of neighbours, a point itself among them; in a smaller cloud all points are neighbours.

    Raises:
        OptionError: in the constructor, if k is below 1, or there is no such aggregator.
        ShapeError, DtypeError, StructureError: in the call, if points or pointers do not fit each other.
        FormulaError: in the call, if a network in training normalises a batch other than right behind its first map.

    *Source* Wang, Sun, Liu, Sarma, Bronstein and Solomon, 2019, Dynamic Graph CNN for Learning on Point Clouds,
    arXiv:1801.07829, equations 7 and 8 and section 3.3.

    *Differs from the source* mean and sum are added; the network is the caller's.
    *Differs from PyG* a batch is told by pointers, and clouds may have fewer than k points.

    *Cost* a search, see `weft.ops.knn`, and then that of `EdgeConv`. The choice of neighbours has no gradient.

    >>> import torch
    >>> layer = DynamicEdgeConv(torch.nn.Linear(2 * 3, 8), 4)
    >>> layer(torch.randn(20, 3), indptr=torch.tensor([0, 12, 20])).shape
    torch.Size([20, 8])
    """

    def __init__(self, network: nn.Module, k: int, *, aggregator: Aggregator = "max") -> None:
        super().__init__()
        check_choice("DynamicEdgeConv", "aggregator", aggregator, AGGREGATORS)
        if k < 1:
            raise OptionError(message("DynamicEdgeConv", "`k` of at least 1", str(k)))
        self.network, self.k, self.aggregator = network, k, aggregator

    def forward(self, x: Features, *, indptr: Features | None = None) -> Tensor:
        """Compute the new features of all points, or of the targets of a pair."""
        clouds = clouds_of("DynamicEdgeConv", x, indptr)
        found = neighbours_of(clouds.detach(), self.k)
        points, asking = clouds.points, clouds.asking
        return reduce_differences("DynamicEdgeConv", found.adjacency, points, asking, self.network, self.aggregator)

    def extra_repr(self) -> str:
        """Options, as in the constructor."""
        return f"k={self.k}, aggregator={self.aggregator!r}"
