"""Words of random bits in plain Python, for the definitions that the native engine is held against."""

from collections.abc import Iterator

import torch

from .._philox import philox

_BLOCKS = 4  # counters that are worked out at once


def words_of(seed: int, first: int, second: int) -> Iterator[int]:
    """The words of a key, from a counter on."""
    as_signed = (torch.tensor(value - 2**64 if value >= 2**63 else value, device="cpu") for value in (seed, first))
    seed_bits, first_bits = as_signed
    while True:
        block = philox(seed_bits, first_bits, torch.arange(second, second + _BLOCKS, device="cpu"))
        yield from block.flatten().tolist()
        second += _BLOCKS


def below(n: int, is_wide: bool, words: Iterator[int]) -> int:
    """A number below n: the high half of n times a word, unless the low half says that n numbers would not be equally likely."""
    bits = 64 if is_wide else 32
    while True:
        word = next(words)
        if is_wide:
            word |= next(words) << 32
        product = word * n
        if product % 2**bits >= 2**bits % n:
            return product >> bits
