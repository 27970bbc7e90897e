"""Numbered parameters of a peer that are one parameter of weft."""

import re
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor


def joined(state: Mapping[str, Tensor], prefix: str, rules: Sequence[tuple[str, str]]) -> dict[str, Tensor]:
    """The state of a layer with tensors of numbered names side by side under one name, wherever a rule has `#` on its left alone.

    Args:
        prefix: of all names of the layer, as `conv1.`.
        rules: of the layer, `("lins.#.weight", "lin.weight")`: columns of `lin.weight`.

    >>> both = joined({"lins.1.w": torch.ones(1, 1), "lins.0.w": torch.zeros(1, 1)}, "", [("lins.#.w", "w")])
    >>> both["w"]
    tensor([[0., 1.]])
    """
    found, parts = dict(state), dict[str, dict[int, Tensor]]()
    for theirs, ours in rules:
        if "#" not in theirs or "#" in ours:
            continue
        pattern = re.compile(re.escape(prefix + theirs).replace(r"\#", r"(\d+)"))
        for key in state:
            match = pattern.fullmatch(key)
            if match:
                parts.setdefault(prefix + ours, {})[int(match[1])] = found.pop(key)
    return found | {name: torch.cat([of[at] for at in sorted(of)], 1) for name, of in parts.items()}
