"""A table of learned rows for each key of a mapping."""

from collections.abc import Mapping
from typing import final

from torch import Tensor, nn

from ...errors import FeatureError, message
from .by_type import ByType, Key


@final
class HeteroEmbedding(nn.Module):
    """A learned row for each node of each type that has no features of its own.

    `out[t] = weight[t][ids[t]]`

    *Shapes* `ids: {type: (*)}`, int32 or int64 -> `{type: (*, out_features)}` for the types that are given.

    Args:
        num_rows: from types to how many rows they have.

    Raises:
        FeatureError: in the call, if a type has no rows.

    *Differs from DGL* `out_features` is its embedding_dim. Parameters are DGL's: `embeds.TYPE.weight`.

    *Cost* reads and writes the rows.

    >>> import torch
    >>> layer = HeteroEmbedding({"user": 3, "item": 5}, 2)
    >>> layer({"item": torch.tensor([4, 0])})["item"].shape, layer.weight["user"].shape
    (torch.Size([2, 2]), torch.Size([3, 2]))
    """

    def __init__(self, num_rows: Mapping[Key, int], out_features: int) -> None:
        super().__init__()
        self.num_rows, self.out_features = dict(num_rows), out_features
        self.embeds = ByType({key: nn.Embedding(count, out_features) for key, count in num_rows.items()})
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all rows from Glorot's uniform distribution."""
        for key in self.embeds:
            nn.init.xavier_uniform_(self.embeds[key].weight)

    @property
    def weight(self) -> dict[Key, Tensor]:
        """All rows of each type: what a layer on the whole graph takes."""
        return {key: self.embeds[key].weight for key in self.num_rows}

    def forward(self, ids: Mapping[Key, Tensor]) -> dict[Key, Tensor]:
        """Take the rows of the ids of each type."""
        missing = [key for key in ids if key not in self.embeds]
        if missing:
            known = ", ".join(map(repr, self.num_rows))
            raise FeatureError(message("HeteroEmbedding", f"ids of {known}", ", ".join(map(repr, missing))))
        return {key: self.embeds[key](value) for key, value in ids.items()}
