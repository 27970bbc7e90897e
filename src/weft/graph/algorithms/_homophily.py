"""Homophily: how far edges join nodes of one class."""

from typing import Literal, TypeAlias, get_args

import torch
from torch import Tensor

from ...errors import check_choice
from .._adjacency import Adjacency
from .._graph import Graph
from .._naming import EdgeType
from ._edges import inner_edges, numbers_of_nodes

Measure: TypeAlias = Literal["edge", "node", "class_insensitive", "adjusted"]
"""What is meant by homophily."""


def homophily(
    graph: Graph | Adjacency,
    label: Tensor,
    *,
    measure: Measure = "edge",
    edge_type: str | EdgeType | None = None,
) -> Tensor:
    """Measure how far edges join nodes of one class.

    With `h(S)` the share of edges into nodes of S whose ends have the same label, `s[k]` and `t[k]` the shares of edges that
    leave and enter class k, and `n[k]` its share of the nodes:

    - "edge": `h(all)`;
    - "node": the mean of `h({i})` over the nodes i that edges enter;
    - "class_insensitive": `sum over classes k of max(0, h(k) - n[k]) / (num_classes - 1)`, 0 for labels drawn at random,
      however large the classes are;
    - "adjusted": `(h(all) - c) / (1 - c)` with `c = sum over k of s[k] * t[k]`, which knows how many edges the classes have: the
      assortativity of the labels, at most 1.

    *Shapes* `label: (num_nodes,)`, int32 or int64 -> `()`, float64. A batch is one graph.

    Args:
        label: classes; nodes with a negative one, and their edges, do not count, nor do classes without nodes.
        edge_type: which edges, if there are several types.

    Raises:
        FeatureError: if there is no such type, or several and none was named.
        ShapeError, DtypeError, OptionError: if arguments are of another kind.

    NaN if no edge counts, and for the last two if there is one class only.

    *Source* "edge": Zhu, Yan, Zhao, Heimann, Akoglu, Koutra (2020), Beyond Homophily in Graph Neural Networks, arXiv
    2006.11468; "node": Pei, Wei, Chang, Lei, Yang (2020), Geom-GCN: Geometric Graph Convolutional Networks, arXiv 2002.05287;
    "class_insensitive": Lim, Hohne, Li, Huang, Gupta, Bhalerao, Lim (2021), Large Scale Learning on Non-Homophilous Graphs,
    arXiv 2110.14446; "adjusted": Platonov, Kuznedelev, Babenko, Prokhorenkova (2022), Characterizing Graph Datasets for Node
    Classification, arXiv 2209.06177; Newman (2003), Mixing patterns in networks.

    *Cost* reads the edges once, in their order.

    >>> graph, label = Graph([0, 1, 1, 2], [1, 0, 2, 1]), torch.tensor([0, 0, 1])
    >>> homophily(graph, label).item(), homophily(graph, label, measure="node").item()
    (0.5, 0.5)
    """
    adjacency = inner_edges("homophily", graph, edge_type)
    label = numbers_of_nodes("homophily", "label", label, adjacency)
    check_choice("homophily", "measure", measure, get_args(Measure))
    source, target = label[adjacency.source], label[adjacency.target]
    is_known = (source >= 0) & (target >= 0)
    is_same = ((source == target) & is_known).double()
    if measure == "edge":
        return is_same.sum() / is_known.sum()
    if measure == "node":
        entering, alike = (_summed(adjacency.target, each, label.shape[0]) for each in (is_known, is_same))
        return (alike / entering)[entering > 0].mean()
    known_labels = label[label >= 0]
    sizes = torch.bincount(known_labels)
    entering, leaving = (torch.bincount(ends[is_known], minlength=sizes.shape[0]) for ends in (target, source))
    num_known = is_known.sum().double()
    if measure == "adjusted":
        by_chance = (leaving / num_known * (entering / num_known)).sum()
        return (is_same.sum() / num_known - by_chance) / (1 - by_chance)
    alike = _summed(target[is_known], is_same[is_known], sizes.shape[0])
    excess = alike / entering.clamp(min=1) - sizes / max(known_labels.shape[0], 1)
    num_others = (sizes > 0).sum() - 1
    return excess.clamp(min=0).sum() / num_others.where((num_others > 0) & (num_known > 0), torch.nan)


def _summed(index: Tensor, value: Tensor, count: int) -> Tensor:
    return torch.zeros(count, dtype=torch.float64, device=value.device).index_add(0, index.long(), value.double())
