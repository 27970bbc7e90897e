"""Searches in lists that ascend, each by the same number of halvings."""

import triton
import triton.language as tl


@triton.jit
def holds(ascending, lo, hi, node, HALVINGS: tl.constexpr):
    """Whether a node is among ids lo .. hi, which ascend."""
    end = hi
    for _ in range(HALVINGS):
        middle = (lo + hi) // 2
        apart = lo < hi
        less = apart & (tl.load(ascending + middle, mask=apart, other=0).to(tl.int64) < node)
        lo, hi = tl.where(less, middle + 1, lo), tl.where(apart & (less == 0), middle, hi)
    return (lo < end) & (tl.load(ascending + lo, mask=lo < end, other=-1).to(tl.int64) == node)


@triton.jit
def position_of(sums, lo, hi, value, HALVINGS: tl.constexpr):
    """The last position from lo to below hi whose sum is not above a value."""
    for _ in range(HALVINGS):
        middle = (lo + hi) // 2
        apart = hi - lo > 1
        goes_on = apart & (tl.load(sums + middle, mask=apart, other=0) <= value)
        lo, hi = tl.where(goes_on, middle, lo), tl.where(apart & (goes_on == 0), middle, hi)
    return lo
