"""Kernels for GPUs, in Triton's interpreter: every operator that has one agrees with its reference, and refuses wrong ids."""

import pytest
import torch
import triton.language as tl
from triton.runtime import interpreter

import weft
from tests.contracts.test_operators import OPERATORS, hub_arguments, thinned
from weft.errors import IdError, NativeLibraryError, StructureError
from weft.ops import edge_softmax, gather_rows, gatv2_attention, sddmm, segment_reduce, spmm, using
from weft.ops._triton import walking
from weft.ops.edge_softmax.edge_softmax import edge_softmax_backward
from weft.testing import operators as contract
from weft.testing.structures import hub_structure, random_structure

ON_DEVICES = [p for p in OPERATORS if p.values[0].on_devices]


@pytest.fixture(autouse=True)
def nearest(monkeypatch):
    """Triton's interpreter cuts float32 off where it makes bfloat16 of it; devices round to the nearest, and so do we here."""
    cut_off = interpreter._convert_float

    def rounded(values, given, wanted, mode):
        if (given, wanted) != (tl.float32, tl.bfloat16):
            return cut_off(values, given, wanted, mode)
        return torch.from_numpy(values.copy()).bfloat16().view(torch.int16).numpy().view("uint16")

    monkeypatch.setattr(interpreter, "_convert_float", rounded)


def few(op):
    """Numbers of samples. A program of attention takes 10 ms in the interpreter, so that it gets few of few rows."""
    if not is_attention(op):
        return thinned(op, 12)
    return [at for at, args in enumerate(op.make_samples()) if args[0].num_targets < 24][1::5]


def is_attention(op):
    return "attention" in op.name


@pytest.mark.parametrize("op", ON_DEVICES)
def test_it_agrees_with_the_reference(op):
    contract.check_triton(op, few(op))


@pytest.mark.slow
@pytest.mark.parametrize("op", ON_DEVICES)
def test_it_agrees_on_every_sample(op):
    contract.check_triton(op)


@pytest.mark.parametrize("op", [p for p in ON_DEVICES if hub_arguments(p.values[0])])
def test_a_long_row_is_cut_without_a_trace(op, monkeypatch):
    monkeypatch.setattr(walking, "LONG", 16)
    if is_attention(op):
        monkeypatch.setattr(op, "dtypes", op.dtypes[:1])
    arguments = hub_arguments(op, hub_structure(100))
    monkeypatch.setattr(op, "make_samples", lambda: iter(arguments[::5]))
    contract.check_triton(op)


def wrong(**changes):
    rows = random_structure(24, 24, 50, dtype=torch.int32)
    for name, (at, value) in changes.items():
        rows = rows._replace(**{name: getattr(rows, name).clone().index_fill_(0, torch.tensor(at), value)})
    return rows


X = torch.ones(24, 3)
CALLS = {
    "spmm": (lambda rows: spmm(rows, X, torch.ones(50)), "source edge indptr"),
    "spmm by head": (lambda rows: spmm(rows, torch.ones(24, 2, 4), torch.ones(50, 2), "max"), "source edge indptr"),
    "sddmm": (lambda rows: sddmm(rows, X, X), "source edge indptr"),
    "gather_rows": (lambda rows: gather_rows(X, rows.source), "source"),
    "edge_softmax": (lambda rows: edge_softmax(rows, torch.ones(50, 2)), "edge indptr"),
    "edge_softmax_backward": (
        lambda rows: edge_softmax_backward(rows, torch.ones(50, 2), torch.ones(50, 2)),
        "edge indptr",
    ),
    "gatv2_attention": (
        lambda rows: gatv2_attention(rows, X[:, None], X[:, None], X[:1], edge_weight=torch.ones(50)),
        "source edge indptr",
    ),
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
