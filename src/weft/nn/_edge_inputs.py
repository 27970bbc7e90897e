"""Features and types of edges that layers take, checked once for all of them."""

from torch import Tensor

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
