"""Heterogeneous graph transformer: attention with matrices of node types and of edge types."""

from collections.abc import Callable
from typing import Any, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...errors import check_probability
from ...graph import Adjacency
from ...ops import dot_attention, edge_softmax, gather_matmul, relational_matmul, relational_sddmm, type_order
from .._arguments import Edges, Features, Sizes, as_pair, name_of, resolve_ends
from .._types import check_types, node_type_ends, paired_sources, products_first, types_of
from ..hetero.typed_linear import TypedLinear


@final
class HGTConv(nn.Module):
    """Attention over typed edges, with keys, queries and values by the types of nodes.

    For each head, with k = K[s] x[j], v = V[s] x[j], q = Q[t] x[i] by the types s and t of the ends of e = j -> i, and
    r = edge_type[e],

        score[e]     = (k @ att[r]) . q * pri[r] / sqrt(out_features)
        attention[e] = softmax of score over the edges that enter i
        h[i]         = sum over edges e = j -> i of attention[e] * v @ msg[r]
        out[i]       = g * A[t] sigma(h[i]) + (1 - g) * x[i]   with g = sigmoid(skip[t])

    where x[i] goes through a linear map, `residual_w`, if the widths differ.

    *Shapes* `x: (num_nodes, in_features) -> (num_nodes, num_heads * out_features)`, or a pair for sources and targets, and
    then one of types; `node_type: (num_nodes,)`, `edge_type: (num_edges,)`, integers. h is 0 without an edge.

    Args:
        in_features: one width, or (in_source, in_target) for a bipartite graph.
        out_features: width of one head.
        activation: sigma of the source; in the authors' code `torch.nn.functional.gelu`. Without it the identity.
        dropout: probability of dropping values of A[t] sigma(h[i]) in training.
        layer_norm: normalises the result.
        bias: adds a row of the type to keys, queries, values and behind A.

    Raises:
        OptionError: in the constructor, if `dropout` is no probability.
        ShapeError, DtypeError, IdError: in the call, if arguments do not fit the graph or a type is not there.

    *Source* Hu, Dong, Wang and Sun, 2020, Heterogeneous Graph Transformer, arXiv:2003.01332, equations 3 to 5.

    *Differs from the source* sigma is the identity unless it is given; pri is of the edge type alone and the skip is gated,
    both as in the authors' code. Relative temporal encoding is the caller's, on x.
    *Differs from DGL* it has no sigma; types need no order. Parameters are DGL's: `linear_k.W`, `linear_q.W`,
    `linear_v.W`, `linear_a.W`, `relation_pri.*`, `relation_att.*.W`, `relation_msg.*.W`, `skip`, `residual_w`, `norm.*`.
    *Differs from PyG* its HGTConv has `bias=True`, `activation=torch.nn.functional.gelu` and an edge type for each triple of
    types; it knows them by names, which `load_peer_state` asks for, and leaves x[i] out where widths differ: then weights do
    not load.

    *Cost* reads E x F twice, and out_features squared multiplications for each head and pair of a target and a type that has
    edges; where products of all sources with all types are fewer than the edges, N x num_edge_types x F values.
    Scores and attention are E x num_heads.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0]), num_nodes=3)
    >>> layer = HGTConv(4, 2, 2, num_node_types=2, num_edge_types=3)
    >>> layer(graph, torch.randn(3, 4), node_type=torch.tensor([0, 1, 1]), edge_type=torch.tensor([0, 2, 1])).shape
    torch.Size([3, 4])
    """

    def __init__(
        self,
        in_features: Sizes,
        out_features: int,
        num_heads: int,
        *,
        num_node_types: int,
        num_edge_types: int,
        activation: Callable[[Tensor], Tensor] | None = None,
        dropout: float = 0.0,
        layer_norm: bool = False,
        bias: bool = False,
    ) -> None:
        super().__init__()
        check_probability("HGTConv", "dropout", dropout)
        self.in_features, self.out_features, self.num_heads = in_features, out_features, num_heads
        self.num_node_types, self.num_edge_types = num_node_types, num_edge_types
        self.activation, self.dropout = activation, dropout
        (in_source, in_target), width = as_pair(in_features), num_heads * out_features
        self.linear_k = TypedLinear(in_source, width, num_node_types, bias=bias)
        self.linear_q = TypedLinear(in_target, width, num_node_types, bias=bias)
        self.linear_v = TypedLinear(in_source, width, num_node_types, bias=bias)
        self.linear_a = TypedLinear(width, width, num_node_types, bias=bias)
        self.relation_pri = nn.ParameterList(torch.ones(num_edge_types) for _ in range(num_heads))
        self.relation_att, self.relation_msg = (
            nn.ModuleList(TypedLinear(out_features, out_features, num_edge_types) for _ in range(num_heads))
            for _ in range(2)
        )
        self.skip = nn.Parameter(torch.ones(num_node_types))
        self.residual_w = nn.Parameter(torch.empty(in_target, width)) if in_target != width else None
        self.norm = nn.LayerNorm(width) if layer_norm else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw matrices uniformly; priors and gates are 1."""
        for module in self.modules():
            if isinstance(module, (TypedLinear, nn.LayerNorm)):
                module.reset_parameters()
        for parameter in (*self.relation_pri, self.skip):
            nn.init.ones_(parameter)
        if self.residual_w is not None:
            nn.init.xavier_uniform_(self.residual_w)

    def forward(
        self, graph: Edges, x: Features, *, node_type: Tensor | tuple[Tensor, Tensor], edge_type: Tensor
    ) -> Tensor:
        """Compute the new features of all targets."""
        adjacency, x_source, x_target = resolve_ends("HGTConv", graph, x, as_pair(self.in_features))
        sources, targets = node_type_ends("HGTConv", adjacency, node_type, isinstance(x, tuple))
        check_types("HGTConv", "edge_type", edge_type, adjacency.num_edges)
        of_source, of_target = (type_order(types, self.num_node_types) for types in (sources, targets))
        both = self.linear_k, self.linear_v
        biases: list[Tensor] = [each.bias for each in both if each.bias is not None]
        bias = torch.cat(biases, 1) if biases else None
        kv = gather_matmul(x_source, torch.cat([each.W for each in both], 2), bias=bias, order=of_source)
        key, value = kv.reshape(-1, 2, self.num_heads, self.out_features).unbind(1)
        query = gather_matmul(x_target, self.linear_q.W, bias=self.linear_q.bias, order=of_target)
        query = query.reshape(-1, self.num_heads, self.out_features)
        kinds = types_of(adjacency, edge_type)
        attend = self._attend_to_products if products_first(adjacency, self.num_edge_types) else self._attend_by_head
        h = attend(adjacency, query, key, value, kinds)
        h = h if self.activation is None else self.activation(h)
        out = gather_matmul(h, self.linear_a.W, bias=self.linear_a.bias, order=of_target)
        out = functional.dropout(out, self.dropout, self.training)
        own = x_target if self.residual_w is None else x_target @ self.residual_w
        out = torch.lerp(own.to(out.dtype), out, self.skip.sigmoid()[targets].unsqueeze(1).to(out.dtype))
        return out if self.norm is None else self.norm(out).to(out.dtype)

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        types = f"num_node_types={self.num_node_types}, num_edge_types={self.num_edge_types}"
        options = f"activation={name_of(self.activation)}, dropout={self.dropout}, layer_norm={self.norm is not None}"
        sizes = f"{self.in_features}, {self.out_features}, {self.num_heads}, {types}"
        return f"{sizes}, {options}, bias={self.linear_k.bias is not None}"

    def _score_matrices(self) -> list[Tensor]:
        """The matrices of scores of each head, times what the type counts."""
        scale, found = self.out_features**-0.5, zip(self.relation_att, self.relation_pri, strict=True)
        heads: Any = found
        return [att.W * (pri * scale).reshape(-1, 1, 1) for att, pri in heads]

    def _message_matrices(self) -> list[Tensor]:
        found: Any = self.relation_msg
        return [msg.W for msg in found]

    def _attend_to_products(
        self, adjacency: Adjacency, query: Tensor, key: Tensor, value: Tensor, edge_type: Tensor
    ) -> Tensor:
        """In one pass over the edges, with keys and values of every source for every type."""
        types = self.num_edge_types
        rows = paired_sources(adjacency, edge_type, types).by_target
        keys, values = (
            torch.einsum("nhd,htdo->ntho", x, torch.stack(matrices)).reshape(-1, self.num_heads, self.out_features)
            for x, matrices in ((key, self._score_matrices()), (value, self._message_matrices()))
        )
        return dot_attention(rows, query, keys, values).flatten(1)

    def _attend_by_head(
        self, adjacency: Adjacency, query: Tensor, key: Tensor, value: Tensor, edge_type: Tensor
    ) -> Tensor:
        """Head by head, without products of the sources."""
        rows, out = adjacency.by_target, []
        for head, (matrices, messages) in enumerate(zip(self._score_matrices(), self._message_matrices(), strict=True)):
            score = relational_sddmm(rows, key[:, head], matrices, query[:, head], edge_type)
            out.append(relational_matmul(rows, value[:, head], messages, edge_type, edge_softmax(rows, score)))
        return torch.cat(out, 1)
