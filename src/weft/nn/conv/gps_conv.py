"""GPS: message passing along edges beside attention to all nodes of a graph."""

import inspect
from typing import Literal, final

from torch import Tensor, nn
from torch.nn import functional

from ...errors import OptionError, ShapeError, check_choice, check_probability, message
from ...graph import Graph, adjacency_of
from .._arguments import Edges
from .._attend_in_graphs import attend_in_graphs
from .._reset import reset_inside

Norm = Literal["batch", "layer", "none"]
NORMS = ("batch", "layer", "none")


@final
class GPSConv(nn.Module):
    """A layer on the edges and attention of every node to all nodes of its graph, added, and a network on the sum.

    With D for dropout:

        local[i]  = norm_local(x[i] + D(conv(graph, x)[i]))
        global[i] = norm_global(x[i] + D(W_out [sum over j in i's graph of attention(i, j) * value[j]] + b_out))
        out[i]    = norm_out(h[i] + D(W_2 D(relu(W_1 h[i] + b_1)) + b_2))     where h = local + global

    and for each head, `attention(i, j) = softmax over j of (query[i] . key[j] / sqrt(features / num_heads))`, queries, keys and
    values linear maps of x with biases.

    *Shapes* `x: (num_nodes, features) -> (num_nodes, features)`; square graphs. Graphs of a batch, `weft.graph.batch`, are apart;
    for an adjacency `indptr: (num_graphs + 1,)`, int64, says where the nodes of each begin.

    Args:
        features: width of x and of what `conv` returns, a multiple of num_heads.
        conv: a layer that takes (graph, x), and `edge_weight` and `edge_features` if it has such arguments; None leaves
            attention alone.
        dropout: probability of dropping what is added to x and in the network, in training.
        attention_dropout: probability of dropping an attention, in training.
        norm: "batch" and "layer" with scale and shift, or "none".

    Raises:
        OptionError: in the constructor, if options do not exist or exclude each other; in the call, if `conv` has no argument
            for what is given.
        ShapeError: in the call, if features do not fit the graph or the layer, or the graph is bipartite.

    *Source* Rampášek, Galkin, Dwivedi, Luu, Wolf and Beaini, 2022, Recipe for a General, Powerful, Scalable Graph Transformer,
    arXiv:2205.12454, equations 2 to 5.

    *Differs from the source* encodings of position and structure are features of x, of the caller's; edge features do not
    change.
    *Differs from PyG* a batch is the graph's; relu and attention of all pairs only; "layer" is normalisation of each node,
    PyG's `norm_kwargs={"mode": "node"}`, where its default takes all nodes of a graph together.

    *Cost* what conv costs, and num_nodes x the size of its graph x features for attention, without padding, in one call of
    torch for each size of graph that there is; nothing of the size of all pairs is allocated on processors.

    >>> import torch
    >>> from weft.graph import Graph, batch
    >>> from weft.nn import GraphConv
    >>> layer = GPSConv(8, GraphConv(8, 8), num_heads=2)
    >>> both = batch([Graph([0, 1], [1, 0], 3), Graph([0], [1], 2)])
    >>> layer(both, torch.randn(5, 8)).shape
    torch.Size([5, 8])
    """

    def __init__(
        self,
        features: int,
        conv: nn.Module | None,
        num_heads: int = 1,
        *,
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        norm: Norm = "batch",
    ) -> None:
        super().__init__()
        check_probability("GPSConv", "dropout", dropout)
        check_probability("GPSConv", "attention_dropout", attention_dropout)
        check_choice("GPSConv", "norm", norm, NORMS)
        if num_heads < 1 or features % num_heads:
            expected = "`features` to be a multiple of `num_heads`"
            raise OptionError(message("GPSConv", expected, f"{features} and {num_heads}"))
        self.features, self.num_heads, self.norm = features, num_heads, norm
        self.dropout, self.attention_dropout = dropout, attention_dropout
        self.conv = conv
        self._conv_takes = frozenset() if conv is None else frozenset(inspect.signature(conv.forward).parameters)
        self.in_proj, self.out_proj = nn.Linear(features, 3 * features), nn.Linear(features, features)
        self.norm_local = None if conv is None else _norm(norm, features)
        self.norm_global, self.norm_out = _norm(norm, features), _norm(norm, features)
        self.network = nn.Sequential(
            nn.Linear(features, 2 * features), nn.ReLU(), nn.Dropout(dropout),
            nn.Linear(2 * features, features), nn.Dropout(dropout),
        )  # fmt: skip
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw queries, keys and values from Glorot's uniform distribution, and all else anew as its modules do."""
        reset_inside(*self.children())
        nn.init.xavier_uniform_(self.in_proj.weight)
        nn.init.zeros_(self.in_proj.bias)
        nn.init.zeros_(self.out_proj.bias)

    def forward(
        self,
        graph: Edges,
        x: Tensor,
        edge_weight: Tensor | None = None,
        *,
        edge_features: Tensor | None = None,
        indptr: Tensor | None = None,
    ) -> Tensor:
        """Compute the new features of all nodes."""
        adjacency = adjacency_of(graph)
        shape = (adjacency.num_sources, self.features)
        if adjacency.num_targets != shape[0] or x.shape != shape:
            expected = f"a square graph, and `x` of shape (num_nodes, {self.features})"
            got = f"{shape[0]} sources, {adjacency.num_targets} targets and {tuple(x.shape)}"
            raise ShapeError(message("GPSConv", expected, got))
        if indptr is None and isinstance(graph, Graph):
            indptr = graph.nodes.offsets
        h = self._added(x, self._attend(x, indptr), self.norm_global)
        if self.conv is not None:
            local = self.conv(graph, x, **self._given(edge_weight=edge_weight, edge_features=edge_features))
            h = h + self._added(x, local, self.norm_local)
        out = h + self.network(h)
        return out if self.norm_out is None else self.norm_out(out)  # type: ignore[no-any-return]

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        options = f"dropout={self.dropout}, attention_dropout={self.attention_dropout}, norm={self.norm!r}"
        return f"{self.features}, num_heads={self.num_heads}, {options}"

    def _attend(self, x: Tensor, indptr: Tensor | None) -> Tensor:
        projected = self.in_proj(x).reshape(x.shape[0], 3, self.num_heads, self.features // self.num_heads)
        dropout = self.attention_dropout if self.training else 0.0
        return self.out_proj(attend_in_graphs(projected, indptr, dropout).flatten(1))  # type: ignore[no-any-return]

    def _added(self, x: Tensor, new: Tensor, norm: nn.Module | None) -> Tensor:
        new = functional.dropout(new, self.dropout, self.training)
        new = new + x.to(new.dtype)
        return new if norm is None else norm(new)

    def _given(self, **inputs: Tensor | None) -> dict[str, Tensor]:
        """What conv is given by name; it has to take all of it."""
        given = {name: value for name, value in inputs.items() if value is not None}
        unknown = given.keys() - self._conv_takes
        if unknown:
            expected = f"what {type(self.conv).__name__} takes"
            raise OptionError(message("GPSConv", expected, " and ".join(f"`{name}`" for name in sorted(unknown))))
        return given


def _norm(norm: str, features: int) -> nn.Module | None:
    return {"batch": nn.BatchNorm1d, "layer": nn.LayerNorm}[norm](features) if norm != "none" else None
