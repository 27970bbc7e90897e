"""Checks that all draws share."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ...errors import DeviceError, DtypeError, OptionError, ShapeError, StructureError, message
from .._checks import check_rows
from .._torch import has_numbers, is_transforming
from .candidates import Candidates
from .request import Draws

MOST_EPOCHS, MOST_BATCHES, MOST_NODES = 2**20, 2**28, 2**40  # what the counter of the draws has room for
STREAMS = 1024  # of walks and of negatives, the last ones of 2^16
NEIGHBOR_STREAMS = 2**16 - 2 * STREAMS


def refuse_traces(name: str) -> None:
    """Refuse to draw where there are no numbers."""
    if torch.compiler.is_compiling() or is_transforming() or type(torch.empty(0, device="cpu")) is not Tensor:
        hint = "draw before, and give the compiled function the batch"
        raise OptionError(message(name, "numbers to draw from", "a trace, or fake tensors", hint))


def check_draws(name: str, draws: Draws, streams: int = NEIGHBOR_STREAMS) -> None:
    """Refuse what the key has no room for."""
    check_number(name, "seed", draws.seed, -(2**63), 2**64)
    check_number(name, "epoch", draws.epoch, 0, MOST_EPOCHS)
    check_number(name, "batch", draws.batch, 0, MOST_BATCHES)
    check_number(name, "stream", draws.stream, 0, streams)


def check_number(name: str, what: str, value: int, least: int, most: int) -> None:
    """Refuse what is no whole number from `least` to below `most`."""
    if not isinstance(value, int) or not least <= value < most:
        raise OptionError(message(name, f"`{what}` from {least} to {most - 1}", repr(value)))


CPU = torch.device("cpu")


def check_lists(name: str, what: str, lists: Sequence[Tensor], count: int, device: torch.device = CPU) -> None:
    """Refuse what is not so many lists of int64 on the device."""
    if len(lists) != count:
        raise ShapeError(message(name, f"{count} of `{what}`", str(len(lists))))
    for each in lists:
        if not has_numbers(each) or each.dtype is not torch.int64:
            got = str(each.dtype) if has_numbers(each) else type(each).__name__
            raise DtypeError(message(name, f"int64 `{what}`", got))
        if each.dim() != 1:
            raise ShapeError(message(name, f"one-dimensional `{what}`", str(tuple(each.shape))))
        if each.device != device:
            raise DeviceError(message(name, f"`{what}` on {_named(device)}", str(each.device)))


def _named(device: torch.device) -> str:
    return "the CPU" if device == CPU else f"{device}, where the others are"


def check_candidates(
    name: str, candidates: Sequence[Candidates], num_nodes: Sequence[int], device: torch.device = CPU
) -> None:
    """Refuse edges that are no plain tensors on the device, or do not fit the numbers of nodes."""
    for count in num_nodes:
        check_number(name, "num_nodes", count, 0, MOST_NODES + 1)
    for relation in candidates:
        _check_relation(name, relation, num_nodes, device)


def _check_relation(name: str, relation: Candidates, num_nodes: Sequence[int], device: torch.device) -> None:
    rows = relation.rows
    check_rows(name, rows)
    for kind in (relation.source_type, relation.target_type):
        check_number(name, "type of nodes", kind, 0, len(num_nodes))
    if rows.num_targets != num_nodes[relation.target_type]:
        wanted = f"a row for each of {num_nodes[relation.target_type]} nodes"
        raise StructureError(message(name, wanted, str(rows.num_targets)))
    for tensor in (rows.indptr, rows.source, rows.edge, relation.sums, relation.times, relation.ascending):
        if tensor is not None and (not has_numbers(tensor) or tensor.device != device):
            got = f"a {type(tensor).__name__} on {tensor.device}"
            raise DeviceError(message(name, f"candidates in plain tensors on {_named(device)}", got))
    for what, tensor, size in (("sums", relation.sums, rows.num_edges + 1), ("times", relation.times, rows.num_edges)):
        if tensor is not None and (tensor.dtype is not torch.int64 or tensor.shape != (size,)):
            got = f"{tensor.dtype} of shape {tuple(tensor.shape)}"
            raise DtypeError(message(name, f"`{what}` of int64 and shape ({size},)", got))
    if relation.ascending is not None and (
        relation.ascending.dtype is not rows.source.dtype or relation.ascending.shape != rows.source.shape
    ):
        raise ShapeError(message(name, "`ascending` like `source`", str(tuple(relation.ascending.shape))))
