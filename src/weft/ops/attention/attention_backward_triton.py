"""The gradient of attention on a GPU: a walk over the edges by target, then one by source; each computes scores again."""

from collections.abc import Sequence

from torch import Tensor

from .._structure import Structure
from .._triton.faults import faults_of
from .._triton.launching import block_of
from ._by_source_triton import walk_by_source
from ._by_target_triton import walk_by_target
from ._launching_triton import call_of, roles_of
from ._softmax import Edges

# The gradient of a factor is a sum over targets. Programs take several of them once there are more, so that parts stay few.
_PARTS, _MOST_TARGETS = 8192, 32


def launch(
    made: Sequence[Tensor], dims: Sequence[int], rows: Structure, kind: str, a: Tensor, b: Tensor, c: Tensor,
    edge_score: Tensor | None, edge_weight: Tensor | None, seed: Tensor | None, lse: Tensor, grad: Tensor,
    result: Tensor | None, option: float, dropout: float, edge_gradients: bool,
) -> None:  # fmt: skip
    """Fill the gradients of the inputs, and of edge scores and weights where they are wanted."""
    targets, sources, num_edges, heads, *_ = dims
    if heads == 0:
        return
    roles, grads = roles_of(kind, a, b, c), roles_of(kind, *made[:3])
    call = call_of(kind, dims, Edges(edge_score, edge_weight, dropout, seed), option, a)
    faults, delta = faults_of("attention_backward", a.device), lse.new_empty(lse.shape)
    of_score, of_weight = (x if x.numel() else None for x in made[3:])
    weight_parts = of_weight
    if of_weight is not None and dims[6] != heads and call.blocks > 1:
        weight_parts = lse.new_empty((num_edges, call.blocks))
    some, factor_parts = 1, None
    if grads.factor is not None:
        some = block_of(targets // _PARTS, _MOST_TARGETS)
        factor_parts = lse.new_empty((-(-targets // some), *grads.factor.shape))
    if targets:
        given = (call, rows, (targets, sources, num_edges), roles, grad, result, lse, delta)
        if kind == "gat":
            walk_by_target(*given, (grads.at_target, None, None, None), faults, finds_delta=True)
            if of_score is not None or of_weight is not None:
                walk_by_target(*given, (None, None, of_score, weight_parts), faults)
        else:
            walk_by_target(*given, (grads.at_target, factor_parts, of_score, weight_parts), faults, some=some)
    if sources:
        of_source, counts = (grads.value, grads.at_source), (sources, targets, num_edges)
        walk_by_source(call, rows.reversed(), counts, roles, grad, lse, delta, of_source, faults)
    if of_weight is not None and weight_parts is not of_weight:
        of_weight.copy_(weight_parts.sum(1))
    if grads.factor is not None:
        grads.factor.copy_(factor_parts.sum(0))
