"""Features on one scale: by row, or by column with statistics that can be applied again."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from ...errors import OptionError, ShapeError, check_choice, message
from .._adjacency import Ids
from .._by_type import set_of
from .._graph import Graph
from .._naming import EdgeType
from ._with_features import floats_of, rows_chosen, with_features

RowNorm = Literal["l1", "l2", "max"]
_ORDERS = {"l1": 1.0, "l2": 2.0, "max": float("inf")}


def normalise_rows(graph: Graph, name: str = "x", norm: RowNorm = "l1", *, of: str | EdgeType | None = None) -> Graph:
    """Divide each row of a feature by its length.

    `out[i] = x[i] / |x[i]|`, where |x| is the sum of absolute values ("l1"), the root of the sum of squares ("l2") or
    the largest absolute value ("max")

    *Shapes* `x: (count, *F) -> (count, *F)`; a row of zeros stays. Integers become torch's default float.

    Args:
        of: the node type or edge type whose feature it is; the nodes, if there is one node type.

    Raises:
        FeatureError: if there is no such feature, or `of` is needed.
        OptionError: if `norm` is another word.

    *Cost* two passes over the feature.

    >>> graph = Graph([0], [1])
    >>> graph.nodes["x"] = [[1, 3], [0, 0]]
    >>> normalise_rows(graph).nodes["x"]
    tensor([[0.2500, 0.7500],
            [0.0000, 0.0000]])
    """
    check_choice("normalise_rows", "norm", norm, list(_ORDERS))
    found = set_of("normalise_rows", "of", graph, of)
    x = floats_of("normalise_rows", found, name)
    if x.numel() == 0:
        return with_features(graph, {found.type: {name: x}})
    length = torch.linalg.vector_norm(x.flatten(1) if x.dim() > 1 else x[:, None], _ORDERS[norm], dim=1)
    length = length.where(length != 0, 1).reshape(-1, *(1,) * (x.dim() - 1))
    return with_features(graph, {found.type: {name: x / length}})


@dataclass(frozen=True, eq=False)
class Scaling:
    """What is subtracted from each column, and what it is divided by then.

    *Shapes* `shift, scale: (*F)`, those of a row. Save them with a model: new data are scaled by the same.
    """

    shift: Tensor
    scale: Tensor


def fit_scaling(
    graph: Graph,
    name: str = "x",
    kind: Literal["standard", "range"] = "standard",
    *,
    rows: str | Ids | None = None,
    of: str | EdgeType | None = None,
) -> Scaling:
    """Measure how each column of a feature is scaled.

    "standard": shift is the mean and scale the standard deviation (the variance divides by the count); "range": shift
    is the minimum and scale the difference to the maximum. A column whose scale would be 0 gets 1.

    Args:
        rows: the rows to look at: ids, a mask, or the name of a feature that is a mask, as "train_mask"; all if None.
        of: the node type or edge type whose feature it is; the nodes, if there is one node type.

    Raises:
        FeatureError: if there is no such feature, or `of` is needed.
        OptionError: if there are no rows, or `kind` is another word.

    *Cost* two passes over the rows; sums are added in float64.

    >>> graph = Graph([0], [2])
    >>> graph.nodes["x"] = [1.0, 3.0, 100.0]
    >>> fit_scaling(graph, rows=[0, 1])
    Scaling(shift=tensor(2.), scale=tensor(1.))
    """
    check_choice("fit_scaling", "kind", kind, ("standard", "range"))
    found = set_of("fit_scaling", "of", graph, of)
    x = floats_of("fit_scaling", found, name).detach()
    if rows is not None:
        x = x.index_select(0, rows_chosen("fit_scaling", "rows", found, rows))
    if x.shape[0] == 0:
        raise OptionError(message("fit_scaling", "rows to measure", "none", "give a mask that is True somewhere"))
    if kind == "range":
        shift, highest = x.amin(0), x.amax(0)
        scale = highest - shift
    else:
        mean = x.mean(0, dtype=torch.float64)
        scale = (x - mean).square().mean(0).sqrt().to(x.dtype)
        shift = mean.to(x.dtype)
    return Scaling(shift, scale.where(scale != 0, 1))


def apply_scaling(graph: Graph, scaling: Scaling, name: str = "x", *, of: str | EdgeType | None = None) -> Graph:
    """Scale each column of a feature by what was measured before.

    `out[i] = (x[i] - shift) / scale`

    *Shapes* `x: (count, *F) -> (count, *F)`. Integers become torch's default float.

    Args:
        of: the node type or edge type whose feature it is; the nodes, if there is one node type.

    Raises:
        FeatureError: if there is no such feature, or `of` is needed.
        ShapeError: if rows have another shape than those that were measured.

    >>> graph = Graph([0], [2])
    >>> graph.nodes["x"] = [1.0, 3.0, 100.0]
    >>> apply_scaling(graph, fit_scaling(graph, rows=[0, 1])).nodes["x"]
    tensor([-1.,  1., 98.])
    """
    found = set_of("apply_scaling", "of", graph, of)
    x = floats_of("apply_scaling", found, name)
    if x.shape[1:] != scaling.shift.shape:
        expected = f"rows of shape {tuple(scaling.shift.shape)}, as were measured"
        raise ShapeError(message("apply_scaling", expected, str(tuple(x.shape[1:]))))
    shift, scale = scaling.shift.to(x), scaling.scale.to(x)
    return with_features(graph, {found.type: {name: (x - shift) / scale}})
