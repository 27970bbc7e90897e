"""Counter-based random bits in plain torch, the reference of native/include/weft/philox.h."""

import torch
from torch import Tensor

_WORD = 0xFFFFFFFF


def philox(seed: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """Four draws of 32 bits for each pair of numbers: the same on every machine.

    *Shapes* `seed: ()`, int64; `first`, `second: (*)`, int64 -> `(*, 4)`, int64 from 0 to 2^32 - 1

    *Source* Salmon, Moraes, Dror and Shaw, 2011, Parallel random numbers: as easy as 1, 2, 3. Philox-4x32-10 with the seed
    as key and the numbers as counter, low words first.
    """
    key = [seed & _WORD, (seed >> 32) & _WORD]
    first, second = torch.broadcast_tensors(first, second)
    c = [first & _WORD, (first >> 32) & _WORD, second & _WORD, (second >> 32) & _WORD]
    for _ in range(10):
        (left_high, left_low), (right_high, right_low) = _product(0xD2511F53, c[0]), _product(0xCD9E8D57, c[2])
        c = [right_high ^ c[1] ^ key[0], right_low, left_high ^ c[3] ^ key[1], left_low]
        key = [(key[0] + 0x9E3779B9) & _WORD, (key[1] + 0xBB67AE85) & _WORD]
    return torch.stack(torch.broadcast_tensors(*c), -1)


def _product(factor: int, word: Tensor) -> tuple[Tensor, Tensor]:
    """High and low words of the product of two words, by halves, since int64 does not hold it."""
    low, high = factor * (word & 0xFFFF), factor * (word >> 16)
    return (high + (low >> 16)) >> 16, (low + ((high & 0xFFFF) << 16)) & _WORD


def keep_limit(p: float) -> int:
    """Of 2^32 draws, how many keep a value that is dropped with probability p."""
    return round((1 - p) * 2**32)


def keep_scale(p: float) -> float:
    """What a value that stays is multiplied by."""
    return 1 / (1 - p) if p < 1 else 0.0


def kept(seed: Tensor, edge: Tensor, width: int, p: float, dtype: torch.dtype) -> Tensor:
    """For each edge `width` factors: 0 with probability p, else 1 / (1 - p), decided by seed, edge id and place.

    *Shapes* `seed: ()`, int64; `edge: (num_edges,)`, int64 -> `(num_edges, width)`
    """
    draws = philox(seed, edge.unsqueeze(1), torch.arange((width + 3) // 4, device=edge.device))
    return (draws.flatten(1)[:, :width] < keep_limit(p)).to(dtype) * keep_scale(p)
