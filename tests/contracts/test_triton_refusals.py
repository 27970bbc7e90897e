"""What kernels for GPUs refuse, when they say so, and what is said of them; in Triton's interpreter."""

import pytest
import torch

import weft
from weft.errors import DeviceError, IdError, NativeLibraryError, StructureError
from weft.ops import Structure, using
from weft.ops._registry import others as ops
from weft.testing.structures import random_structure

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy computes what masks leave out, too


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
    pointers = ops.sparse_union_indptr(good.indptr, good.source, *right, 24)
    values = torch.ones(column.shape[0]), torch.ones(right[1].shape[0])
    return ops.sparse_union_entries(indptr, column, *right, *values, pointers, 24, int(pointers[-1]))


PLACES = torch.tensor([0, *[2] * 24]), torch.tensor([3, 7], dtype=torch.int32)
X = torch.ones(24, 3)
MARKS = torch.tensor([-1])  # of 64 ids
CALLS = {
    "spmm": (lambda rows: ops.spmm(rows, X, torch.ones(50)), "source edge indptr"),
    "spmm by head": (lambda rows: ops.spmm(rows, torch.ones(24, 2, 4), torch.ones(50, 2), "max"), "source edge indptr"),
    "sddmm": (lambda rows: ops.sddmm(rows._replace(ends=None), X, X), "source edge indptr"),
    "sddmm by edge": (
        lambda rows: ops.sddmm(rows._replace(ends=(rows.source, rows.source)), X, X, "add"),
        "source",
    ),
    "degree": (lambda rows: ops.degree(rows.source, 24), "source"),
    "gather_segments": (
        lambda rows: ops.gather_segments(rows.indptr, torch.ones(50, 3), *chosen(rows)),
        "source indptr",
    ),
    "gather_rows": (lambda rows: ops.gather_rows(X, rows.source), "source"),
    "edge_softmax": (lambda rows: ops.edge_softmax(rows, torch.ones(50, 2)), "edge indptr"),
    "edge_softmax_backward": (
        lambda rows: ops.edge_softmax_backward(rows, torch.ones(50, 2), torch.ones(50, 2)),
        "edge indptr",
    ),
    "segment_matmul": (
        lambda rows: ops.segment_matmul(rows.indptr, E, torch.ones(24, 3, 4), None, rows.edge),
        "edge indptr",
    ),
    "segment_outer": (lambda rows: ops.segment_outer(rows.indptr, E, E, rows.edge), "edge indptr"),
    "relational_matmul": (lambda rows: ops.relational_matmul(rows, X, W, TYPE), "source edge indptr"),
    "relational_sddmm by type": (
        lambda rows: ops.relational_sddmm(wrong(), X, torch.ones(24, 3, 3), X, rows.source),
        "source",
    ),
    "relational_outer": (lambda rows: ops.relational_outer(rows, X, X, TYPE, None, 9), "source edge indptr"),
    "relational_sddmm": (lambda rows: ops.relational_sddmm(rows, X, W, X, TYPE), "source edge indptr"),
    "gatv2_attention": (
        lambda rows: ops.gatv2_attention(rows, X[:, None], X[:, None], X[:1], edge_weight=torch.ones(50)),
        "source edge indptr",
    ),
    "segment_argreduce": (lambda rows: ops.segment_argreduce(rows.indptr, torch.ones(50, 3), rows.edge), "edge indptr"),
    "segment_cumsum": (lambda rows: ops.segment_cumsum(rows.indptr, torch.ones(50, 3), rows.edge), "edge indptr"),
    "segment_search": (
        lambda rows: ops.segment_search(rows.indptr, rows.source, rows.source.long(), rows.edge),
        "source indptr",
    ),
    "segment_softmax": (lambda rows: ops.segment_softmax(rows.indptr, torch.ones(50, 3), rows.edge), "edge indptr"),
    "transpose_entries": (
        lambda rows: ops.transpose_entries(rows.indptr, rows.source, torch.ones(50, 3), 24),
        "source indptr",
    ),
    "mark_rows": (
        lambda rows: ops.mark_rows(rows.indptr, rows.source, rows.edge, rows.source.long(), MARKS, 50),
        "source edge indptr",
    ),
    "mark_ends": (lambda rows: ops.mark_ends(rows.source, rows.edge, MARKS, MARKS), "source edge"),
    "rank_marks": (
        lambda rows: ops.rank_marks(MARKS, ops.count_marks(MARKS), rows.source, rows.edge.long()),
        "source edge",
    ),
    "list_marks": (lambda rows: ops.list_marks(*counted(rows)), "indptr"),
    "sparse_lookup": (
        lambda rows: ops.sparse_lookup(rows.indptr, rows.source, torch.ones(50), *PLACES, 24),
        "source indptr",
    ),
    "sparse_union_entries": (lambda rows: union(rows.indptr, rows.source), "source indptr"),
    "segment_reduce": (lambda rows: ops.segment_reduce(rows.indptr, torch.ones(50, 3), rows.edge), "edge indptr"),
}


@pytest.mark.parametrize("total", [1, 60])
def test_pointers_of_another_sum_are_refused(total):
    rows = wrong()
    pointers = ops.sparse_union_indptr(rows.indptr, rows.source, *PLACES, 24)
    pattern = (rows.indptr, rows.source, *PLACES, torch.ones(50), torch.ones(2))
    for indptr, count in ((pointers, total), (pointers.flip(0).contiguous(), int(pointers[-1]))):
        with using("triton"), pytest.raises(StructureError, match="sparse_union_entries: a pointer was out of range"):
            ops.sparse_union_entries(*pattern, indptr, 24, count)


@pytest.mark.parametrize("value", [-1, 1 << 30, -(1 << 31)])
@pytest.mark.parametrize(
    ("name", "part"), [(name, part) for name, (_, parts) in CALLS.items() for part in parts.split()]
)
def test_what_is_out_of_range_is_an_error_and_left_out(name, part, value):
    call, error = CALLS[name][0], StructureError if part == "indptr" else IdError
    with using("triton"), pytest.raises(error, match=f"{name.split()[0]}: .* out of range"):
        call(wrong(**{part: (7, value)}))


@pytest.mark.parametrize("name", CALLS)
def test_what_was_raised_is_forgotten(name):
    call, parts = CALLS[name]
    with using("triton"):
        with pytest.raises((IdError, StructureError), match="out of range"):
            call(wrong(**{parts.split()[0]: (7, -1)}))
        call(wrong())


def test_edges_without_targets_are_refused():
    rows = Structure(torch.tensor([0]), torch.tensor([0, 1]))
    with using("triton"), pytest.raises(StructureError, match="sddmm: a pointer was out of range"):
        ops.sddmm(rows, torch.ones(0, 3), torch.ones(2, 3))


@pytest.mark.parametrize("knows_ends", [True, False])
def test_two_tables_of_sources_are_both_read_within_their_rows(knows_ends):
    rows = wrong()._replace(ends=(wrong().source, wrong().source) if knows_ends else None)
    with using("triton"), pytest.raises(IdError, match="out of range"):
        ops.sddmm(rows, X, X[:3], "mul", "source", "source")


ROWS = wrong()
RUN_BY_TORCH = {
    "segment_sort": lambda rows: ops.segment_sort(rows.indptr, torch.ones(50, 3), rows.edge),
    "segment_topk": lambda rows: ops.segment_topk(rows.indptr, torch.ones(50, 3), 2, rows.edge),
    "csr_to_csc": lambda rows: ops.csr_to_csc(rows.indptr, rows.source, 24),
    "sort_edges": lambda rows: ops.sort_edges(rows.indptr, rows.source, rows.edge, 24),
    "coalesce_entries": lambda rows: ops.coalesce_entries(rows.indptr, rows.source, ROWS.indptr, 50),
    "mirror_pairs": lambda rows: ops.mirror_pairs(rows.indptr, rows.source, 97),
    "sparse_union_indptr": lambda rows: ops.sparse_union_indptr(rows.indptr, rows.source, *PLACES, 24),
    "group_cells": lambda rows: ops.group_cells(torch.ones(50, 3), torch.ones(3).double(), rows.indptr, None, None),
    "sorted_pointers": lambda rows: ops.sorted_pointers(rows.source, 24),
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
        ops.spmm(rows, torch.ones(24, 2, dtype=torch.int32))
    monkeypatch.setenv("TRITON_INTERPRET", "0")
    with using("triton"), pytest.raises(NativeLibraryError, match="TRITON_INTERPRET=1"):
        ops.spmm(rows, X)
    assert ops.spmm.explain(rows, X) == "native"


def test_explain_says_which_kernels_have_never_run_on_a_device():
    rows = wrong()
    with using("triton"):
        assert ops.spmm.explain(rows, X) == "triton (kept its contract in Triton's interpreter, never ran on a device)"
        assert ops.coo_to_csc.explain(rows.source, rows.source, 24) == "torch, which is fast there"


def test_arguments_on_several_devices_are_refused():
    with using("triton"), pytest.raises(DeviceError, match="expected `weight` on cpu"):
        ops.spmm(wrong(), X, torch.ones(50, device="meta"))
    with using("triton"), pytest.raises(DeviceError, match="segment_sort: expected `order` on cpu"):
        ops.segment_sort(ROWS.indptr, X[:, 0], torch.arange(24, device="meta"))


def test_the_plan_of_a_formula_names_the_kernel_on_its_device(monkeypatch):
    monkeypatch.setattr("weft.ops._triton.launching.DEVICES", ("meta",))  # as a GPU would be
    graph = weft.Adjacency(torch.zeros(4, dtype=torch.int64, device="meta"), torch.zeros(4, dtype=torch.int64, device="meta"),
                           num_sources=3, num_targets=3)  # fmt: skip
    formula = weft.formula(lambda source, target, edge: torch.relu(source["h"]) + target["h"])
    x = {"h": torch.ones(3, 4, device="meta")}
    assert "pass_messages on meta, triton (kept its contract" in weft.explain_plan(graph, formula, source=x, target=x)
