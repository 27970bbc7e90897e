"""Kernels for GPUs, in Triton's interpreter: every operator that has one agrees with its reference, and refuses wrong ids."""

import os
import subprocess
import sys

import pytest
import torch
from torch.utils import _pytree as pytree

import weft
from tests.contracts.test_operators import OPERATORS, hub_arguments, thinned
from weft.errors import IdError, NativeLibraryError, StructureError
from weft.ops import (
    coo_to_csc,
    degree,
    edge_softmax,
    gather_rows,
    gather_segments,
    gatv2_attention,
    relational_matmul,
    relational_outer,
    relational_sddmm,
    sddmm,
    segment_argreduce,
    segment_cumsum,
    segment_matmul,
    segment_outer,
    segment_reduce,
    segment_search,
    segment_softmax,
    segment_sort,
    segment_topk,
    sparse_lookup,
    spmm,
    using,
    using
from weft.ops._triton import walking
from weft.ops.edge_softmax.edge_softmax import edge_softmax_backward,
)
from weft.ops._triton import walking
from weft.ops.coalesce import coalesce_entries, sort_edges
from weft.ops.coo_to_csc import csr_to_csc
from weft.ops.edge_softmax.edge_softmax import edge_softmax_backward
from weft.ops.marks import count_marks, list_marks, mark_ends, mark_rows, rank_marks
from weft.ops.mirror_pairs import mirror_pairs
from weft.ops.segments_of import sorted_pointers
from weft.ops.sparse_select import transpose_entries
from weft.ops.sparse_sum import sparse_union_entries, sparse_union_indptr
from weft.ops.voxel_groups.voxel_groups import group_cells
from weft.ops._triton import walking
from weft.ops.edge_softmax.edge_softmax import edge_softmax_backward
from weft.testing import operators as contract
from weft.testing.structures import hub_structure, random_structure

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy computes what masks leave out, too
ON_DEVICES = [p for p in OPERATORS if p.values[0].on_devices]


def few(op):
    """Numbers of samples that keep the interpreter busy for some seconds: a program takes milliseconds, of attention ten."""
    if is_attention(op):
        return [at for at, args in enumerate(op.make_samples()) if args[0].num_targets < 24][1::5]
    sizes = [
        sum(x.numel() for x in pytree.tree_leaves(args) if isinstance(x, torch.Tensor)) for args in op.make_samples()
    ]
    return [at for at in thinned(op, 12) if sizes[at] <= 1000]


def is_attention(op):
    return "attention" in op.name


@pytest.mark.parametrize("op", ON_DEVICES)
def test_it_agrees_with_the_reference(op):
    contract.check_triton(op, few(op))


@pytest.mark.slow
@pytest.mark.parametrize("op", ON_DEVICES)
def test_it_agrees_on_every_sample(op):
    contract.check_triton(op)


def long_rows(op, num_edges):
    """Arguments around a structure most of whose edges are in one row."""
    rows = hub_structure(num_edges)
    if op.name == "segment_cumsum":  # in thousands of rows its sums leave the range where the tolerances are meant
        x = torch.randn(num_edges, 7, dtype=torch.float64)
        return [(rows.indptr, x, rows.edge, False), (rows.indptr, x[:, 0], None, True)]
    return hub_arguments(op, rows)


@pytest.mark.parametrize("op", [p for p in ON_DEVICES if long_rows(p.values[0], 9)])
def test_a_long_row_is_cut_without_a_trace(op, monkeypatch):
    monkeypatch.setattr(walking, "LONG", 16)
    if is_attention(op):
        monkeypatch.setattr(op, "dtypes", op.dtypes[:1])
    arguments = long_rows(op, 100)
    monkeypatch.setattr(op, "make_samples", lambda: iter(arguments[::5]))
    contract.check_triton(op)


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


def wrong(**changes):
    rows = random_structure(24, 24, 50, dtype=torch.int32)
    for name, (at, value) in changes.items():
        rows = rows._replace(**{name: getattr(rows, name).clone().index_fill_(0, torch.tensor(at), value)})
    return rows


X, E, W = torch.ones(24, 3), torch.ones(50, 3), torch.ones(9, 3, 3)
TYPE = torch.arange(50, dtype=torch.int32) % 9


def chosen(rows):
    """Segments that the sources name, and the pointers of what they hold where nothing is wrong."""
    good = wrong()
    pointers = torch.nn.functional.pad(good.indptr.diff()[good.source.long()].cumsum(0), (1, 0))
    return rows.source, pointers, int(pointers[-1])


def counted(rows):
    """Words that hold as many marks as a row has edges."""
    degree = wrong().indptr.diff()
    return (1 << degree) - 1, rows.indptr, rows.num_edges


def union(indptr, column):
    """A sum with two entries in the first row, for the pointers that it has where nothing is wrong."""
    good, right = wrong(), PLACES
    pointers = sparse_union_indptr(good.indptr, good.source, *right, 24)
    values = torch.ones(column.shape[0]), torch.ones(right[1].shape[0])
    return sparse_union_entries(indptr, column, *right, *values, pointers, 24, int(pointers[-1]))


PLACES = torch.tensor([0, *[2] * 24]), torch.tensor([3, 7], dtype=torch.int32)
X = torch.ones(24, 3)
MARKS = torch.tensor([-1])  # of 64 ids
CALLS = {
    "spmm": (lambda rows: spmm(rows, X, torch.ones(50)), "source edge indptr"),
    "spmm by head": (lambda rows: spmm(rows, torch.ones(24, 2, 4), torch.ones(50, 2), "max"), "source edge indptr"),
    "sddmm": (lambda rows: sddmm(rows, X, X), "source edge indptr"),
    "degree": (lambda rows: degree(rows.source, 24), "source"),
    "gather_segments": (lambda rows: gather_segments(rows.indptr, torch.ones(50, 3), *chosen(rows)), "source indptr"),
    "gather_rows": (lambda rows: gather_rows(X, rows.source), "source"),
    "edge_softmax": (lambda rows: edge_softmax(rows, torch.ones(50, 2)), "edge indptr"),
    "edge_softmax_backward": (
        lambda rows: edge_softmax_backward(rows, torch.ones(50, 2), torch.ones(50, 2)),
        "edge indptr",
    ),
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
    "gatv2_attention": (
        lambda rows: gatv2_attention(rows, X[:, None], X[:, None], X[:1], edge_weight=torch.ones(50)),
        "source edge indptr",
    ),
    "segment_argreduce": (lambda rows: segment_argreduce(rows.indptr, torch.ones(50, 3), rows.edge), "edge indptr"),
    "segment_cumsum": (lambda rows: segment_cumsum(rows.indptr, torch.ones(50, 3), rows.edge), "edge indptr"),
    "segment_search": (
        lambda rows: segment_search(rows.indptr, rows.source, rows.source.long(), rows.edge),
        "source indptr",
    ),
    "segment_softmax": (lambda rows: segment_softmax(rows.indptr, torch.ones(50, 3), rows.edge), "edge indptr"),
    "transpose_entries": (
        lambda rows: transpose_entries(rows.indptr, rows.source, torch.ones(50, 3), 24),
        "source indptr",
    ),
    "mark_rows": (
        lambda rows: mark_rows(rows.indptr, rows.source, rows.edge, rows.source.long(), MARKS, 50),
        "source edge indptr",
    ),
    "mark_ends": (lambda rows: mark_ends(rows.source, rows.edge, MARKS, MARKS), "source edge"),
    "rank_marks": (lambda rows: rank_marks(MARKS, count_marks(MARKS), rows.source, rows.edge.long()), "source edge"),
    "list_marks": (lambda rows: list_marks(*counted(rows)), "indptr"),
    "sparse_lookup": (
        lambda rows: sparse_lookup(rows.indptr, rows.source, torch.ones(50), *PLACES, 24),
        "source indptr",
    ),
    "sparse_union_entries": (lambda rows: union(rows.indptr, rows.source), "source indptr"),
    "segment_reduce": (lambda rows: segment_reduce(rows.indptr, torch.ones(50, 3), rows.edge), "edge indptr"),
}


@pytest.mark.parametrize("total", [1, 60])
def test_pointers_of_another_sum_are_refused(total):
    rows = wrong()
    pointers = sparse_union_indptr(rows.indptr, rows.source, *PLACES, 24)
    pattern = (rows.indptr, rows.source, *PLACES, torch.ones(50), torch.ones(2))
    for indptr, count in ((pointers, total), (pointers.flip(0).contiguous(), int(pointers[-1]))):
        with using("triton"), pytest.raises(StructureError, match="sparse_union_entries: a pointer was out of range"):
            sparse_union_entries(*pattern, indptr, 24, count)


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


ROWS = wrong()
RUN_BY_TORCH = {
    "segment_sort": lambda rows: segment_sort(rows.indptr, torch.ones(50, 3), rows.edge),
    "segment_topk": lambda rows: segment_topk(rows.indptr, torch.ones(50, 3), 2, rows.edge),
    "csr_to_csc": lambda rows: csr_to_csc(rows.indptr, rows.source, 24),
    "sort_edges": lambda rows: sort_edges(rows.indptr, rows.source, rows.edge, 24),
    "coalesce_entries": lambda rows: coalesce_entries(rows.indptr, rows.source, ROWS.indptr, 50),
    "mirror_pairs": lambda rows: mirror_pairs(rows.indptr, rows.source, 97),
    "sparse_union_indptr": lambda rows: sparse_union_indptr(rows.indptr, rows.source, *PLACES, 24),
    "group_cells": lambda rows: group_cells(torch.ones(50, 3), torch.ones(3).double(), rows.indptr, None, None),
    "sorted_pointers": lambda rows: sorted_pointers(rows.source, 24),
}


@pytest.mark.parametrize("value", [-1, 1 << 30, -(1 << 31)])
@pytest.mark.parametrize("name", RUN_BY_TORCH)
def test_what_torch_runs_is_checked_before(name, value):
    """Pointers above all, with which torch would write where nothing may be written."""
    with using("triton"):
        if name != "sorted_pointers":
            with pytest.raises(StructureError, match=rf"{name}: `(edge_|left_)?indptr` falls from"):
                RUN_BY_TORCH[name](wrong(indptr=(7, value)))
        if name not in ("group_cells", "coalesce_entries"):
            part = "edge" if name.startswith("segment") else "source"
            with pytest.raises(IdError, match=rf"{name}: `\w+` holds {value} at position 7"):
                RUN_BY_TORCH[name](wrong(**{part: (7, value)}))


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


def test_explain_says_which_kernels_have_never_run_on_a_device():
    rows = wrong()
    with using("triton"):
        assert spmm.explain(rows, X) == "triton (kept its contract in Triton's interpreter, never ran on a device)"
        assert coo_to_csc.explain(rows.source, rows.source, 24) == "torch, which is fast there"


def test_arguments_on_several_devices_are_refused():
    with using("triton"), pytest.raises(weft.errors.DeviceError, match="expected `weight` on cpu"):
        spmm(wrong(), X, torch.ones(50, device="meta"))
    with using("triton"), pytest.raises(weft.errors.DeviceError, match="segment_sort: expected `order` on cpu"):
        segment_sort(ROWS.indptr, X[:, 0], torch.arange(24, device="meta"))


@pytest.mark.parametrize("target", ["cuda", pytest.param("hip", marks=pytest.mark.slow)])
def test_every_kernel_compiles_for_a_device(target, tmp_path):
    environment = {**os.environ, "TRITON_INTERPRET": "0", "TRITON_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-W", "ignore", "-m", "tests.contracts.compile_kernels", target]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
    assert run.returncode == 0, run.stderr[-3000:]


def test_the_plan_of_a_formula_names_the_kernel_on_its_device(monkeypatch):
    monkeypatch.setattr("weft.ops._triton.launching.DEVICES", ("meta",))  # as a GPU would be
    graph = weft.Adjacency(torch.zeros(4, dtype=torch.int64, device="meta"), torch.zeros(4, dtype=torch.int64, device="meta"),
                           num_sources=3, num_targets=3)  # fmt: skip
    formula = weft.formula(lambda source, target, edge: torch.relu(source["h"]) + target["h"])
    x = {"h": torch.ones(3, 4, device="meta")}
    assert "pass_messages on meta, triton (kept its contract" in weft.explain_plan(graph, formula, source=x, target=x)
