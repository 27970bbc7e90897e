"""ARMA: a stack of recursive filters."""

from dataclasses import dataclass
from typing import final

import torch
from torch import nn

from ..conv import ARMAConv
from .layer_stack import LayerStack


@final
@dataclass(eq=False, repr=False, kw_only=True)
class ARMA(LayerStack):
    """Convolutions by recursive filters, one after the other.

    *Shapes* and further arguments are those of `LayerStack`, on square graphs only.

    Args:
        num_stacks: how many filters each layer is the mean of, K in the source.
        num_stack_layers: how many steps each of them takes, T in the source.
        shared_weights: the same weights in all steps of a filter.
        skip_dropout: probability of dropping the input of a layer where steps add it again, in training.

    *Source* Bianchi, Grattarola, Livi and Alippi, 2019, Graph Neural Networks with Convolutional ARMA Filters,
    arXiv:1901.01343.

    *Differs from the source* steps have relu, whatever `activation` stands between layers; those of the last layer have none.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0]), num_nodes=3)
    >>> ARMA(4, 8, 2, num_layers=2, num_stack_layers=2, skip_dropout=0.25)(graph, torch.randn(3, 4)).shape
    torch.Size([3, 2])
    """

    num_stacks: int = 2
    num_stack_layers: int = 1
    shared_weights: bool = False
    skip_dropout: float = 0.0

    def make_layer(self, in_features: int, out_features: int, is_last: bool) -> ARMAConv:
        """Make a layer; what the last one gives may be negative."""
        return ARMAConv(
            in_features,
            out_features,
            num_stacks=self.num_stacks,
            num_layers=self.num_stack_layers,
            shared_weights=self.shared_weights,
            dropout=self.skip_dropout,
            activation=nn.Identity() if is_last else torch.relu,
        )
