"""Dropout of edges for one step of propagation, drawn again for backward."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from ._propagation import Propagation


def send_over_some(step: Propagation, x: Tensor, probability: float) -> Tensor:
    """Send x over edges of which some are dropped at random; the others count 1 / (1 - probability) times.

    Draws a seed from torch's generator. Factors of edges are made from it in forward and again in backward, so that a layer
    of many hops keeps none; while compiling, the compiler decides what is kept.
    """
    num_edges = step.rows.num_edges
    if torch.compiler.is_compiling():
        ones = x.new_ones(num_edges) if step.weight is None else step.weight
        return step._replace(weight=functional.dropout(ones, probability))(x)
    seed = int(torch.randint(2**63 - 1, ()))
    given = None if step.weight is None else step.weight.detach()

    def kept(weight: Tensor | None) -> Tensor:
        generator = torch.Generator(x.device).manual_seed(seed)
        stays = torch.rand(num_edges, device=x.device, generator=generator) >= probability
        factor = stays.to(x.dtype) * (1 / (1 - probability) if probability < 1 else 0.0)
        return factor if weight is None else weight * factor

    drawn = kept(None)
    made: dict[int, Tensor | None] = {drawn.data_ptr(): None}

    def pack(saved: Tensor) -> Any:
        known = saved.shape == (num_edges,) and saved.data_ptr() in made
        return (made[saved.data_ptr()],) if known else saved

    def unpack(saved: Any) -> Tensor:
        return kept(saved[0]) if isinstance(saved, tuple) else saved

    with torch.autograd.graph.saved_tensors_hooks(pack, unpack):
        weight = drawn
        if step.weight is not None:
            weight = step.weight * drawn
            made[weight.data_ptr()] = given
        return step._replace(weight=weight)(x)
