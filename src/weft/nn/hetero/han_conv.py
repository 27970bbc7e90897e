"""Heterogeneous graph attention: attention within each metapath, then over metapaths."""

from collections.abc import Mapping, Sequence
from typing import final

import torch
from torch import Tensor, nn

from ...errors import FeatureError, OptionError, check_probability, message
from ...graph import EdgeType
from ...ops import gat_attention
from .._attention import edge_factors
from .by_type import ByType, TypedFeatures, TypedGraph, adjacencies_of, split_ends


@final
class HANConv(nn.Module):
    """Graph attention over the edges of each type, of which the results are weighted by a learned attention over types.

    With z[s] = W[s] x[s] + b[s] by the node type s, for every edge type r = (s, name, t) and each head,

        score[e]  = leaky_relu(lin_src[r] . z[j] + lin_dst[r] . z[i])     for the edge e = j -> i
        h[r, i]   = relu(sum over edges e = j -> i of softmax(score)[e] * z[j])
        beta[r]   = softmax over the edge types into t of the mean over all i of q . tanh(W_k h[r, i] + b_k)
        out[t, i] = sum over edge types r into t of beta[r] * h[r, i]

    *Shapes* `x: {node type: (num_nodes, in_features[type])} -> {node type: (num_targets, num_heads * out_features)}` for the
    types that edges enter. Of a block x has a row for each source, and the means are over its targets.

    Args:
        in_features: from node types to widths.
        out_features: width of one head.
        edge_types: the metapaths, as edge types of the graph, which `weft.graph.metapath_graph` makes.
        attention_dropout: probability of dropping an edge of a head in training, after the softmax.

    Raises:
        OptionError: in the constructor, if a probability is none or an edge type has an unknown end.
        FeatureError: in the call, if features of an end are missing.
        ShapeError: in the call, if features do not fit the graph or the layer.

    *Source* Wang, Ji, Shi, Wang, Cui, Yu and Ye, 2019, Heterogeneous Graph Attention Network, arXiv:1903.07293,
    equations 1 to 9.

    *Differs from the source* the activation of h is relu, as in PyG; projections have biases; source and target may be of
    different types.
    *Differs from PyG* `out_features` is of one head; a node type that no edge enters has no result, where PyG gives None;
    attention over edge types has a method of its own. Parameters are PyG's: `proj.TYPE.*`, `lin_src.A__r__B`,
    `lin_dst.A__r__B`, `k_lin.*`, `q`.

    *Cost* E x F reads with F = num_heads * out_features for each edge type, and a product of N x F x F; nothing of size E
    is allocated.

    >>> import torch
    >>> from weft.graph import Graph
    >>> coauthor = ("paper", "shares author", "paper")
    >>> graph = Graph({coauthor: ([0, 1, 2], [1, 2, 0])})
    >>> layer = HANConv({"paper": 4}, 2, 3, edge_types=[coauthor])
    >>> layer(graph, {"paper": torch.randn(3, 4)})["paper"].shape
    torch.Size([3, 6])
    """

    def __init__(
        self,
        in_features: Mapping[str, int],
        out_features: int,
        num_heads: int = 1,
        *,
        edge_types: Sequence[EdgeType],
        attention_dropout: float = 0.0,
        negative_slope: float = 0.2,
    ) -> None:
        super().__init__()
        check_probability("HANConv", "attention_dropout", attention_dropout)
        unknown = [name for name in edge_types if name[0] not in in_features or name[2] not in in_features]
        if unknown:
            raise OptionError(message("HANConv", f"edge types between {', '.join(in_features)}", str(unknown[0])))
        self.in_features, self.out_features, self.num_heads = dict(in_features), out_features, num_heads
        self.edge_types = tuple(edge_types)
        self.attention_dropout, self.negative_slope = attention_dropout, negative_slope
        width = num_heads * out_features
        self.proj = ByType({name: nn.Linear(size, width) for name, size in in_features.items()})
        self.lin_src, self.lin_dst = (
            nn.ParameterDict({_key(name): torch.empty(1, num_heads, out_features) for name in edge_types})
            for _ in range(2)
        )
        self.k_lin = nn.Linear(width, width)
        self.q = nn.Parameter(torch.empty(1, width))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw vectors of scores from Glorot's uniform distribution, the rest as `torch.nn.Linear` does."""
        for module in self.modules():
            if isinstance(module, nn.Linear):
                module.reset_parameters()
        for parameter in (*self.lin_src.values(), *self.lin_dst.values(), self.q):
            nn.init.xavier_uniform_(parameter)

    def forward(self, graph: TypedGraph, x: TypedFeatures) -> dict[str, Tensor]:
        """Compute the new features of all node types that edges enter."""
        out = {}
        for node_type, found in self._by_metapath(graph, x).items():
            shares = self._shares(list(found.values()))
            parts = zip(found.values(), shares.unbind(0), strict=True)
            out[node_type] = torch.stack([h * share for h, share in parts]).sum(0)
        return out

    def attention(self, graph: TypedGraph, x: TypedFeatures) -> dict[EdgeType, Tensor]:
        """Compute what each edge type counts for the node type it enters, without dropout.

        *Shapes* x as in the call -> `{edge type: ()}`

        >>> import torch
        >>> from weft.graph import Graph
        >>> name = ("a", "to", "a")
        >>> layer = HANConv({"a": 2}, 2, edge_types=[name])
        >>> layer.attention(Graph({name: ([0], [0])}), {"a": torch.ones(1, 2)})
        {('a', 'to', 'a'): tensor(1., grad_fn=<UnbindBackward0>)}
        """
        shares: dict[EdgeType, Tensor] = {}
        training, self.training = self.training, False
        try:
            for found in self._by_metapath(graph, x).values():
                shares |= dict(zip(found, self._shares(list(found.values())).unbind(0), strict=True))
        finally:
            self.training = training
        return shares

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        options = f"attention_dropout={self.attention_dropout}, negative_slope={self.negative_slope}"
        return f"{self.in_features}, {self.out_features}, {self.num_heads}, edge_types={self.edge_types}, {options}"

    def _by_metapath(self, graph: TypedGraph, x: TypedFeatures) -> dict[str, dict[EdgeType, Tensor]]:
        """Results of attention over the edges of each type, by the node type that they enter."""
        adjacencies = adjacencies_of("HANConv", graph)
        ends = split_ends("HANConv", graph, x)
        p = self.attention_dropout if self.training else 0.0
        z_source, z_target = self._projected(ends[0]), {}
        if ends[1] is ends[0]:
            z_target = z_source
        elif isinstance(x, tuple):
            z_target = self._projected(ends[1])
        else:
            z_target = {name: z_source[name][: value.shape[0]] for name, value in ends[1].items() if name in z_source}
        found: dict[str, dict[EdgeType, Tensor]] = {}
        for name in self.edge_types:
            if name not in adjacencies:
                continue
            if name[0] not in z_source or name[2] not in z_target:
                raise FeatureError(
                    message("HANConv", f"features for both ends of {name}", f"those of {', '.join(ends[0])}")
                )
            z, own = z_source[name[0]], z_target[name[2]]
            left, right = (z * self.lin_src[_key(name)]).sum(-1), (own * self.lin_dst[_key(name)]).sum(-1)
            rows, factors = adjacencies[name].by_target, edge_factors(z, None, p)
            h = gat_attention(rows, z, left.to(z.dtype), right.to(z.dtype), self.negative_slope, None, *factors)
            found.setdefault(name[2], {})[name] = h.flatten(1).relu()
        return found

    def _projected(self, x: Mapping[str, Tensor]) -> dict[str, Tensor]:
        heads = self.num_heads, self.out_features
        return {name: self.proj[name](value).unflatten(-1, heads) for name, value in x.items() if name in self.proj}

    def _shares(self, results: list[Tensor]) -> Tensor:
        """Attention over the edge types into a node type: (num_edge_types,)."""
        scores = [(self.q * self.k_lin(h).tanh()).sum(-1).sum() / max(h.shape[0], 1) for h in results]
        return torch.stack(scores).softmax(0)


def _key(edge_type: EdgeType) -> str:
    return "__".join(edge_type).replace(".", "#")
