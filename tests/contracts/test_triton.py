"""Kernels for GPUs, in Triton's interpreter: every operator that has one agrees with its reference, and refuses wrong ids."""

import pytest
import torch

import weft
from tests.contracts.test_operators import OPERATORS, hub_arguments, thinned
from weft.errors import IdError, NativeLibraryError, StructureError
from weft.ops import (
    gather_rows,
    relational_matmul,
    relational_outer,
    relational_sddmm,
    sddmm,
    segment_matmul,
    segment_outer,
    segment_reduce,
    spmm,
    using,
)
from weft.ops._triton import walking
from weft.testing import operators as contract
from weft.testing.structures import hub_structure, random_structure

ON_DEVICES = [p for p in OPERATORS if p.values[0].on_devices]


@pytest.mark.parametrize("op", ON_DEVICES)
def test_it_agrees_with_the_reference(op):
    contract.check_triton(op, thinned(op, 12))


@pytest.mark.slow
@pytest.mark.parametrize("op", ON_DEVICES)
def test_it_agrees_on_every_sample(op):
    contract.check_triton(op)


@pytest.mark.parametrize("op", [p for p in ON_DEVICES if hub_arguments(p.values[0])])
def test_a_long_row_is_cut_without_a_trace(op, monkeypatch):
    monkeypatch.setattr(walking, "LONG", 16)
    arguments = hub_arguments(op, hub_structure(100))
    monkeypatch.setattr(op, "make_samples", lambda: iter(arguments[::5]))
    contract.check_triton(op)


def wrong(**changes):
    rows = random_structure(24, 24, 50, dtype=torch.int32)
    for name, (at, value) in changes.items():
        rows = rows._replace(**{name: getattr(rows, name).clone().index_fill_(0, torch.tensor(at), value)})
    return rows


X, E, W = torch.ones(24, 3), torch.ones(50, 3), torch.ones(9, 3, 3)
TYPE = torch.arange(50, dtype=torch.int32) % 9
CALLS = {
    "spmm": (lambda rows: spmm(rows, X, torch.ones(50)), "source edge indptr"),
    "spmm by head": (lambda rows: spmm(rows, torch.ones(24, 2, 4), torch.ones(50, 2), "max"), "source edge indptr"),
    "sddmm": (lambda rows: sddmm(rows, X, X), "source edge indptr"),
    "gather_rows": (lambda rows: gather_rows(X, rows.source), "source"),
    "segment_matmul": (
        lambda rows: segment_matmul(rows.indptr, E, torch.ones(24, 3, 4), None, rows.edge),
        "edge indptr",
    ),
    "segment_outer": (lambda rows: segment_outer(rows.indptr, E, E, rows.edge), "edge indptr"),
    "relational_matmul": (lambda rows: relational_matmul(rows, X, W, TYPE), "source edge indptr"),
    "relational_sddmm by type": (
        lambda rows: relational_sddmm(wrong(), X, torch.ones(24, 3, 3), X, rows.source),
        "source",
    ),
    "relational_outer": (lambda rows: relational_outer(rows, X, X, TYPE, None, 9), "source edge indptr"),
    "relational_sddmm": (lambda rows: relational_sddmm(rows, X, W, X, TYPE), "source edge indptr"),
    "segment_reduce": (lambda rows: segment_reduce(rows.indptr, torch.ones(50, 3), rows.edge), "edge indptr"),
}


@pytest.mark.parametrize("value", [-1, 1 << 30, -(1 << 31)])
@pytest.mark.parametrize(
    ("name", "part"), [(name, part) for name, (_, parts) in CALLS.items() for part in parts.split()]
)
def test_what_is_out_of_range_is_an_error_and_left_out(name, part, value):
    call, error = CALLS[name][0], StructureError if part == "indptr" else IdError
    with using("triton"), pytest.raises(error, match=f"{name.split()[0]}: .* out of range"):
        call(wrong(**{part: (7, value)}))
    with using("triton"):
        call(wrong())  # what was raised is forgotten


def test_what_ran_on_a_device_is_raised_by_synchronize():
    from weft.ops._triton.faults import faults_of

    faults_of("spmm", torch.device("cpu"))[0] = 1  # as a kernel does that nobody has waited for
    with pytest.raises(IdError, match="spmm: an id was out of range on cpu"):
        weft.ops.synchronize()
    weft.ops.synchronize()


def test_a_fallback_is_an_error_when_triton_is_asked_for(monkeypatch):
    rows = wrong()
    with using("triton"), pytest.raises(NativeLibraryError, match=r"the triton kernel .* no kernel for torch.int32"):
        spmm(rows, torch.ones(24, 2, dtype=torch.int32))
    monkeypatch.setenv("TRITON_INTERPRET", "0")
    with using("triton"), pytest.raises(NativeLibraryError, match="TRITON_INTERPRET=1"):
        spmm(rows, X)
    assert spmm.explain(rows, X) == "native"


def test_arguments_on_several_devices_are_refused():
    with using("triton"), pytest.raises(weft.errors.DeviceError, match="expected `weight` on cpu"):
        spmm(wrong(), X, torch.ones(50, device="meta"))
