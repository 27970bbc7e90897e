"""What layers of attention with several heads are: their sizes and options, and what they take, checked."""

from abc import ABC, abstractmethod
from typing import Any

from torch import Tensor, nn

from ...errors import check_probability
from ...graph import Adjacency
from .._arguments import Edges, Features, Sizes, as_pair, check_edge_weight, drop_features, resolve_ends
from .._attention import check_edge_features


class HeadedConv(nn.Module, ABC):
    """A layer of `num_heads` heads, each `out_features` wide, side by side or their mean.

    Args:
        edge_features: width of the features of edges; None if edges have none.
        dropout: probability of dropping input features in training.
        attention_dropout: probability of dropping an edge of a head in training.

    Raises:
        OptionError: if a probability is none.
    """

    def __init__(
        self,
        in_features: Sizes,
        out_features: int,
        num_heads: int,
        *,
        edge_features: int | None = None,
        concat: bool = True,
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
    ) -> None:
        super().__init__()
        where = type(self).__name__
        check_probability(where, "dropout", dropout)
        check_probability(where, "attention_dropout", attention_dropout)
        self.in_features, self.out_features, self.num_heads = in_features, out_features, num_heads
        self.edge_features, self.concat = edge_features, concat
        self.dropout, self.attention_dropout = dropout, attention_dropout

    @abstractmethod
    def forward(self, *args: Any, **inputs: Any) -> Any:
        """Compute the new features of all targets."""

    @property
    def _width(self) -> int:
        """All heads side by side."""
        return self.num_heads * self.out_features

    @property
    def _out_width(self) -> int:
        """What the layer gives."""
        return self._width if self.concat else self.out_features

    @property
    def _active_dropout(self) -> float:
        """The probability of dropping an edge of a head, now."""
        return self.attention_dropout if self.training else 0.0

    def _make_projections(self) -> None:
        """A linear map `fc` for both ends, or `fc_src` and `fc_dst` where each end has a width of its own."""
        in_source, in_target = as_pair(self.in_features)
        if isinstance(self.in_features, tuple):
            self.fc_src = nn.Linear(in_source, self._width, bias=False)
            self.fc_dst = nn.Linear(in_target, self._width, bias=False)
        else:
            self.fc = nn.Linear(in_source, self._width, bias=False)

    @property
    def _projections(self) -> tuple[nn.Linear, nn.Linear]:
        """The maps of sources and of targets."""
        return (self.fc_src, self.fc_dst) if isinstance(self.in_features, tuple) else (self.fc, self.fc)

    def _dropped(self, x: Features) -> Features:
        """Features after dropout."""
        return drop_features(x, self.dropout, self.training)

    def _resolved(
        self, graph: Edges, x: Features, edge_weight: Tensor | None, edge_features: Tensor | None = None
    ) -> tuple[Adjacency, Tensor, Tensor]:
        """Adjacency, source features and target features; all inputs are checked.

        Raises:
            ShapeError: if they do not fit the graph or the layer.
        """
        where = type(self).__name__
        adjacency, x_source, x_target = resolve_ends(where, graph, x, as_pair(self.in_features))
        check_edge_weight(where, edge_weight, adjacency)
        check_edge_features(where, edge_features, adjacency, self.edge_features)
        return adjacency, x_source, x_target
