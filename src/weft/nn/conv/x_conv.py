"""PointCNN: a convolution on neighbours that a learned matrix puts into an order."""

import math
from typing import final

import torch
from torch import Tensor, nn

from ...errors import OptionError, ShapeError, StructureError, message
from .._points import clouds_of, neighbours_of


@final
class XConv(nn.Module):
    """A convolution over the nearest neighbours of each point, after a matrix made of their places has mixed them.

    With P the places of the K neighbours of point i less its own, (K, dims), and F their features, (K, in_features):

        lifted = lift(P)                        a network on each place: (K, lifted_features)
        mixed  = transform(P)^T [lifted, F]     a network on all places: (K, K)
        out[i] = W depthwise(mixed) + b         a filter of length K for each feature, then a linear map

    It takes points and finds its edges itself: `layer(x, position=p)`, with `indptr=pointers` for a batch of clouds.

    *Shapes* `x: (num_points, in_features)`, `position: (num_points, dims) -> (num_points, out_features)`; `indptr: (num_clouds +
    1,)`, int64: cloud c is rows `indptr[c]` to `indptr[c + 1]`, and has no neighbours outside of it.

    Args:
        kernel_size: K, a point itself among its neighbours.
        dims: of positions.
        lifted_features: a quarter of in_features, at least 1, if not given.
        dilation: takes each dilation-th of the K * dilation nearest points.
        bias: adds b.

    Raises:
        OptionError: in the constructor, if kernel_size, dilation or a width is below 1.
        ShapeError, DtypeError: in the call, if features, positions or pointers do not fit each other or the layer.
        StructureError: in the call, if a cloud has fewer than K * dilation points.

    *Source* Li, Bu, Sun, Wu, Di and Chen, 2018, PointCNN: Convolution On X-Transformed Points, arXiv:1801.07791, algorithm 1
    and section 3.3.

    *Differs from the source* every point is a representative: its features stay at its place. Dilation takes the same
    neighbours in each call, where the source draws them.
    *Differs from PyG* a batch is told by pointers; dilation draws nothing; too small clouds are an error.

    *Cost* a search, see `weft.ops.knn`; tensors of num_points x K x (in_features + lifted_features) are allocated and kept: the
    batch normalisation of both networks looks at all neighbours.

    >>> import torch
    >>> layer = XConv(4, 8, kernel_size=5)
    >>> layer(torch.randn(20, 4), position=torch.randn(20, 3)).shape
    torch.Size([20, 8])
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        kernel_size: int,
        dims: int = 3,
        lifted_features: int | None = None,
        dilation: int = 1,
        bias: bool = True,
    ) -> None:
        super().__init__()
        lifted = max(1, in_features // 4) if lifted_features is None else lifted_features
        if min(kernel_size, dilation, dims, lifted) < 1:
            got = f"{kernel_size}, {dilation}, {dims}, {lifted}"
            expected = "`kernel_size`, `dilation`, `dims` and `lifted_features` of at least 1"
            raise OptionError(message("XConv", expected, got))
        self.in_features, self.out_features, self.dims = in_features, out_features, dims
        self.kernel_size, self.lifted_features, self.dilation = kernel_size, lifted, dilation
        square, width = kernel_size**2, in_features + lifted
        self.lift = nn.Sequential(
            nn.Linear(dims, lifted), nn.ELU(), nn.BatchNorm1d(lifted),
            nn.Linear(lifted, lifted), nn.ELU(), nn.BatchNorm1d(lifted),
        )  # fmt: skip
        self.transform = nn.Sequential(
            nn.Linear(dims * kernel_size, square), nn.ELU(), nn.BatchNorm1d(square), _Square(kernel_size),
            nn.Conv1d(kernel_size, square, kernel_size, groups=kernel_size), nn.ELU(), nn.BatchNorm1d(square),
            _Square(kernel_size),
            nn.Conv1d(kernel_size, square, kernel_size, groups=kernel_size), nn.BatchNorm1d(square), _Square(kernel_size),
        )  # fmt: skip
        depth = math.ceil(out_features / width)
        self.conv = nn.Sequential(
            nn.Conv1d(width, width * depth, kernel_size, groups=width),
            nn.Flatten(1),
            nn.Linear(width * depth, out_features, bias=bias),
        )

    def reset_parameters(self) -> None:
        """Draw all weights anew, as torch draws those of linear maps and convolutions."""
        for part in self.modules():
            if isinstance(part, nn.Linear | nn.Conv1d | nn.BatchNorm1d):
                part.reset_parameters()

    def forward(self, x: Tensor, *, position: Tensor, indptr: Tensor | None = None) -> Tensor:
        """Compute the new features of all points."""
        clouds = clouds_of("XConv", position, indptr)
        count, k = position.shape[0], self.kernel_size
        if x.shape != (count, self.in_features) or position.shape[1] != self.dims:
            expected = f"`x` ({count}, {self.in_features}) and `position` ({count}, {self.dims})"
            raise ShapeError(message("XConv", expected, f"{tuple(x.shape)} and {tuple(position.shape)}"))
        source = neighbours_of(clouds.detach(), k * self.dilation).adjacency.source
        if source.shape[0] != count * k * self.dilation:
            expected = f"clouds of at least {k} x {self.dilation} points"
            raise StructureError(message("XConv", expected, "a smaller one"))
        near = source.reshape(count, k, self.dilation)[:, :, 0]
        place = position[near] - position.unsqueeze(1)
        lifted = self.lift(place.flatten(0, 1)).unflatten(0, (count, k))
        features = torch.cat((lifted, x[near].to(lifted.dtype)), -1)
        return self.conv(features.mT @ self.transform(place.flatten(1)))  # type: ignore[no-any-return]

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        options = f"dims={self.dims}, lifted_features={self.lifted_features}, dilation={self.dilation}"
        bias = self.conv[2].bias is not None
        return f"{self.in_features}, {self.out_features}, kernel_size={self.kernel_size}, {options}, bias={bias}"


class _Square(nn.Module):
    """Rows of size^2 numbers as matrices."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, x: Tensor) -> Tensor:
        return x.reshape(x.shape[0], self.size, self.size)
