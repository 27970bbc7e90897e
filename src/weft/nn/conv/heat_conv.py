"""Heterogeneous edge-enhanced graph attention: types of nodes and edges, and features of edges, in attention and message."""

from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...errors import ShapeError, check_probability, message
from ...graph import Adjacency
from ...ops import edge_softmax, gather_rows, sddmm, spmm
from .._arguments import Edges, Features, first_rows, resolve_ends
from .._types import check_types, node_type_ends
from ..hetero.typed_linear import TypedLinear


@final
class HEATConv(nn.Module):
    """Sum of the neighbours' features beside those of the edge, weighted by attention over ends, edge type and edge features.

    For each head, with z by the type of the node, z[j] = W[node_type[j]] x[j] + b, and of the edge e = j -> i of type t
    r[t] = leaky_relu(type_emb[t]) and f[e] = leaky_relu(W_edge edge_features[e]),

        score[e]     = leaky_relu(att . [z[i], z[j], r[t], f[e]])
        attention[e] = softmax of score over the edges that enter i
        out[i]       = sum over edges e = j -> i of attention[e] * (W_out [z[j], f[e]] + b_out), and z[i] with `residual`

    *Shapes* `x: (num_nodes, in_features) -> (num_nodes, num_heads * out_features)`, or a pair for sources and targets, and
    then one of types; `node_type: (num_nodes,)`, `edge_type: (num_edges,)`, integers; `edge_features: (num_edges,
    edge_features)`. `concat=False` gives the mean over heads. Without an edge the sum is 0.

    Args:
        out_features: width of one head.
        edge_features: width of edge features.
        residual: adds z[i] to every head.
        edge_embedding: width of f; of r it is `type_embedding`.
        attention_dropout: probability of dropping an edge of a head in training, after the softmax.

    Raises:
        OptionError: in the constructor, if a probability is none.
        ShapeError, DtypeError, IdError: in the call, if arguments do not fit the graph or a type is not there.

    *Source* Mo, Xing and Lv, 2021, Heterogeneous Edge-Enhanced Graph Attention Network For Multi-Agent Trajectory
    Prediction, arXiv:2106.07161, equations 4 to 8.

    *Differs from the source* no activation; heads share W_out, as in PyG.
    *Differs from PyG* bipartite graphs are new. Its parameters load: `hetero_lin.*`, `edge_type_emb.weight`,
    `edge_attr_emb.weight`, `att.weight`, `lin.*`.

    *Cost* E x num_heads x (out_features + edge_embedding) reads, and N x num_heads x out_features values; f is E x
    edge_embedding, and attention E x num_heads.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0]), num_nodes=3)
    >>> layer = HEATConv(4, 2, 3, num_node_types=2, num_edge_types=3, edge_features=5)
    >>> types = {"node_type": torch.tensor([0, 1, 1]), "edge_type": torch.tensor([0, 2, 1])}
    >>> layer(graph, torch.randn(3, 4), edge_features=torch.randn(3, 5), **types).shape
    torch.Size([3, 6])
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        num_heads: int = 1,
        *,
        num_node_types: int,
        num_edge_types: int,
        edge_features: int,
        type_embedding: int = 8,
        edge_embedding: int = 8,
        concat: bool = True,
        residual: bool = False,
        attention_dropout: float = 0.0,
        negative_slope: float = 0.2,
        bias: bool = True,
    ) -> None:
        super().__init__()
        check_probability("HEATConv", "attention_dropout", attention_dropout)
        self.in_features, self.out_features, self.num_heads = in_features, out_features, num_heads
        self.edge_features, self.concat, self.residual = edge_features, concat, residual
        self.attention_dropout, self.negative_slope = attention_dropout, negative_slope
        self.hetero_lin = TypedLinear(in_features, out_features, num_node_types, bias=bias)
        self.edge_type_emb = nn.Embedding(num_edge_types, type_embedding)
        self.edge_attr_emb = nn.Linear(edge_features, edge_embedding, bias=False)
        self.att = nn.Linear(2 * out_features + type_embedding + edge_embedding, num_heads, bias=False)
        self.lin = nn.Linear(out_features + edge_embedding, out_features, bias=bias)

    def reset_parameters(self) -> None:
        """Draw all parameters anew, as their modules do."""
        for module in (self.hetero_lin, self.edge_type_emb, self.edge_attr_emb, self.att, self.lin):
            module.reset_parameters()

    def forward(
        self,
        graph: Edges,
        x: Features,
        *,
        node_type: Tensor | tuple[Tensor, Tensor],
        edge_type: Tensor,
        edge_features: Tensor,
    ) -> Tensor:
        """Compute the new features of all targets."""
        adjacency, z, z_target = self._project(graph, x, node_type)
        f = self._edges(adjacency, edge_type, edge_features)
        attention = self._attention(adjacency, z, z_target, edge_type, f)
        attention = functional.dropout(attention, self.attention_dropout, self.training)
        from_node, from_edge = self.lin.weight.split((self.out_features, f.shape[1]), 1)
        sent = z @ from_node.T
        if self.lin.bias is not None:
            sent = sent + self.lin.bias
        rows = adjacency.by_target
        of_nodes: Tensor = spmm(rows, sent.unsqueeze(1).repeat(1, self.num_heads, 1), attention)
        out: Tensor = of_nodes + self._of_edges(adjacency, attention, f) @ from_edge.T
        if self.residual:
            out = out + z_target.unsqueeze(1)
        found: Tensor = out.flatten(1) if self.concat else out.mean(1)
        return found

    def attention(
        self,
        graph: Edges,
        x: Features,
        *,
        node_type: Tensor | tuple[Tensor, Tensor],
        edge_type: Tensor,
        edge_features: Tensor,
    ) -> Tensor:
        """Compute the attention of every edge, without dropout.

        *Shapes* as in the call -> `(num_edges, num_heads)` by edge id

        >>> import torch
        >>> from weft.graph import Graph
        >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([2, 2, 0]), num_nodes=3)
        >>> layer = HEATConv(4, 2, num_node_types=1, num_edge_types=1, edge_features=5)
        >>> none = torch.zeros(3, dtype=torch.int64)
        >>> layer.attention(graph, torch.randn(3, 4), node_type=none, edge_type=none, edge_features=torch.randn(3, 5))[2]
        tensor([1.], grad_fn=<SelectBackward0>)
        """
        adjacency, z, z_target = self._project(graph, x, node_type)
        return self._attention(adjacency, z, z_target, edge_type, self._edges(adjacency, edge_type, edge_features))

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        options = f"residual={self.residual}, attention_dropout={self.attention_dropout}, negative_slope={self.negative_slope}"
        return f"{self.in_features}, {self.out_features}, {self.num_heads}, concat={self.concat}, {options}"

    def _project(
        self, graph: Edges, x: Features, node_type: Tensor | tuple[Tensor, Tensor]
    ) -> tuple[Adjacency, Tensor, Tensor]:
        adjacency, x_source, x_target = resolve_ends("HEATConv", graph, x, (self.in_features, self.in_features))
        sources, targets = node_type_ends("HEATConv", adjacency, node_type, isinstance(x, tuple))
        z = self.hetero_lin(x_source, sources)
        if isinstance(x, tuple) or isinstance(node_type, tuple):
            return adjacency, z, self.hetero_lin(x_target, targets)
        return adjacency, z, first_rows(z, adjacency.num_targets)

    def _edges(self, adjacency: Adjacency, edge_type: Tensor, edge_features: Tensor) -> Tensor:
        """What edge features are to scores and messages: (num_edges, edge_embedding)."""
        check_types("HEATConv", "edge_type", edge_type, adjacency.num_edges)
        shape = adjacency.num_edges, self.edge_features
        if edge_features.shape != shape:
            raise ShapeError(message("HEATConv", f"`edge_features` of shape {shape}", str(tuple(edge_features.shape))))
        return functional.leaky_relu(self.edge_attr_emb(edge_features), self.negative_slope)

    def _attention(self, adjacency: Adjacency, z: Tensor, z_target: Tensor, edge_type: Tensor, f: Tensor) -> Tensor:
        width = self.out_features
        sizes = (width, width, self.edge_type_emb.embedding_dim, f.shape[1])
        of_target, of_source, of_type, of_edge = self.att.weight.split(sizes, 1)
        score = sddmm(adjacency.by_target, z_target @ of_target.T, z @ of_source.T, "add", "target", "source")
        kinds = functional.leaky_relu(self.edge_type_emb.weight, self.negative_slope) @ of_type.T
        score = score + gather_rows(kinds, edge_type) + f @ of_edge.T
        return edge_softmax(adjacency.by_target, functional.leaky_relu(score, self.negative_slope))

    def _of_edges(self, adjacency: Adjacency, attention: Tensor, f: Tensor) -> Tensor:
        """Sum of the features of the edges that enter each target: (num_targets, num_heads, edge_embedding)."""
        own = torch.arange(adjacency.num_edges, device=f.device)
        rows = Adjacency._trusted(own, adjacency.target, adjacency.num_edges, adjacency.num_targets).by_target
        parts = [spmm(rows, f, share) for share in attention.unbind(1)]
        return torch.stack(parts, 1)
