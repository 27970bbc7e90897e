"""Point Transformer: attention for each feature, from the difference of two points."""

from typing import Any, final

from torch import Tensor, nn

from .._aggregate import aggregate
from .._arguments import Edges, Features, Sizes, as_pair, resolve_ends
from .._formula import formula
from .._points import resolve_points
from .._reset import reset_inside


def _attend(source: Any, target: Any, edge: Any, shared: Any) -> Any:
    place = shared["place"](target["position"] - source["position"])
    score = shared["score"](target["query"] - source["key"] + place)
    return (source["value"] + place).unsqueeze(-1), score


_ATTEND = formula(_attend, trace=False)


@final
class PointTransformerConv(nn.Module):
    """Sum of the neighbours' values and relative positions, weighted feature by feature by a softmax over neighbours.

    `out[i] = sum over edges e = j -> i of attention[e] * (W_value x[j] + place[e])`, elementwise, with

        place[e]     = position_network(position[i] - position[j])
        attention[e] = softmax over the edges that enter i of attention_network(W_query x[i] - W_key x[j] + place[e])

    *Shapes* `x: (num_nodes, in_features)`, `position: (num_nodes, dims) -> (num_nodes, out_features)`; on a bipartite graph both
    are pairs for sources and targets. position_network maps dims to out_features, attention_network out_features to the
    same. A node that no edge enters gets 0.

    Args:
        in_features: one width, or (in_source, in_target).
        dims: of positions, for the default network.
        position_network, attention_network: as in the source two linear maps with relu between them, if not given.

    Raises:
        ShapeError: in the call, if features or positions do not fit the graph or the layer.
        FormulaError: in the call, if a network mixes edges, as batch normalisation in training does.

    *Source* Zhao, Jiang, Jia, Torr and Koltun, 2021, Point Transformer, arXiv:2012.09164, equations 3 and 4.

    *Differs from the source* no biases in the linear maps of features.
    *Differs from PyG* no self loops are added; PyG's `pos_nn` is by default one linear map and its `attn_nn` nothing, with
    which attention does not depend on the target: pass `nn.Linear(dims, out_features)` and `nn.Identity()`.

    *Cost* E products with both networks, in chunks of edges, and once more in backward; nothing of size E is kept.

    >>> import torch
    >>> from weft.graph import Graph
    >>> layer = PointTransformerConv(4, 8)
    >>> graph = Graph(torch.tensor([0, 1, 2, 0]), torch.tensor([1, 2, 0, 0]), num_nodes=3)
    >>> layer(graph, torch.randn(3, 4), position=torch.randn(3, 3)).shape
    torch.Size([3, 8])
    """

    def __init__(
        self,
        in_features: Sizes,
        out_features: int,
        *,
        dims: int = 3,
        position_network: nn.Module | None = None,
        attention_network: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        in_source, in_target = as_pair(in_features)
        self.fc_query = nn.Linear(in_target, out_features, bias=False)
        self.fc_key = nn.Linear(in_source, out_features, bias=False)
        self.fc_value = nn.Linear(in_source, out_features, bias=False)
        self.position_network = position_network or _two_layers(dims, out_features)
        self.attention_network = attention_network or _two_layers(out_features, out_features)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights of the layer and of its networks anew, as torch draws those of linear maps."""
        reset_inside(*self.children())

    def forward(self, graph: Edges, x: Features, *, position: Features) -> Tensor:
        """Compute the new features of all targets."""
        adjacency, near, far = resolve_points("PointTransformerConv", graph, "position", position)
        _, x_source, x_target = resolve_ends("PointTransformerConv", graph, x, as_pair(self.in_features))
        out = aggregate(
            adjacency, _ATTEND, reduce="softmax",
            source={"key": self.fc_key(x_source), "value": self.fc_value(x_source), "position": near},
            target={"query": self.fc_query(x_target), "position": far},
            shared={"place": self.position_network, "score": self.attention_network},
        )  # fmt: skip
        return out.squeeze(-1)

    def extra_repr(self) -> str:
        """Sizes, as in the constructor."""
        return f"{self.in_features}, {self.out_features}"


def _two_layers(in_features: int, out_features: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(in_features, out_features), nn.ReLU(), nn.Linear(out_features, out_features))
