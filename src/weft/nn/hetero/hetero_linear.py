"""A linear map for each key of a mapping."""

from collections.abc import Mapping
from typing import final

from torch import Tensor, nn

from ...errors import FeatureError, message
from .by_type import ByType, Key


@final
class HeteroLinear(nn.Module):
    """A linear map for each node type or edge type, from widths of their own to one width.

    `out[t] = W[t] x[t] + b[t]`

    *Shapes* `x: {type: (count, *, in_features[type])} -> {type: (count, *, out_features)}` for the types that are given.

    Args:
        in_features: from types to widths.

    Raises:
        FeatureError: in the call, if a type has no map.

    *Differs from DGL* not at all. Parameters are DGL's: `linears.TYPE.weight` and `.bias`.
    *Differs from PyG* its HeteroDictLinear has `lins` for `linears`. Its HeteroLinear is `TypedLinear`.

    *Cost* one product for each type.

    >>> import torch
    >>> layer = HeteroLinear({"user": 3, "item": 5}, 2)
    >>> layer({"user": torch.ones(4, 3), "item": torch.ones(1, 5)})["item"].shape
    torch.Size([1, 2])
    """

    def __init__(self, in_features: Mapping[Key, int], out_features: int, *, bias: bool = True) -> None:
        super().__init__()
        self.in_features, self.out_features = dict(in_features), out_features
        self.linears = ByType({key: nn.Linear(width, out_features, bias=bias) for key, width in in_features.items()})

    def reset_parameters(self) -> None:
        """Draw weights and biases anew, as `torch.nn.Linear` does."""
        for key in self.linears:
            self.linears[key].reset_parameters()

    def forward(self, x: Mapping[Key, Tensor]) -> dict[Key, Tensor]:
        """Map what is given for each type."""
        missing = [key for key in x if key not in self.linears]
        if missing:
            known = ", ".join(map(repr, self.in_features))
            raise FeatureError(message("HeteroLinear", f"features of {known}", ", ".join(map(repr, missing))))
        return {key: self.linears[key](value) for key, value in x.items()}
