"""Features and types of edges that layers take, checked once for all of them."""

import torch
from torch import Tensor

from .. import settings
from ..errors import OptionError, ShapeError, message
from ..graph import Adjacency


def check_edge_features(where: str, edge_features: Tensor, adjacency: Adjacency, width: int) -> None:
    """Refuse features that have no row of the layer's width for each edge.

    Raises:
        ShapeError: if they do not.
    """
    count = adjacency.num_edges
    if edge_features.dim() < 2 or edge_features.shape[0] != count or edge_features.shape[-1] != width:
        form = f"`edge_features` of shape ({count}, *, {width})"
        raise ShapeError(message(where, form, str(tuple(edge_features.shape))))


def optional_edge_features(
    where: str, edge_features: Tensor | None, adjacency: Adjacency, width: int | None
) -> Tensor | None:
    """Features of the edges, of a layer that was made for them, or not.

    Raises:
        OptionError: if they are there and the layer takes none, or the other way round.
        ShapeError: if they do not fit.
    """
    if (edge_features is None) != (width is None):
        form, got = ("none", "some") if width is None else ("some", "none")
        hint = "the layer takes them if it is made with the option `edge_features`, their width"
        raise OptionError(message(where, f"`edge_features` to be {form}", got, hint))
    if edge_features is not None and width is not None:
        check_edge_features(where, edge_features, adjacency, width)
    return edge_features


def projects_at_once(edge_features: Tensor, out_features: int) -> bool:
    """Whether a linear map of the features of all edges stays within the budget of a chunk.

    Where it does, a layer maps them before its formula, which then is a program. Otherwise the formula maps them chunk by
    chunk. While a layer is compiled sizes decide nothing.
    """
    if torch.compiler.is_compiling():
        return False
    num_rows = edge_features.shape[:-1].numel()
    return num_rows * out_features * edge_features.element_size() <= settings.chunk_bytes
