"""Generalised graph convolution: positive messages, aggregated by a softmax or a power mean that is learned."""

from typing import Any, Literal, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...errors import OptionError, check_choice, check_probability, message
from ...graph import Adjacency
from .._aggregate import aggregate
from .._arguments import Edges, Features, Sizes, as_pair, resolve_ends
from .._edge_inputs import optional_edge_features, projects_at_once
from .._formula import Formula, formula
from .._reset import reset_inside

Aggregator = Literal["softmax", "power", "sum", "mean", "max"]
AGGREGATORS = ("softmax", "power", "sum", "mean", "max")
NORMS = ("batch", "layer", "none")


@final
class GENConv(nn.Module):
    """A network of each node plus an aggregate over its edges of relu(neighbour + edge).

    `out[i] = mlp(W_dst x[i] + norm(aggregate over edges e = j -> i of m[e]))`, where

        m[e]                = relu(W_src x[j] + W_edge edge_features[e]) + eps
        aggregate "softmax" = sum of m[e] * exp(t * m[e]) / (sum of exp(t * m[e])), feature by feature
        aggregate "power"   = (mean of m[e]^p)^(1 / p)
        norm(a)             = s * |x[i]| * a / |a|, or a

    and "sum", "mean" and "max" are what they say.

    *Shapes* `x: (num_nodes, *, in_features) -> (num_targets, *, out_features)`, or a pair `(x_source: (num_sources, *,
    in_source), x_target: (num_targets, *, in_target))`; `edge_features: (num_edges, *, edge_features)`. With a batch norm
    there are no dimensions between. Without an edge the aggregate is 0.

    Args:
        in_features: W_src and W_dst are there where the width of an end is not out_features.
        edge_features: their width, if there are any; W_edge is there if it is not out_features.
        temperature, power: t and p, or where they begin with `learn_temperature` and `learn_power`.
        message_norm: with norm; s is 1, or begins there with `learn_scale`.
        norm: "batch", "layer" or "none", between the maps of the network.
        num_layers: linear maps of the network, with relu between them, of width `expansion` * out_features inside.
        dropout: probability of dropping in the network, behind each relu, in training.
        bias: of all maps.

    Raises:
        OptionError: in the constructor, if options do not exist; in the call, if edge features are missing, or there
            without the option.
        ShapeError: in the call, if features do not fit the graph or the layer.

    *Source* Li, Xiong, Thabet and Ghanem, 2020, DeeperGCN: All You Need to Train Deeper GCNs, arXiv:2006.07739,
    equations 3 to 8.

    *Differs from the source* maps at the ends, for widths that differ.
    *Differs from PyG* its `aggr` is one of those named here; its "powermean" is never smaller than a
    small number, for nodes without edges as well. Parameters have
    PyG's names but for `temperature`, `power` and `scale`.

    *Cost* E x out_features reads in one pass, without a tensor of that size; with W_edge in chunks of edges, forward and
    again in backward, unless its result fits into `weft.settings.chunk_bytes`. N x expansion * out_features in the network.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0]), num_nodes=3)
    >>> GENConv(4, 2, learn_temperature=True)(graph, torch.randn(3, 4)).shape
    torch.Size([3, 2])
    """

    def __init__(
        self,
        in_features: Sizes,
        out_features: int,
        aggregator: Aggregator = "softmax",
        *,
        edge_features: int | None = None,
        temperature: float = 1.0,
        learn_temperature: bool = False,
        power: float = 1.0,
        learn_power: bool = False,
        message_norm: bool = False,
        learn_scale: bool = False,
        norm: Literal["batch", "layer", "none"] = "batch",
        num_layers: int = 2,
        expansion: int = 2,
        dropout: float = 0.0,
        eps: float = 1e-7,
        bias: bool = False,
    ) -> None:
        super().__init__()
        check_choice("GENConv", "aggregator", aggregator, AGGREGATORS)
        check_choice("GENConv", "norm", norm, NORMS)
        check_probability("GENConv", "dropout", dropout)
        if num_layers < 1 or (aggregator == "power" and power == 0):
            form = "`num_layers` of at least 1" if num_layers < 1 else "`power` other than 0"
            raise OptionError(message("GENConv", form, str(num_layers if num_layers < 1 else power)))
        self.in_features, self.out_features, self.edge_features = in_features, out_features, edge_features
        self.aggregator, self.message_norm, self.eps = aggregator, message_norm, eps
        self.initial = {"temperature": temperature, "power": power, "scale": 1.0}
        self.temperature = _number(temperature, aggregator == "softmax" and learn_temperature)
        self.power = _number(power, aggregator == "power" and learn_power)
        self.scale = _number(1.0, message_norm and learn_scale)
        in_source, in_target = as_pair(in_features)
        self.lin_src = nn.Linear(in_source, out_features, bias=bias) if in_source != out_features else None
        self.lin_dst = nn.Linear(in_target, out_features, bias=bias) if in_target != out_features else None
        has_edge = edge_features is not None and edge_features != out_features
        self.lin_edge = nn.Linear(edge_features or 0, out_features, bias=bias) if has_edge else None
        self.mlp = _network(out_features, out_features * expansion, num_layers, norm, dropout, bias)

    def reset_parameters(self) -> None:
        """Draw linear maps as torch does, and set numbers that are learned to where they began."""
        reset_inside(*self.children())
        for name, value in self.initial.items():
            number = getattr(self, name)
            if isinstance(number, nn.Parameter):
                nn.init.constant_(number, value)

    def forward(self, graph: Edges, x: Features, *, edge_features: Tensor | None = None) -> Tensor:
        """Compute the new features of all targets."""
        adjacency, x_source, x_target = resolve_ends("GENConv", graph, x, as_pair(self.in_features))
        edge_features = optional_edge_features("GENConv", edge_features, adjacency, self.edge_features)
        h = x_source if self.lin_src is None else self.lin_src(x_source)
        h = self._aggregated(adjacency, h, edge_features)
        if self.message_norm:
            size = torch.linalg.vector_norm(x_target, dim=-1, keepdim=True)
            wide = h.to(torch.promote_types(h.dtype, torch.float32))
            h = (functional.normalize(wide, dim=-1) * (size * self.scale)).to(h.dtype)
        h = h + (x_target.to(h.dtype) if self.lin_dst is None else self.lin_dst(x_target))
        out: Tensor = self.mlp(h)
        return out

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        sizes = f"{self.in_features}, {self.out_features}, {self.aggregator!r}, edge_features={self.edge_features}"
        return f"{sizes}, message_norm={self.message_norm}"

    def _aggregated(self, adjacency: Adjacency, h: Tensor, edge_features: Tensor | None) -> Tensor:
        named: dict[str, Any] = {"source": {"x": h}, "edge": {}, "shared": {}}
        if edge_features is not None:
            named["edge"] = {"e": edge_features}
        # The program's numbers stand for a feature each, behind as many dimensions as the features have.
        ones = (1,) * (h.dim() - 1)
        number = self.temperature if self.aggregator == "softmax" else self.power
        kind = self.aggregator if self.aggregator in ("softmax", "power") else "plain"
        named["shared"] = {"eps": h.new_full(ones, self.eps)}
        if kind != "plain":
            named["shared"]["number"] = torch.as_tensor(number, dtype=h.dtype, device=h.device).reshape(ones)
        which = "edge" if edge_features is not None else "node"
        if self.lin_edge is not None and edge_features is not None:
            if projects_at_once(edge_features, self.out_features):
                named["edge"] = {"e": self.lin_edge(edge_features)}
            else:
                which, named["shared"]["lin"] = "projected", self.lin_edge
        reduce = {"softmax": "softmax", "power": "mean"}.get(self.aggregator, self.aggregator)
        out = aggregate(adjacency, _FORMULAS[which, kind], reduce=reduce, **named)
        if kind != "power":
            return out
        is_there = out > 0
        root = torch.where(is_there, out, 1).pow(1 / torch.as_tensor(self.power, dtype=h.dtype, device=h.device))
        return torch.where(is_there, root, 0)


def _number(value: float, learns: bool) -> nn.Parameter | float:
    return nn.Parameter(torch.tensor([value])) if learns else value


def _network(width: int, hidden: int, num_layers: int, norm: str, dropout: float, bias: bool) -> nn.Sequential:
    steps: list[nn.Module] = []
    for at in range(num_layers):
        is_last = at == num_layers - 1
        steps.append(nn.Linear(hidden if at else width, width if is_last else hidden, bias=bias))
        if not is_last:
            if norm != "none":
                steps.append(nn.BatchNorm1d(hidden) if norm == "batch" else nn.LayerNorm(hidden))
            steps += [nn.ReLU(), nn.Dropout(dropout)]
    return nn.Sequential(*steps)


def _formula(which: str, kind: str) -> Formula:
    """The message, and what the aggregate makes of it, for features of nodes, of edges, or of edges that are projected."""

    def computed(source: Any, target: Any, edge: Any, shared: Any) -> Any:
        m = source["x"]
        if which != "node":
            m = m + (edge["e"] if which == "edge" else shared["lin"](edge["e"]))
        m = torch.relu(m) + shared["eps"]
        if kind == "softmax":
            return m, m * shared["number"]
        return torch.exp(shared["number"] * torch.log(m)) if kind == "power" else m

    return formula(computed)


_FORMULAS = {(w, k): _formula(w, k) for w in ("node", "edge", "projected") for k in ("softmax", "power", "plain")}
