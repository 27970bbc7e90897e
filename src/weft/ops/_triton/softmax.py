"""What kernels share that compute a softmax online: the highest score so far, and the sum of exp(score - highest)."""

import triton
import triton.language as tl


@triton.jit
def measured_from(top):
    """What scores are measured from: the highest, or 0 where all are -inf, whose exp is 0 then."""
    return tl.where(top == float("-inf"), 0.0, top)


@triton.jit
def divisor(total, is_there):
    """What to divide by: the sum; NaN if no score was above -inf, as torch has it; 1 where nothing is there to divide."""
    return tl.where(is_there, tl.where(total == 0.0, float("nan"), total), 1.0)
