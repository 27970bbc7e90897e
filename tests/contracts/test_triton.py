"""Kernels for GPUs, in Triton's interpreter: every operator that has one agrees with its reference, and refuses wrong ids."""

import os
import subprocess
import sys
from importlib import import_module

import pytest
import torch
import triton.language as tl
from torch.utils import _pytree as pytree
from triton.runtime import interpreter

from tests.contracts.pairwise import pairwise
from tests.contracts.test_operators import OPERATORS, hub_arguments, thinned
from weft.ops import farthest_points, knn, spmm, using
from weft.ops._triton import walking
from weft.testing import operators as contract
from weft.testing.structures import structure

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy computes what masks leave out, too
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
    """Numbers of samples that keep the interpreter busy for some seconds: a program takes milliseconds, of attention ten."""
    samples = list(op.make_samples())
    if op.name == "pass_messages":  # each program once
        return [at for at, args in enumerate(samples) if args[0].num_edges == 5]
    if is_attention(op):
        return [at for at, args in enumerate(samples) if args[0].num_targets < 24][1::8]
    sizes = [sum(x.numel() for x in pytree.tree_leaves(args) if isinstance(x, torch.Tensor)) for args in samples]
    most = 100 if op.name == "nearest_points" else 600  # each point meets each query
    small = [at for at, size in enumerate(sizes) if size <= most]
    return [small[i] for i in pairwise([samples[at] for at in small], most=6)]


def is_attention(op):
    return "attention" in op.name


@pytest.mark.parametrize("op", ON_DEVICES)
def test_it_agrees_with_the_reference(op):
    contract.check_triton(op, few(op))


@pytest.mark.slow
@pytest.mark.parametrize("op", ON_DEVICES)
def test_it_agrees_on_every_sample(op):
    contract.check_triton(op)


def hubs(num_edges):
    """Two rows of most of the edges: neither begins where a piece does, and one piece has parts of both."""
    draw = torch.Generator().manual_seed(5)
    target = torch.tensor([1, 3]).repeat_interleave(num_edges // 2 - 4)
    target = torch.cat((torch.tensor([0, 0, 0, 2, 5, 6]), target))[
        torch.randperm(2 * (num_edges // 2) - 2, generator=draw)
    ]
    return structure(torch.randint(40, target.shape, generator=draw), target, 40, 30, torch.int32)


def long_rows(op, num_edges):
    """Arguments around a structure most of whose edges are in two rows."""
    rows = hubs(num_edges)
    if op.name == "segment_cumsum":  # in thousands of rows its sums leave the range where the tolerances are meant
        x = torch.randn(rows.num_edges, 7, dtype=torch.float64)
        return [(rows.indptr, x, rows.edge, False), (rows.indptr, x[:, 0], None, True)]
    return hub_arguments(op, rows)


@pytest.mark.parametrize("op", [p for p in ON_DEVICES if long_rows(p.values[0], 9)])
def test_a_long_row_is_cut_without_a_trace(op, monkeypatch):
    monkeypatch.setattr(walking, "LONG", 16)
    monkeypatch.setattr(op, "dtypes", op.dtypes[:1])  # how rows are cut has nothing to do with it
    arguments = long_rows(op, 100)
    monkeypatch.setattr(op, "make_samples", lambda: iter(arguments[:: max(1, len(arguments) // 4)]))
    contract.check_triton(op)


def test_of_equal_values_the_first_edge_wins_however_a_row_is_cut(monkeypatch):
    monkeypatch.setattr(walking, "LONG", 16)
    rows = hubs(100)
    x = torch.tensor([1.0, 3.0, 3.0, 2.0]).repeat(10)[:, None].requires_grad_()
    with using("triton"):
        (gradient,) = torch.autograd.grad(spmm(rows, x, reduce="max").sum(), x)
    (expected,) = torch.autograd.grad(spmm(rows, x, reduce="max").sum(), x)
    assert torch.equal(gradient, expected)


def test_of_points_equally_far_the_lowest_rows_are_taken_and_none_twice(monkeypatch):
    monkeypatch.setattr(import_module("weft.ops.knn.knn_triton"), "_POINTS", 2)
    x = torch.tensor([[0.0], [1.0], [-1.0], [1.0], [0.0], [-1.0], [1.0]])
    with using("triton"):
        found, (_, chosen) = knn(x, 3, loop=True), farthest_points(x, 7)
    assert found.source.equal(knn(x, 3, loop=True).source)
    assert chosen.equal(farthest_points(x, 7)[1])


def whole_range(args, dtype):
    """The same arguments with integers in place of values: the lowest and the highest among them, and sums that wrap around."""
    lo, hi = torch.iinfo(dtype).min, torch.iinfo(dtype).max

    def convert(a):
        if not (isinstance(a, torch.Tensor) and a.is_floating_point()):
            return a
        values = torch.randint(lo, hi, a.shape, dtype=dtype, generator=torch.Generator().manual_seed(2))
        return values.masked_fill(values % 3 == 0, lo).masked_fill(values % 7 == 0, hi)

    return tuple(convert(a) for a in args)


@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
@pytest.mark.parametrize(
    "op", [p for p in ON_DEVICES if p.id in ("segment_reduce", "segment_argreduce", "segment_cumsum")]
)
def test_integers_are_exact(op, dtype, monkeypatch):
    monkeypatch.setattr(walking, "LONG", 16)
    samples = [args for at, args in enumerate(op.make_samples()) if at in thinned(op, 40)]
    for args in (*samples, *long_rows(op, 60)):
        if not {"mean", "var", "std"} & {a for a in args if isinstance(a, str)}:
            given = whole_range(args, dtype)
            assert contract.by_triton(op, given).equal(contract.native(op, given))


def with_specials(args):
    """The same arguments with values that are nothing, without end, or one of few."""
    few = torch.tensor([float("nan"), float("inf"), -float("inf"), 0.0, -0.0, 1.0, 1.0, -2.0, 1.0, 3.0])

    def convert(a):
        if not (isinstance(a, torch.Tensor) and a.is_floating_point()):
            return a
        return few[torch.randint(10, a.shape, generator=torch.Generator().manual_seed(a.numel()))]

    return tuple(convert(a) for a in args)


SPECIAL = ("segment_reduce", "segment_argreduce", "segment_cumsum", "segment_sort", "segment_topk", "sparse_lookup")


@pytest.mark.filterwarnings("ignore:invalid value encountered")  # by NumPy, which adds in the interpreter
@pytest.mark.parametrize("op", [p for p in ON_DEVICES if p.id in SPECIAL])
def test_infinities_and_what_is_no_number_come_out_as_on_the_cpu(op, monkeypatch):
    monkeypatch.setattr(walking, "LONG", 16)
    samples = [args for at, args in enumerate(op.make_samples()) if at in thinned(op, 20)]
    for args in (*samples, *long_rows(op, 60)):
        given = with_specials(args)
        found, expected = (contract.as_tuple(run(op, given)) for run in (contract.by_triton, contract.native))
        for f, e in zip(found, expected, strict=True):
            torch.testing.assert_close(f, e, equal_nan=True)


@pytest.mark.long
@pytest.mark.parametrize(
    "options", [["cuda"], *(pytest.param([target, "--all"], marks=pytest.mark.slow) for target in ("cuda", "hip"))]
)
def test_every_kernel_compiles_for_a_device(options, tmp_path):
    environment = {**os.environ, "TRITON_INTERPRET": "0", "TRITON_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-W", "ignore", "-m", "tests.contracts.compile_kernels", *options]
    run = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[-3000:]
