"""What the ready models of attention share: heads side by side in the middle, and their mean at the end."""

from abc import ABC, abstractmethod

from torch import nn
from torch.nn import functional

from ...errors import OptionError, message
from .layer_stack import Activation, Jumping, LayerStack, Norm


class HeadedStack(LayerStack, ABC):
    """A `LayerStack` of layers with heads, which are concatenated; those of the last layer are averaged.

    *Shapes* those of `LayerStack`.

    Args:
        num_heads: of every layer, each `hidden_features / num_heads` wide, or `out_features` wide in the last.
        attention_dropout: probability of dropping an edge of a head in training.

    Raises:
        OptionError: in the constructor, if `num_heads` does not divide `hidden_features`, or an option does not exist.
    """

    def __init__(
        self,
        in_features: int,
        hidden_features: int,
        out_features: int,
        *,
        num_layers: int = 3,
        num_heads: int = 8,
        attention_dropout: float = 0.0,
        dropout: float = 0.0,
        norm: Norm | None = None,
        residual: bool = False,
        jumping: Jumping | None = None,
        activation: Activation = functional.elu,
    ) -> None:
        if num_heads < 1 or hidden_features % num_heads:
            got = f"{hidden_features} and {num_heads}"
            raise OptionError(message(type(self).__name__, "`hidden_features` that `num_heads` divides", got))
        # They stand here already when the base class makes the layers.
        self.num_heads, self.attention_dropout = num_heads, attention_dropout
        super().__init__(
            in_features,
            hidden_features,
            out_features,
            num_layers=num_layers,
            dropout=dropout,
            norm=norm,
            residual=residual,
            jumping=jumping,
            activation=activation,
        )

    @abstractmethod
    def make_headed(self, in_features: int, width: int, concat: bool) -> nn.Module:
        """Make a layer of `num_heads` heads of this width, concatenated or averaged."""

    def make_layer(self, in_features: int, out_features: int, is_last: bool) -> nn.Module:
        """Make a layer whose heads are side by side, or for the last one averaged."""
        width = out_features if is_last else out_features // self.num_heads
        return self.make_headed(in_features, width, not is_last)
