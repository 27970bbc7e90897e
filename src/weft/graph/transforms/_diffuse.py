"""Edges to all nodes that a diffusion reaches, and which of them are kept."""

from collections.abc import Iterator
from typing import Literal

import torch
from torch import Tensor

from ... import settings
from ...errors import OptionError, check_choice, message
from ...ops import coo_to_csc, push_pagerank, spmm, top_rows
from .._adjacency import Adjacency
from .._graph import Graph
from .._naming import EdgeType
from .._subgraph import derive
from ._columns import Places, dense_matrices, places_of, unit_columns
from ._kernels import PPR, Kernel
from ._normalise_edges import Norm, normalise_edges, transition_edges, weighted_degrees
from ._with_features import inner_edge_type

Entries = tuple[Tensor, Tensor, Tensor]
"""Target, source and value of each entry."""

_NO_LIMIT = 2**62  # rounds: what is pushed along is checked to end


def diffuse(
    graph: Graph,
    kernel: Kernel | None = None,
    name: str = "weight",
    *,
    norm: Norm = "both",
    weight: str | None = None,
    self_loops: bool = True,
    top_k: int | None = None,
    threshold: float = 0.0,
    method: Literal["power", "exact", "push"] = "power",
    tolerance: float = 1e-6,
    edge_type: str | EdgeType | None = None,
) -> Graph:
    """Replace edges by those of a diffusion, with its weights as a feature.

    `S = sum over k of kernel[k] * T^k`, where T[i, j] is the sum of the weights of the edges j -> i, normalised as
    `normalise_edges` does. Where S[i, j] is above the threshold, and among the k largest of its row, the new graph has
    an edge j -> i with the weight S[i, j], ordered by i, then j. So the sum over the new edges is S x.

    With norm "right" row i of S tells where walks from i against the edges end; they add up to 1 if no node on the way
    is without edges. The graphs of a batch are diffused each by itself. Nodes keep their features, other edge types
    theirs; those of the edges that are replaced are left behind.

    Args:
        kernel: `PPR(alpha)`, `Heat(t)` or `Powers(coefficients)`; PPR(0.15) if None.
        name: the edge feature that takes the weights.
        weight: the edge feature that holds weights of the edges; 1 for every edge if None.
        self_loops: T has a self loop of weight 1 at each node that has none.
        top_k: how many sources each target keeps at most, of equal weights the first; all if None.
        threshold: what an entry has to be above.
        method: "power" adds up powers, until the rest of the coefficients adds up to less than the tolerance; "exact"
            solves dense systems, (size of a graph)^2 in memory; "push", for PPR alone, moves probability along edges
            where a node holds more than tolerance x its in-degree, and costs little where the graph is large: with
            norm "right" and edges both ways an entry is too small by at most tolerance x the in-degree of its source.
        edge_type: an edge type within one node type.

    Raises:
        FeatureError: if there is no such edge type or feature, or several edge types and no name.
        OptionError: if the edge type joins two node types, or options do not exist or exclude each other.

    *Source* Gasteiger, Weissenberger and Günnemann, 2019, Diffusion Improves Graph Learning, arXiv:1911.05485,
    equation 1; "push" is Andersen, Chung and Lang, 2006, Local Graph Partitioning using PageRank Vectors, with
    all nodes that hold enough pushed at once, and each target's own node first.

    *Cost* of "power" N x E for each power (for a batch, E x the nodes of its largest graph); of "exact" N^3; of "push",
    with norm "right", at most E + N / (alpha x tolerance), on all threads of the CPU, wherever the graph lies.
    Memory is that of the result and some chunks of `settings.chunk_bytes`; "push" needs 64 N bytes more for each thread.

    >>> found = diffuse(Graph([0, 1, 2, 3], [1, 2, 3, 0]), PPR(0.5), norm="right", self_loops=False, top_k=2)
    >>> found.adjacency.source.tolist(), found.edges["weight"]
    ([0, 3, 0, 1, 1, 2, 2, 3], tensor([0.5333, 0.2667, 0.2667, 0.5333, 0.2667, 0.5333, 0.2667, 0.5333]))
    """
    kernel = PPR() if kernel is None else kernel
    chosen = inner_edge_type("diffuse", graph, edge_type)
    _check(kernel, method, top_k, tolerance)
    adjacency, w = transition_edges("diffuse", graph, chosen, norm, weight, self_loops=self_loops, dtype=torch.float64)
    w = w.detach()
    places = places_of(graph.node_sets[chosen[0]])
    if isinstance(kernel, PPR) and method == "push":
        _check_pushes(adjacency, w, norm, kernel.alpha)
        found = _pushed(adjacency, w, kernel.alpha, tolerance)
    elif method == "exact":
        found = _exact(adjacency, w, kernel, places)
    else:
        found = _power(adjacency, w, kernel, places, tolerance)
    # Chunk by chunk, so that what is not kept is gone before the next one comes.
    kept = [_largest(entries, top_k, threshold, adjacency.num_sources) for entries in found]
    none = adjacency.source.new_zeros(0), adjacency.source.new_zeros(0), w.new_zeros(0)
    target, source, value = (torch.cat(parts) for parts in zip(none, *kept, strict=True))
    order = coo_to_csc(target, source, adjacency.num_targets)[2].long()
    count, ids = adjacency.num_sources, adjacency.source.dtype
    made = Adjacency._trusted(source[order].to(ids), target[order].to(ids), count, count)
    others = {name: edges.adjacency for name, edges in graph.edge_sets.items()}
    return derive(
        "diffuse",
        graph,
        {name: nodes.count for name, nodes in graph.node_sets.items()},
        {**others, chosen: made},
        node_ids=dict.fromkeys(graph.node_types),
        edge_ids={name: None for name in others if name != chosen},
        given={chosen: {name: value[order].to(torch.get_default_dtype())}},
    ).graph


def gdc(graph: Graph, kernel: Kernel | None = None, name: str = "weight", *, top_k: int = 64) -> Graph:
    """Replace edges by those of GDC: the largest of a diffusion for each target.

    Weights add up to 1 for each target. This is `diffuse(graph, kernel, top_k=top_k)` and then `normalise_edges(...,
    "right")`, which are there to be composed otherwise.

    Args:
        kernel: `PPR(alpha)`, `Heat(t)` or `Powers(coefficients)`; PPR(0.15) if None.
        name: the edge feature that takes the weights.

    Raises:
        FeatureError, OptionError: as for `diffuse`.

    *Source* Gasteiger, Weissenberger and Günnemann, 2019, Diffusion Improves Graph Learning, arXiv:1911.05485.

    >>> gdc(Graph([0, 1, 2, 3], [1, 2, 3, 0]), top_k=2).edges["weight"].shape
    torch.Size([8])
    """
    return normalise_edges(diffuse(graph, kernel, name, top_k=top_k), "right", name, weight=name, self_loops=False)


def _check(kernel: Kernel, method: str, top_k: int | None, tolerance: float) -> None:
    check_choice("diffuse", "method", method, ("power", "exact", "push"))
    if method == "push" and not isinstance(kernel, PPR):
        raise OptionError(message("diffuse", 'a PPR kernel for the method "push"', repr(kernel)))
    if top_k is not None and top_k < 1:
        raise OptionError(message("diffuse", "`top_k` of at least 1", str(top_k)))
    if not 0 < tolerance < 1:
        raise OptionError(message("diffuse", "`tolerance` between 0 and 1", str(tolerance)))


def _check_pushes(adjacency: Adjacency, w: Tensor, norm: Norm, alpha: float) -> None:
    """Refuse weights with which pushes may grow for ever."""
    sums = weighted_degrees(adjacency.by_target, w)
    most = min(1 + 1e-6, 1 / (1 - alpha / 2))  # rounding may lift a sum above 1, but not to where nothing is lost
    if not bool((w >= 0).all()) or (norm == "none" and bool((sums > most).any())):
        hint = 'choose another norm, or method="power"'
        raise OptionError(
            message("diffuse", "weights of at least 0 to push along, adding up to at most 1", "others", hint)
        )


def _power(adjacency: Adjacency, w: Tensor, kernel: Kernel, places: Places, tolerance: float) -> Iterator[Entries]:
    coefficients = list(kernel.coefficients(tolerance))
    for x, _, _, low in unit_columns(places):
        total = torch.zeros_like(x)
        for at, coefficient in enumerate(coefficients):
            x = spmm(adjacency.by_source, x, w) if at else x
            total.add_(x, alpha=coefficient)
        source, column = total.nonzero().unbind(1)
        yield places.offsets[places.graph[source]] + low + column, source, total[source, column]


def _pushed(adjacency: Adjacency, w: Tensor, alpha: float, tolerance: float) -> Iterator[Entries]:
    """Rows of the matrix, as many at a time as fit a chunk; on the CPU, which has the kernel."""
    rows, count = adjacency.by_target, adjacency.num_targets
    value = w if rows.edge is None else w[rows.edge.long()]
    limit = tolerance * adjacency.in_degrees().clamp(min=1).double()
    matrix = rows.indptr.cpu(), rows.source.cpu(), value.cpu(), limit.cpu()
    seeds = torch.arange(count)
    capacity = max(count, min(count * count, settings.chunk_bytes // 16))
    while seeds.shape[0]:
        some = seeds[:capacity]
        kept, node, indptr = push_pagerank(*matrix, some, alpha, _NO_LIMIT, capacity)
        length, total = indptr.diff(), int(indptr[-1])
        target = some.repeat_interleave(length, output_size=total)
        yield target.to(w.device), node[:total].to(w.device).long(), kept[:total].to(w.device)
        seeds = seeds[int((length > 0).sum()) :]  # rows that are there have an entry


def _exact(adjacency: Adjacency, w: Tensor, kernel: Kernel, places: Places) -> Iterator[Entries]:
    for nodes, _, matrix in dense_matrices(places, places, adjacency, w):
        total = kernel.of(matrix).masked_fill_((nodes < 0)[:, :, None], 0)
        block, row, column = total.nonzero().unbind(1)
        yield nodes[block, row], nodes[block, column], total[block, row, column]


def _largest(entries: Entries, top_k: int | None, threshold: float, num_nodes: int) -> Entries:
    """The entries above the threshold, of each target the k largest; sources of a target ascend before and after."""
    target, source, value = (part[entries[2] > threshold] for part in entries)
    if top_k is None:
        return target, source, value
    indptr, _, order = coo_to_csc(target, source, num_nodes)
    rows = top_rows(indptr, value, top_k, order=order)[1].sort().values
    return target[rows], source[rows], value[rows]
