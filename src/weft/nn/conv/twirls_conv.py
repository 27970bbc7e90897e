"""TWIRLS: networks before and after an unfolded descent."""

from typing import Literal, final

from torch import Tensor, nn
from torch.nn import functional

from ...errors import OptionError, check_choice, check_probability, message
from .._arguments import Edges
from .._square import resolve_square
from .twirls_unfolding import TWIRLSUnfoldingAndAttention

Norm = Literal["none", "layer", "batch"]
NORMS = ("none", "layer", "batch")


@final
class TWIRLSConv(nn.Module):
    """A network, k steps of descent of a graph energy, and another network.

    `out = after(unfold(before(x)))`, where unfold is `TWIRLSUnfoldingAndAttention`

    Every linear map but the first of all stands behind norm, relu and dropout.

    *Shapes* `x: (num_nodes, in_features) -> (num_nodes, out_features)`; `edge_weight: (num_edges,)`. Sources and targets are
    the same nodes.

    Args:
        hidden_features: width between the maps of a network.
        k: number of steps.
        num_before, num_after: numbers of linear maps; not both are 0.
        norm: "layer", "batch" or "none".
        alpha: size of a step, 1 / (1 + smoothness) if it is None.
        attention: gives edges weights after half of the steps; `attends_first` before the first one, too.
        dropout, input_dropout, attention_dropout: probabilities in training.

    Raises:
        OptionError: in the constructor, if options do not exist or exclude each other.
        ShapeError: in the call, if features or edge weights do not fit, or the graph is bipartite.

    *Source* Yang, Liu, Wang, Zhou, Gan, Wei, Zhang, Huang and Wipf, 2021, Graph Neural Networks Inspired by Classical
    Iterative Algorithms, arXiv:2103.06064, figure 4.

    *Differs from the source* self loops are the caller's; edge weights are added.
    *Differs from DGL* adds no self loops; the rest as `TWIRLSUnfoldingAndAttention` says. Parameters are DGL's: `mlp_bef.*`,
    `unfolding.etas`, `mlp_aft.*`.

    *Cost* that of the unfolding and of the networks.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2, 0, 1, 2]), torch.tensor([1, 2, 0, 0, 1, 2]), num_nodes=3)
    >>> TWIRLSConv(4, 2, 8, k=6)(graph, torch.randn(3, 4)).shape
    torch.Size([3, 2])
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        hidden_features: int,
        *,
        k: int,
        num_before: int = 1,
        num_after: int = 1,
        norm: Norm = "none",
        alpha: float | None = None,
        smoothness: float = 1.0,
        attention: bool = False,
        attends_first: bool = False,
        tau: float = 0.2,
        upper: float = float("inf"),
        p: float = 1.0,
        learn_eta: bool = False,
        dropout: float = 0.0,
        input_dropout: float = 0.0,
        attention_dropout: float = 0.0,
        precondition: bool = True,
    ) -> None:
        super().__init__()
        check_choice("TWIRLSConv", "norm", norm, NORMS)
        check_probability("TWIRLSConv", "dropout", dropout)
        check_probability("TWIRLSConv", "input_dropout", input_dropout)
        if num_before < 0 or num_after < 0 or num_before + num_after == 0:
            got = f"{num_before} and {num_after}"
            raise OptionError(message("TWIRLSConv", "at least one linear map in `num_before` and `num_after`", got))
        self.in_features, self.input_dropout = in_features, input_dropout
        wide = in_features if num_before == 0 else out_features if num_after == 0 else hidden_features
        self.mlp_bef = _MLP(
            [in_features, *[hidden_features] * (num_before - 1), wide], num_before, norm, dropout, False
        )
        self.unfolding = TWIRLSUnfoldingAndAttention(
            wide, k, alpha=1 / (1 + smoothness) if alpha is None else alpha, smoothness=smoothness,
            attention_after=k // 2 if attention else 0, attends_first=attends_first, tau=tau, upper=upper, p=p,
            learn_eta=learn_eta, attention_dropout=attention_dropout, precondition=precondition,
        )  # fmt: skip
        self.mlp_aft = _MLP(
            [wide, *[hidden_features] * (num_after - 1), out_features], num_after, norm, dropout, num_before > 0
        )

    def forward(self, graph: Edges, x: Tensor, edge_weight: Tensor | None = None) -> Tensor:
        """Compute the new features of all nodes."""
        _, x = resolve_square("TWIRLSConv", graph, x, self.in_features)
        x = functional.dropout(x, self.input_dropout, self.training)
        return self.mlp_aft(self.unfolding(graph, self.mlp_bef(x), edge_weight))  # type: ignore[no-any-return]


class _MLP(nn.Module):
    """Linear maps, with norm, relu and dropout before each, or each but the first."""

    def __init__(self, widths: list[int], count: int, norm: Norm, dropout: float, begins_active: bool) -> None:
        super().__init__()
        self.dropout, self.begins_active = dropout, begins_active
        self.layers = nn.ModuleList(nn.Linear(widths[at], widths[at + 1]) for at in range(count))
        active = [widths[at] for at in range(count) if at > 0 or begins_active]
        make = {"layer": nn.LayerNorm, "batch": nn.BatchNorm1d}
        self.norms = nn.ModuleList([] if norm == "none" else [make[norm](width) for width in active])

    def forward(self, x: Tensor) -> Tensor:
        for at, layer in enumerate(self.layers):
            if at > 0 or self.begins_active:
                if len(self.norms):
                    x = self.norms[at if self.begins_active else at - 1](x)
                x = functional.dropout(x.relu(), self.dropout, self.training)
            x = layer(x)
        return x
