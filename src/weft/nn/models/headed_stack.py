"""What the ready models of attention share: heads side by side in the middle, and their mean at the end."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from torch import nn
from torch.nn import functional

from ...errors import OptionError, message
from .layer_stack import Activation, LayerStack


@dataclass(eq=False, repr=False, kw_only=True)
class HeadedStack(LayerStack, ABC):
    """A `LayerStack` of layers with heads, which are concatenated; those of the last layer are averaged.

    *Shapes* and further arguments are those of `LayerStack`.

    Args:
        activation: elu by default.
        num_heads: of every layer, each `hidden_features / num_heads` wide, or `out_features` wide in the last.
        num_out_heads: of the last layer; by default `num_heads`.
        edge_features: width of the features of edges, which every layer reads; None if edges have none.
        attention_dropout: probability of dropping an edge of a head in training.

    Raises:
        OptionError: in the constructor, if `num_heads` does not divide `hidden_features`, `num_out_heads` comes with `jumping`,
            or an option does not exist.
        ShapeError: in the call, if features of edges are missing, left over or of another width.
    """

    activation: Activation = field(default_factory=lambda: functional.elu)
    num_heads: int = 8
    num_out_heads: int | None = None
    edge_features: int | None = None
    attention_dropout: float = 0.0

    def __post_init__(self) -> None:
        """Check the heads and make the layers."""
        if self.num_heads < 1 or self.hidden_features % self.num_heads:
            got = f"{self.hidden_features} and {self.num_heads}"
            raise OptionError(message(type(self).__name__, "`hidden_features` that `num_heads` divides", got))
        if self.num_out_heads is not None and (self.jumping or self.num_out_heads < 1):
            expected = "`num_out_heads` of at least 1, and none with `jumping`, behind which no layer is the last"
            got = f"{self.num_out_heads} with {self.jumping!r}"
            raise OptionError(message(type(self).__name__, expected, got))
        super().__post_init__()

    @abstractmethod
    def make_headed(self, in_features: int, width: int, *, num_heads: int, concat: bool) -> nn.Module:
        """Make a layer of heads of this width, concatenated or averaged."""

    def make_layer(self, in_features: int, out_features: int, is_last: bool) -> nn.Module:
        """Make a layer whose heads are side by side, or for the last one averaged."""
        heads = (self.num_out_heads or self.num_heads) if is_last else self.num_heads
        width = out_features if is_last else out_features // heads
        return self.make_headed(in_features, width, num_heads=heads, concat=not is_last)
