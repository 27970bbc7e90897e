"""How kernels of attention are launched: which input is what, the sizes, and the blocks that a program takes."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from torch import Tensor

from .._philox import keep_scale
from .._triton import walking
from .._triton.launching import accumulator, block_of, dtype_of
from ._softmax import Edges


class Roles(NamedTuple):
    """The inputs of a kind of attention, or their gradients, by what they do."""

    value: Tensor
    at_source: Tensor
    at_target: Tensor
    factor: Tensor | None


def roles_of(kind: str, a: Tensor, b: Tensor, c: Tensor) -> Roles:
    """What the three inputs of a kind are: see `Kind.inputs`."""
    if kind == "gat":
        return Roles(a, b, c, None)
    if kind == "gatv2":
        return Roles(a, a, b, c)
    return Roles(c, b, a, None)


class Call(NamedTuple):
    """What every launch of a call is given."""

    edges: tuple[Tensor | None, ...]  # score, weight, seed
    sizes: tuple[Any, ...]  # heads, width, score_width, weights, limit, scale, option
    constants: dict[str, Any]
    blocks: int  # of heads


def call_of(kind: str, dims: Sequence[int], edges: Edges, option: float, like: Tensor) -> Call:
    """The arguments that kernels of a call have in common."""
    heads, width, score_width, weights, limit, *bits = dims[3:10]
    if kind == "gat":
        score_width = 1
    exact = accumulator(like.dtype)
    numbers = bits if exact.itemsize == 8 else (keep_scale(edges.dropout), option)
    columns, score_columns = block_of(width, 1 << 20), block_of(score_width, 1 << 20)
    widest = max(columns, score_columns)
    at_once = block_of(heads, max(1, 128 // widest))
    some = max(1, min(16, 2048 // (at_once * widest)))
    constants = {
        "KIND": kind, "HEADS": at_once, "WIDTH": columns, "SCORE_WIDTH": score_columns, "EDGES": some, "ACC": dtype_of(exact),
        "LONG": walking.LONG, "num_warps": max(1, min(8, some * at_once * widest // 512)),
    }  # fmt: skip
    seed = None if edges.seed is None else edges.seed.to(like.device, non_blocking=True)
    given = (edges.score, edges.weight, seed)
    return Call(given, (heads, width, score_width, weights, limit, *numbers), constants, -(-heads // at_once))
