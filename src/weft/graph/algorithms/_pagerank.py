"""PageRank, for everybody or for each of several persons."""

import warnings

import torch
from torch import Tensor

from ...errors import DtypeError, OptionError, ShapeError, WeftWarning, check_probability, message
from ...ops import Structure, spmm
from .._adjacency import Adjacency
from .._graph import Graph
from .._naming import EdgeType
from ._edges import check_weight, inner_edges


@torch.no_grad()
def pagerank(
    graph: Graph | Adjacency,
    *,
    damping: float = 0.85,
    personalisation: Tensor | None = None,
    weight: Tensor | None = None,
    tolerance: float = 1e-6,
    max_iterations: int = 100,
    edge_type: str | EdgeType | None = None,
) -> Tensor:
    """Find how often a walk that now and then starts anew is at each node.

    `rank = damping * (P^T rank + lost * start) + (1 - damping) * start`, where `P[i, j]` is the share of edge i -> j in what
    leaves i, `start` the distribution over nodes where walks begin, and `lost` the rank of nodes that no edge leaves

    *Shapes* `personalisation: (num_nodes,)` or `(num_nodes, num_persons)`; `weight: (num_edges,)` -> the shape of
    `personalisation`, `(num_nodes,)` without it. Each column adds up to 1.

    Args:
        damping: how likely a walk follows an edge.
        personalisation: where walks begin, not negative, scaled to add up to 1 in each column; all nodes alike if not
            given. All columns are computed in one walk over the edges.
        weight: how likely each edge of a node is taken, not negative, all alike if not given.
        tolerance: stops when the rank of no column changes by more in an iteration, all nodes together; never if 0.
        max_iterations: stops then, with a warning unless the tolerance is 0.
        edge_type: which edges, if there are several types.

    Raises:
        FeatureError: if there is no such type, or several and none was named.
        ShapeError, DtypeError, OptionError: if arguments are of another kind.

    The dtype is that of `personalisation`, or of `weight`, or torch's default. There are no gradients.

    *Source* Page, Brin, Motwani, Winograd (1999), The PageRank Citation Ranking: Bringing Order to the Web; Haveliwala (2002),
    Topic-Sensitive PageRank.

    *Differs from the source* nodes that no edge leaves start walks anew; NetworkX does the same, but its tolerance is for
    a node.

    *Cost* compresses the edges once for the graph, then reads them and three arrays of ranks in every iteration.

    >>> pagerank(Graph([0, 1, 2], [1, 2, 1]), tolerance=1e-4).mul(100).round()
    tensor([ 5., 49., 46.])
    """
    adjacency = inner_edges("pagerank", graph, edge_type)
    _check_options(damping, tolerance, max_iterations)
    start = _start(personalisation, weight, adjacency)
    rows, edge = Structure(*adjacency.by_target[:2]), adjacency.target_order
    leaving = adjacency.out_degrees().to(start.dtype)
    shares = None
    if weight is not None:
        check_weight("pagerank", weight, adjacency)
        shares = weight.to(start.dtype)
        leaving = torch.zeros_like(leaving).index_add(0, adjacency.source.long(), shares)
        shares = shares if edge is None else shares[edge]
    scale = torch.where(leaving > 0, damping / leaving, 0).reshape(-1, *(1,) * (start.dim() - 1))
    dead_ends = (leaving <= 0).nonzero().squeeze(1)
    rank, change = start, torch.inf
    for _ in range(max_iterations):
        lost = rank.index_select(0, dead_ends).sum(0)
        moved = spmm(rows, rank * scale, shares).addcmul_(start, 1 - damping + damping * lost)
        if tolerance > 0:
            change = float(rank.sub(moved).abs_().sum(0).max()) if rank.numel() else 0.0
        rank = moved
        if change <= tolerance:
            return rank
    if tolerance > 0:
        text = f"pagerank: the ranks still changed by {change:.3g} after {max_iterations} iterations"
        warnings.warn(f"{text}; hint: raise max_iterations or tolerance, or compute in float64", WeftWarning)
    return rank


def _check_options(damping: float, tolerance: float, max_iterations: int) -> None:
    check_probability("pagerank", "damping", damping)
    if not tolerance >= 0:
        raise OptionError(message("pagerank", "`tolerance` of at least 0", repr(tolerance)))
    if max_iterations < 1:
        raise OptionError(message("pagerank", "`max_iterations` of at least 1", repr(max_iterations)))


def _start(personalisation: Tensor | None, weight: Tensor | None, adjacency: Adjacency) -> Tensor:
    """The distribution where walks begin."""
    num = adjacency.num_sources
    if personalisation is None:
        dtype = torch.get_default_dtype() if weight is None or not weight.is_floating_point() else weight.dtype
        return torch.full((num,), 1 / max(num, 1), dtype=dtype, device=adjacency.device)
    if not personalisation.is_floating_point():
        raise DtypeError(message("pagerank", "`personalisation` of a floating dtype", str(personalisation.dtype)))
    if personalisation.dim() not in (1, 2) or personalisation.shape[0] != num:
        expected = f"`personalisation` of shape ({num},) or ({num}, num_persons)"
        raise ShapeError(message("pagerank", expected, str(tuple(personalisation.shape))))
    if not bool((personalisation >= 0).all()):
        raise OptionError(message("pagerank", "`personalisation` of at least 0", str(personalisation.min().item())))
    total = personalisation.sum(0)
    if num and not bool(((total > 0) & total.isfinite()).all()):
        got = "a column that adds up to 0, or to infinity"
        raise OptionError(message("pagerank", "a column of `personalisation` that says where to begin", got))
    return personalisation / total
