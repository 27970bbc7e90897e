"""GraphSAGE: a node's own features beside an aggregate of its neighbours'."""

from collections.abc import Mapping
from typing import Any, Literal, final

import torch
from torch import Tensor, nn

from ...errors import OptionError, check_choice, check_probability, message
from ...graph import Adjacency
from ...ops import spmm
from .._aggregate import aggregate
from .._arguments import (
    Edges,
    Features,
    Reduce,
    Sizes,
    as_pair,
    check_edge_weight,
    drop_features,
    first_rows,
    resolve_ends,
)
from .._formula import formula
from .._reset import draw_glorot

Aggregator = Literal["mean", "sum", "max", "pool", "lstm", "gcn"]
AGGREGATORS = ("mean", "sum", "max", "pool", "lstm", "gcn")

_sent = formula(lambda source: source["h"])
_weighted = formula(lambda source, target, edge: source["h"] * edge["w"])


@final
class SAGEConv(nn.Module):
    """A linear map of each node's own features plus one of an aggregate over its neighbours.

    `out[i] = W_self x[i] + b + W_neigh n(i)`, where over the edges e = j -> i with w = edge_weight or 1

        aggregator   n(i)
        "mean"       mean of w[e] * x[j], over the number of edges
        "sum"        sum of w[e] * x[j]
        "max"        elementwise maximum of w[e] * x[j]
        "pool"       elementwise maximum of w[e] * relu(W_pool x[j] + b_pool)
        "lstm"       last state of an LSTM that reads w[e] * x[j] in the order of edge ids
        "gcn"        (x[i] + sum of w[e] * x[j]) / (1 + number of edges), and there is no W_self

    *Shapes* `x: (num_nodes, *, in_features) -> (num_nodes, *, out_features)`, or a pair
    `(x_source: (num_sources, *, in_source), x_target: (num_targets, *, in_target)) -> (num_targets, *, out_features)`;
    `edge_weight: (num_edges,)`. n(i) is 0 if no edge enters i ("gcn": x[i]).

    Args:
        in_features: one width, or (in_source, in_target) for a bipartite graph.
        dropout: probability of dropping input features in training: one draw for one tensor, two for a pair.
        bias: adds b; `b_pool` is always there.

    Raises:
        OptionError: in the constructor, if options do not exist or exclude each other.
        ShapeError: in the call, if features or edge weights do not fit the graph or the layer.

    *Source* Hamilton, Ying and Leskovec, 2017, Inductive Representation Learning on Large Graphs, arXiv:1706.02216,
    algorithm 1 and section 3.3.

    *Differs from the source* neither activation nor normalisation of the result: both are the caller's. "sum" and "max"
    are not in it; "sum" is the layer of Morris et al., 2019, Weisfeiler and Leman Go Neural, arXiv:1810.02244. W_self and
    W_neigh stand for its one weight on the concatenation. The LSTM reads neighbours as they come, not in random order:
    the caller shuffles the edges.
    *Differs from DGL* no activation or norm; "sum" and "max" are new; biases begin at 0. Parameters are DGL's:
    `fc_self.*`, `fc_neigh.weight`, `fc_pool.*` and `lstm.*`, or for "gcn" `bias` and `fc_neigh.weight`, so that its
    state_dicts load.
    *Differs from PyG* its SAGEConv and, as "sum", its GraphConv are this layer, and both load; `project` with "max" is
    "pool". Without root weight it is a GraphConv, norm "right" for the mean. Its LSTM also reads zeros behind the neighbours
    of nodes that have fewer than others. Normalising the result is the caller's here.

    *Cost* E x F reads; F is the smaller of in_source and out_features for "mean", "sum" and "gcn", which multiply
    before or after they aggregate, whichever is narrower, and in_source for "max" and "pool". No tensor is larger than
    N x the widest of all, but for "lstm", which runs on the targets of each degree in turn and does not compile.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0]), num_nodes=3)
    >>> layer = SAGEConv(4, 2, "pool")
    >>> layer(graph, torch.randn(3, 4)).shape
    torch.Size([3, 2])
    """

    def __init__(
        self,
        in_features: Sizes,
        out_features: int,
        aggregator: Aggregator = "mean",
        *,
        dropout: float = 0.0,
        bias: bool = True,
    ) -> None:
        super().__init__()
        check_choice("SAGEConv", "aggregator", aggregator, AGGREGATORS)
        check_probability("SAGEConv", "dropout", dropout)
        self.in_features, self.out_features = in_features, out_features
        self.aggregator, self.dropout = aggregator, dropout
        in_source, in_target = as_pair(in_features)
        if aggregator == "gcn" and in_source != in_target:
            got = f"{in_source} and {in_target}"
            raise OptionError(message("SAGEConv", 'sources and targets of one width for "gcn", which adds them', got))
        if aggregator == "gcn":
            self.bias = nn.Parameter(torch.empty(out_features)) if bias else None
        if aggregator == "pool":
            self.fc_pool = nn.Linear(in_source, in_source)
        if aggregator == "lstm":
            self.lstm = nn.LSTM(in_source, in_source, batch_first=True)
        self.fc_neigh = nn.Linear(in_source, out_features, bias=False)
        if aggregator != "gcn":
            self.fc_self = nn.Linear(in_target, out_features, bias=bias)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weights from Glorot's uniform distribution with the gain of relu, set biases to 0, and reset the LSTM."""
        if self.aggregator == "lstm":
            self.lstm.reset_parameters()
        draw_glorot(((name, own) for name, own in self.named_parameters() if not name.startswith("lstm.")), relu=True)

    def forward(self, graph: Edges, x: Features, edge_weight: Tensor | None = None) -> Tensor:
        """Compute the new features of all targets."""
        is_pair = isinstance(x, tuple)
        x = drop_features(x, self.dropout, self.training)
        adjacency, x_source, x_target = resolve_ends("SAGEConv", graph, x, as_pair(self.in_features))
        check_edge_weight("SAGEConv", edge_weight, adjacency)
        if self.aggregator == "gcn":
            return self._with_self_loops(adjacency, x_source, x_target if is_pair else None, edge_weight)
        # In place: a fresh N x F costs more than the addition, and no gradient reads what stood there.
        return self._neighbours(adjacency, x_source, edge_weight).add_(self.fc_self(x_target))

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        bias = self.bias if self.aggregator == "gcn" else self.fc_self.bias
        options = f"dropout={self.dropout}, bias={bias is not None}"
        return f"{self.in_features}, {self.out_features}, {self.aggregator!r}, {options}"

    def _neighbours(self, adjacency: Adjacency, h: Tensor, edge_weight: Tensor | None) -> Tensor:
        """W_neigh n(i)."""
        rows = adjacency.by_target
        if self.aggregator in ("max", "pool"):
            if self.aggregator == "pool":
                h = self.fc_pool(h).relu_()
            return self.fc_neigh(spmm(rows, h, edge_weight, "max"))  # type: ignore[no-any-return]
        if self.aggregator == "lstm":
            return self.fc_neigh(self._last_states(adjacency, h, edge_weight))  # type: ignore[no-any-return]
        reduce: Reduce = "mean" if self.aggregator == "mean" else "sum"
        if self._is_narrowing():
            return spmm(rows, self.fc_neigh(h), edge_weight, reduce)
        return self.fc_neigh(spmm(rows, h, edge_weight, reduce))  # type: ignore[no-any-return]

    def _last_states(self, adjacency: Adjacency, h: Tensor, edge_weight: Tensor | None) -> Tensor:
        sent = _sent if edge_weight is None else _weighted
        edge = None if edge_weight is None else {"w": edge_weight.reshape(-1, *(1,) * (h.dim() - 1))}
        return aggregate(adjacency, sent, reduce=_last_state, source={"h": h}, edge=edge, shared={"lstm": self.lstm})

    def _with_self_loops(
        self, adjacency: Adjacency, h: Tensor, h_target: Tensor | None, edge_weight: Tensor | None
    ) -> Tensor:
        if self._is_narrowing():
            h = self.fc_neigh(h)
            h_target = None if h_target is None else self.fc_neigh(h_target)
        if h_target is None:
            h_target = first_rows(h, adjacency.num_targets)
        h = spmm(adjacency.by_target, h, edge_weight, "sum")
        h.add_(h_target).div_((adjacency.in_degrees() + 1).reshape(-1, *(1,) * (h.dim() - 1)))
        if not self._is_narrowing():
            h = self.fc_neigh(h)
        return h if self.bias is None else h.add_(self.bias)

    def _is_narrowing(self) -> bool:
        return self.fc_neigh.in_features > self.out_features


def _last_state(mailbox: Tensor, shared: Mapping[str, Any]) -> Tensor:
    """The state of the LSTM after the neighbours of each row; dimensions between nodes and features are read apart."""
    read = mailbox.movedim(1, -2)
    last = shared["lstm"](read.reshape(-1, *read.shape[-2:]))[1][0][0]
    return last.reshape(*read.shape[:-2], -1)  # type: ignore[no-any-return]
