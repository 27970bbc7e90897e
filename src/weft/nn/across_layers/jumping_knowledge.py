"""Jumping knowledge: every node chooses among what the layers of a model found."""

from collections.abc import Sequence
from typing import Literal, final

import torch
from torch import Tensor, nn

from ...errors import OptionError, ShapeError, check_choice, message

Mode = Literal["cat", "max", "lstm"]
MODES = ("cat", "max", "lstm")


@final
class JumpingKnowledge(nn.Module):
    """The results of all layers of a model, joined for each node.

    With h_1 to h_T what the layers gave:

        mode     out[i]
        "cat"    [h_1[i], ..., h_T[i]]
        "max"    elementwise maximum of h_1[i], ..., h_T[i]
        "lstm"   sum over t of attention[t] * h_t[i]

    `attention = softmax over t of W [forward state t, backward state t] + b`, of an LSTM that reads h_1[i] to h_T[i] in both
    directions.

    *Shapes* T tensors `(num_nodes, *, features) -> (num_nodes, *, features)`, for "cat" `(num_nodes, *, the sum of all widths)`.

    Args:
        features, num_layers: width of each h_t, and T; "lstm" needs both: its states have num_layers * features // 2 numbers.

    Raises:
        OptionError: in the constructor, if there is no such mode, or "lstm" has not both sizes.
        ShapeError: in the call, if there is no result, or results do not fit each other or the layer.

    *Source* Xu, Li, Tian, Sonobe, Kawarabayashi and Jegelka, 2018, Representation Learning on Graphs with Jumping Knowledge
    Networks, arXiv:1806.03536, section 4.

    *Differs from the source* it does not fix the size of the states.
    *Differs from DGL* and from PyG only by names of arguments; parameters are theirs: `lstm.*` and `att.*`.

    *Cost* num_nodes x T x features; "lstm" runs T steps over all nodes and keeps their states.

    >>> import torch
    >>> JumpingKnowledge("lstm", features=4, num_layers=2)([torch.randn(3, 4), torch.randn(3, 4)]).shape
    torch.Size([3, 4])
    """

    def __init__(self, mode: Mode = "cat", *, features: int | None = None, num_layers: int | None = None) -> None:
        super().__init__()
        check_choice("JumpingKnowledge", "mode", mode, MODES)
        self.mode, self.features, self.num_layers = mode, features, num_layers
        if mode == "lstm":
            if features is None or num_layers is None:
                got = f"{features} and {num_layers}"
                raise OptionError(message("JumpingKnowledge", '`features` and `num_layers` for "lstm"', got))
            states = num_layers * features // 2
            self.lstm = nn.LSTM(features, states, bidirectional=True, batch_first=True)
            self.att = nn.Linear(2 * states, 1)

    def reset_parameters(self) -> None:
        """Draw all weights anew, as torch draws those of LSTMs and linear maps."""
        if self.mode == "lstm":
            self.lstm.reset_parameters()
            self.att.reset_parameters()

    def forward(self, results: Sequence[Tensor]) -> Tensor:
        """Join the results of layers, the first layer's first."""
        self._check(results)
        if self.mode == "cat":
            return torch.cat(tuple(results), -1)
        together = torch.stack(tuple(results), -2)
        if self.mode == "max":
            return together.amax(-2)
        flat = together.reshape(-1, *together.shape[-2:])
        attention = self.att(self.lstm(flat)[0]).softmax(1)
        return (flat * attention).sum(1).reshape(results[0].shape)  # type: ignore[no-any-return]

    def extra_repr(self) -> str:
        """Options, as in the constructor."""
        sizes = f", features={self.features}, num_layers={self.num_layers}" if self.mode == "lstm" else ""
        return f"{self.mode!r}{sizes}"

    def _check(self, results: Sequence[Tensor]) -> None:
        shapes = [tuple(each.shape) for each in results]
        got = " and ".join(str(shape) for shape in shapes) or "none"
        alike = {shape[:-1] if self.mode == "cat" else shape for shape in shapes}
        if len(alike) != 1:
            expected = "at least one result, alike " + ("but for the width" if self.mode == "cat" else "in shape")
            raise ShapeError(message("JumpingKnowledge", expected, got))
        if self.mode == "lstm" and (len(shapes) != self.num_layers or shapes[0][-1] != self.features):
            expected = f"{self.num_layers} results of width {self.features}"
            raise ShapeError(message("JumpingKnowledge", expected, got))
