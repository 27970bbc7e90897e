"""Words of marks as kernels read and make them: bit i of word w stands for id 64 w + i."""

import triton
import triton.language as tl

from .._triton.walking import load_ids


@triton.jit
def bits_of(word):
    """The bits of words, lowest first, along a new last axis."""
    return (word[:, None] >> tl.arange(0, 64)[None, :].to(tl.int64)) & 1


@triton.jit
def words_of(bits):
    """Words of bits, lowest first, along the last axis."""
    return tl.sum(bits.to(tl.int64) << tl.arange(0, 64)[None, :].to(tl.int64), 1)


@triton.jit
def count_bits(word):
    """How many bits of a word are set: counts of pairs, of four, of eight, and their sum in the highest byte."""
    pairs = word - ((word >> 1) & 0x5555555555555555)
    fours = (pairs & 0x3333333333333333) + ((pairs >> 2) & 0x3333333333333333)
    return (((fours + (fours >> 4)) & 0x0F0F0F0F0F0F0F0F) * 0x0101010101010101) >> 56


@triton.jit
def is_marked(marks, num_words, ids, at, there, faults):
    """Which of the ids at places `at` are marked; ids without a bit are noted, and are not."""
    found, there = load_ids(ids, at, there, num_words * 64, faults)
    return there & (((tl.load(marks + found // 64, mask=there, other=0) >> (found % 64)) & 1) != 0)
