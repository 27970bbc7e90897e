"""Labels that go from neighbour to neighbour."""

from typing import Literal, TypeAlias, get_args

import torch
from torch import Tensor

from ...errors import OptionError, check_choice, check_probability, message
from ...ops import settle_labels
from .._adjacency import Adjacency
from .._graph import Graph
from .._naming import EdgeType
from ._edges import inner_edges, neighbors_of, numbers_of_nodes
from ._grouping import Grouping, grouped
from ._spread import spread_values

Method: TypeAlias = Literal["spread", "clamp"]
"""Whether known labels may change, or stay."""


def label_communities(
    graph: Graph | Adjacency, *, seed: int = 0, max_rounds: int = 100, edge_type: str | EdgeType | None = None
) -> Grouping:
    """Find communities: every node takes the label that most of its neighbours have, until none wants another.

    The graph is read as an undirected one: nodes that an edge joins either way are neighbours, once, and no node is its own.

    Args:
        seed: draws the order in which nodes choose; of labels equally frequent the first drawn wins, unless a node has one.
        max_rounds: stops after so many rounds over all nodes; most graphs need 5 to 20.
        edge_type: which edges, if there are several types.

    Raises:
        FeatureError: if there is no such type, or several and none was named.
        ShapeError, OptionError: if arguments are of another kind.

    *Source* Raghavan, Albert, Kumara (2007), Near linear time algorithm to detect community structures in large-scale
    networks, arXiv 0709.2938.

    *Differs from the source* the order is drawn once and serves all rounds.

    *Cost* sorts the edges both ways by counting, then reads them once a round, on one thread.

    >>> label_communities(Graph([0, 1, 2, 3, 4, 5], [1, 2, 0, 4, 5, 3])).group.tolist()
    [0, 0, 0, 1, 1, 1]
    """
    adjacency = inner_edges("label_communities", graph, edge_type)
    if max_rounds < 0:
        raise OptionError(message("label_communities", "`max_rounds` of at least 0", str(max_rounds)))
    indptr, neighbor = neighbors_of(adjacency)
    order = torch.randperm(adjacency.num_sources, generator=torch.Generator().manual_seed(seed))
    return grouped(settle_labels(indptr, neighbor, order.to(neighbor), max_rounds))


def propagate_labels(
    graph: Graph | Adjacency,
    label: Tensor,
    *,
    num_classes: int | None = None,
    method: Method = "spread",
    alpha: float = 0.9,
    num_iterations: int = 50,
    edge_type: str | EdgeType | None = None,
) -> Tensor:
    """Give the labels of some nodes to all others, as scores that go along the edges.

    "spread": `y = alpha * D^-1/2 A D^-1/2 y + (1 - alpha) * y0`, "clamp": `y = D^-1 A y`, and `y = y0` at known labels

    *Shapes* `label: (num_nodes,)`, int32 or int64, -1 where it is not known -> `(num_nodes, num_classes)`, of torch's default
    dtype; `.argmax(1)` gives labels, `.amax(1) > 0` tells the nodes that some label reached.

    Args:
        num_classes: one more than the largest label if not given.
        method: whether known labels may be overruled by their neighbours ("spread"), or stay ("clamp").
        alpha: how much the neighbours count in "spread".
        num_iterations: how many edges labels go along.
        edge_type: which edges, if there are several types.

    Raises:
        FeatureError: if there is no such type, or several and none was named.
        ShapeError, DtypeError, OptionError: if arguments are of another kind, or a label is not below `num_classes`.

    Labels go from source to target; a graph whose edges stand there one way only wants them both ways first.

    *Source* "spread": Zhou, Bousquet, Lal, Weston, Schölkopf (2004), Learning with Local and Global Consistency; "clamp": Zhu and
    Ghahramani (2002), Learning from Labeled and Unlabeled Data with Label Propagation.

    *Cost* compresses the edges once for the graph, then reads a row of scores for each in every iteration.

    >>> label = torch.tensor([0, -1, -1, 1])
    >>> propagate_labels(Graph([0, 1, 1, 2, 2, 3], [1, 0, 2, 1, 3, 2]), label).argmax(1)
    tensor([0, 0, 1, 1])
    """
    adjacency = inner_edges("propagate_labels", graph, edge_type)
    known, scores = _known_scores(label, num_classes, adjacency)
    check_choice("propagate_labels", "method", method, get_args(Method))
    check_probability("propagate_labels", "alpha", alpha)
    if method == "spread":
        return spread_values(adjacency, scores, alpha=alpha, num_iterations=num_iterations)
    kept = scores[known]

    def reset(scores: Tensor) -> Tensor:
        return scores.index_copy_(0, known, kept)

    return spread_values(adjacency, scores, alpha=1.0, norm="right", num_iterations=num_iterations, after=reset)


def _known_scores(label: Tensor, num_classes: int | None, adjacency: Adjacency) -> tuple[Tensor, Tensor]:
    """Which labels are known, and a row for each node with a 1 at its label."""
    label = numbers_of_nodes("propagate_labels", "label", label, adjacency)
    known = (label >= 0).nonzero().squeeze(1)
    most = int(label.max()) + 1 if label.numel() else 0
    count = max(most, 0) if num_classes is None else num_classes
    if most > count:
        raise OptionError(message("propagate_labels", f"labels below {count}", str(most - 1)))
    scores = torch.zeros(label.shape[0], count, device=label.device)
    scores[known, label[known]] = 1
    return known, scores
