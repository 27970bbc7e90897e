"""Random numbers: torch's generator is the only one there is."""

import torch


def seed(val: int) -> None:
    """Seed torch's generator, from which all draws of weft come.

    >>> seed(3)
    """
    torch.manual_seed(val)
