"""GravNet: neighbours in a learned space, weighted by their distance in it."""

from typing import Any, final

import torch
from torch import Tensor, nn

from ...errors import OptionError, ShapeError, message
from .._aggregate import aggregate
from .._arguments import Features
from .._formula import formula
from .._points import clouds_of, neighbours_of

SHARPNESS = 10.0  # of the potential, as in the source


def _weighted(source: Any, target: Any, edge: Any) -> Any:
    return source["h"] * torch.exp(edge["squared_distance"] * -SHARPNESS)


_WEIGHTED = formula(_weighted)


@final
class GravNetConv(nn.Module):
    """Learned features of the nearest neighbours in a learned space, weighted by distance, beside a point's own features.

    With `s[i] = W_space x[i] + b_space`, `h[i] = W_propagate x[i] + b_propagate` and, over the k points j nearest to s[i],
    `message(j, i) = exp(-10 * |s[j] - s[i]|^2) * h[j]`:

    `out[i] = W_self x[i] + W_neigh [mean over j of message(j, i), max over j of message(j, i)] + b`

    It takes points and finds its edges itself: `layer(x)`, or `layer(x, indptr=pointers)` for a batch of clouds.

    *Shapes* `x: (num_points, in_features) -> (num_points, out_features)`; `indptr: (num_clouds + 1,)`, int64: cloud c is rows
    `indptr[c]` to `indptr[c + 1]`, and has no neighbours outside of it. A pair `(x_source, x_target)`, with a pair of
    pointers, looks for neighbours of the targets among the sources.

    Args:
        space_features: dimensions of the space in which neighbours are near.
        propagated_features: width of what neighbours send.
        k: number of neighbours, a point itself among them; in a smaller cloud all points are neighbours.

    Raises:
        OptionError: in the constructor, if k is below 1.
        ShapeError, DtypeError, StructureError: in the call, if points or pointers do not fit each other or the layer.

    *Source* Qasim, Kieseler, Iiyama and Pierini, 2019, Learning Representations of Irregular Particle-detector Geometry with
    Distance-weighted Graph Networks, arXiv:1902.07987, section 4.

    *Differs from the source* no activation; W_self and W_neigh stand for its one weight on the concatenation.
    *Differs from PyG* a batch is told by pointers, and clouds may have fewer than k points.

    *Cost* a search, see `weft.ops.knn`; N x k x propagated_features reads in one pass. Nothing larger than N x k numbers, the
    distances, is allocated. The choice of neighbours has no gradient, their distances do.

    >>> import torch
    >>> layer = GravNetConv(4, 8, space_features=3, propagated_features=6, k=5)
    >>> layer(torch.randn(20, 4)).shape
    torch.Size([20, 8])
    """

    def __init__(
        self, in_features: int, out_features: int, *, space_features: int, propagated_features: int, k: int
    ) -> None:
        super().__init__()
        if k < 1:
            raise OptionError(message("GravNetConv", "`k` of at least 1", str(k)))
        self.in_features, self.out_features, self.k = in_features, out_features, k
        self.fc_space = nn.Linear(in_features, space_features)
        self.fc_propagate = nn.Linear(in_features, propagated_features)
        self.fc_self = nn.Linear(in_features, out_features, bias=False)
        self.fc_neigh = nn.Linear(2 * propagated_features, out_features)

    def reset_parameters(self) -> None:
        """Draw all weights anew, as torch draws those of linear maps."""
        for part in (self.fc_space, self.fc_propagate, self.fc_self, self.fc_neigh):
            part.reset_parameters()

    def forward(self, x: Features, *, indptr: Features | None = None) -> Tensor:
        """Compute the new features of all points, or of the targets of a pair."""
        clouds = clouds_of("GravNetConv", x, indptr)
        for each in (clouds.points, clouds.asking):
            if each.shape[1] != self.in_features:
                raise ShapeError(message("GravNetConv", f"points (*, {self.in_features})", str(tuple(each.shape))))
        found = neighbours_of(clouds.apply(self.fc_space), self.k)
        mean, highest = aggregate(
            found.adjacency, _WEIGHTED, reduce=("mean", "max"), source={"h": self.fc_propagate(clouds.points)},
            edge={"squared_distance": found.squared_distance.unsqueeze(1)},
        )  # fmt: skip
        neighbours = self.fc_neigh(torch.cat((mean, highest), 1))
        return self.fc_self(clouds.asking) + neighbours  # type: ignore[no-any-return]

    def extra_repr(self) -> str:
        """Sizes, as in the constructor."""
        space, propagated = self.fc_space.out_features, self.fc_propagate.out_features
        sizes = f"space_features={space}, propagated_features={propagated}, k={self.k}"
        return f"{self.in_features}, {self.out_features}, {sizes}"
