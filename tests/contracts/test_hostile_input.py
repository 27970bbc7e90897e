"""No input crashes or corrupts the process: every wrong id, pointer, dtype, shape and device is a typed error that teaches."""

import pytest
import torch

from weft.errors import DeviceError, DtypeError, GradientError, IdError, OptionError, ShapeError, StructureError
from weft.ops import (
    Structure,
    coo_to_csc,
    degree,
    edge_softmax,
    gat_attention,
    gather_rows,
    pass_messages,
    sddmm,
    segment_argreduce,
    segment_cumsum,
    segment_reduce,
    segment_softmax,
    segment_sort,
    segment_topk,
    spmm,
    using,
)
from weft.testing.structures import random_structure

E, N, M = 50, 24, 24
HUGE = [-1, N, 2**31 - 1, -(2**31)]


def rows_with(**changes):
    rows = random_structure(M, N, E, dtype=torch.int32)
    return rows._replace(**{name: change(getattr(rows, name).clone()) for name, change in changes.items()})


def put(value, at=7):
    def change(t):
        t[at] = value
        return t

    return change


CALLS = {
    "spmm": lambda rows: spmm(rows, torch.randn(M, 5)),
    "spmm weighted": lambda rows: spmm(rows, torch.randn(M, 5), torch.randn(E)),
    "spmm by head": lambda rows: spmm(rows, torch.randn(M, 2, 4), torch.randn(E, 2)),
    "spmm scaled": lambda rows: scaled(rows, torch.randn(M), torch.randn(N)),
    "spmm max": lambda rows: spmm(rows, torch.randn(M, 5), torch.randn(E), "max"),
    "sddmm": lambda rows: sddmm(rows, torch.randn(N, 5), torch.randn(M, 5)),
    "sddmm add": lambda rows: sddmm(rows, torch.randn(E, 5), torch.randn(M, 5), "add", "edge", "source"),
    "softmax": lambda rows: edge_softmax(rows, torch.randn(E, 3)),
    "attention": lambda rows: attention(rows),
    "segments": lambda rows: segment_reduce(rows.indptr, torch.randn(E, 3), rows.edge),
    "segments var": lambda rows: segment_reduce(rows.indptr, torch.randn(E, 3), rows.edge, "var"),
    "segments argmax": lambda rows: segment_argreduce(rows.indptr, torch.randn(E, 3), rows.edge),
    "segments cumsum": lambda rows: segment_cumsum(rows.indptr, torch.randn(E, 3), rows.edge),
    "segments softmax": lambda rows: segment_softmax(rows.indptr, torch.randn(E, 3), rows.edge),
    "segments sort": lambda rows: segment_sort(rows.indptr, torch.randn(E, 3), rows.edge)[0],
    "segments topk": lambda rows: segment_topk(rows.indptr, torch.randn(E, 3), 2, rows.edge)[0],
    "messages": lambda rows: messages(rows, "source:5 target:5 edge:5 | add 0 1; mul 3 2 | sum 4; max 4; edge 4"),
    "messages attend": lambda rows: messages(rows, "source:5 target:5 edge:5 | fold 2 1 5 1; mul 0 1 | attend 4 3"),
}


def messages(rows, program):
    return pass_messages(rows, program, torch.randn(M, 5), torch.randn(N, 5), torch.randn(E, 5))[0]


def scaled(rows, source=None, target=None, reduce="sum"):
    return spmm(rows, torch.randn(M, 5), None, reduce, source, target)


def attention(rows, z=None, left=None, right=None, slope=0.2):
    z = torch.randn(M, 2, 4) if z is None else z
    left = torch.randn(M, 2) if left is None else left
    return gat_attention(rows, z, left, torch.randn(N, 2) if right is None else right, slope)


@pytest.mark.parametrize("backend", ["native", "reference"])
@pytest.mark.parametrize("value", HUGE)
@pytest.mark.parametrize("call", [c for c in CALLS if c != "softmax" and not c.startswith("segments")])
def test_a_source_out_of_range_is_an_id_error(call, value, backend):
    with using(backend), pytest.raises(IdError, match="`source` holds"):
        CALLS[call](rows_with(source=put(value)))


@pytest.mark.parametrize("backend", ["native", "reference"])
@pytest.mark.parametrize("value", [-1, E, 2**31 - 1])
@pytest.mark.parametrize("call", [c for c in CALLS if c not in ("spmm", "spmm scaled", "attention")])
def test_an_edge_out_of_range_is_an_id_error(call, value, backend):
    with using(backend), pytest.raises(IdError, match=r"`(edge|order)` holds"):
        CALLS[call](rows_with(edge=put(value)))


@pytest.mark.parametrize("change", [put(-5), put(10**12), put(1, 0), put(0, -1), put(10**12, -1), put(49, 3)])
@pytest.mark.parametrize("call", CALLS)
def test_pointers_that_contradict_themselves_are_a_structure_error(call, change):
    with using("native"), pytest.raises(StructureError, match=r"`indptr` (runs|falls)"):
        CALLS[call](rows_with(indptr=change))


@pytest.mark.parametrize("call", CALLS)
def test_ids_overwritten_after_a_good_call_are_caught(call):
    rows = random_structure(M, N, E, dtype=torch.int32)
    before = CALLS[call](rows)
    assert before.isfinite().all()
    (rows.edge if call == "softmax" or call.startswith("segments") else rows.source)[3] = 10**9
    with pytest.raises(IdError):
        CALLS[call](rows)


def test_the_error_names_node_edge_and_count():
    rows = Structure(torch.tensor([0, 2, 2]), torch.tensor([1, 812]), torch.tensor([1, 0]))
    with pytest.raises(IdError, match="spmm: `source` holds node 812 at edge 0, but there are 500 sources"):
        spmm(rows, torch.randn(500, 3))


def test_the_first_wrong_id_is_named_on_any_number_of_threads():
    rows = random_structure(300, 300, 60000, dtype=torch.int32)
    rows.source[[777, 30000, 59999]] = -9
    before = torch.get_num_threads()
    for threads in (1, 2, 4):
        torch.set_num_threads(threads)
        with pytest.raises(IdError, match=f"at edge {int(rows.edge[777])},"):
            spmm(rows, torch.randn(300, 8))
    torch.set_num_threads(before)


@pytest.mark.parametrize("index", [torch.tensor([0, 5]), torch.tensor([-1, 0]), torch.tensor([2**40])])
def test_ids_of_the_index_operators_are_checked(index):
    for backend in ("native", "reference"):
        with using(backend):
            with pytest.raises(IdError, match="`index` holds"):
                degree(index, 5)
            with pytest.raises(IdError, match="`index` holds"):
                gather_rows(torch.randn(5, 2), index)
            with pytest.raises(IdError, match="`key` holds"):
                coo_to_csc(index, index, 5)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (
            lambda r: spmm(r, torch.randn(M, 5, dtype=torch.float64), torch.randn(E)),
            DtypeError,
            "one dtype for `x` and `weight`",
        ),
        (lambda r: spmm(r, torch.randn(M, 5), torch.randn(E + 1)), ShapeError, "one weight for each of 50 edges"),
        (lambda r: spmm(r, torch.randn(M, 4), torch.randn(E, 3)), ShapeError, "`weight`"),
        (lambda r: spmm(r, 1), DtypeError, "`x` to be a tensor, got int"),
        (lambda r: spmm(r, torch.randn(M, 4), [1.0]), DtypeError, "`weight` to be a tensor, got list"),
        (lambda r: scaled(r, source=torch.randn(M - 1)), ShapeError, r"`source_scale` of shape \(24,\)"),
        (lambda r: scaled(r, target=torch.randn(N, 1)), ShapeError, r"`target_scale` of shape \(24,\)"),
        (lambda r: scaled(r, target=torch.randn(N).double()), DtypeError, "one dtype"),
        (lambda r: scaled(r, source=torch.randn(M, device="meta")), DeviceError, "`source_scale` on the CPU"),
        (lambda r: scaled(r, source=torch.randn(M), reduce="max"), OptionError, "sum, mean"),
        (lambda r: scaled(r, target=torch.randn(N, requires_grad=True)), GradientError, "constants"),
        (lambda r: spmm(r, torch.tensor(1.0)), ShapeError, "without dimensions"),
        (lambda r: spmm(r, torch.randn(M, 5), reduce="median"), OptionError, "sum, mean, max, min"),
        (lambda r: spmm(r.indptr, torch.randn(M, 5)), DtypeError, "Structure"),
        (lambda r: spmm(r._replace(indptr=r.indptr.int()), torch.randn(M, 5)), DtypeError, "int64 `indptr`"),
        (lambda r: spmm(r._replace(source=r.source.float()), torch.randn(M, 5)), DtypeError, "int32 or both int64"),
        (lambda r: spmm(r._replace(edge=r.edge[:-1]), torch.randn(M, 5)), ShapeError, "as many `edge`"),
        (lambda r: spmm(r._replace(indptr=r.indptr[:0]), torch.randn(M, 5)), StructureError, "one-dimensional"),
        (
            lambda r: spmm(r._replace(source=r.source.reshape(5, 10)), torch.randn(M, 5)),
            StructureError,
            "one-dimensional",
        ),
        (lambda r: sddmm(r, torch.randn(N, 5), torch.randn(M, 4)), ShapeError, "last dimensions equal"),
        (lambda r: sddmm(r, torch.randn(N + 1, 5), torch.randn(M, 5)), ShapeError, "each of 24 targets"),
        (lambda r: sddmm(r, torch.randn(N, 5)), OptionError, "`right` for every op"),
        (
            lambda r: sddmm(r, torch.randn(N, 5), torch.randn(M, 5), left_from="middle"),
            OptionError,
            "source, target, edge",
        ),
        (lambda r: sddmm(r, torch.randn(N), torch.randn(M)), ShapeError, "at least one dimension"),
        (lambda r: edge_softmax(r, torch.randn(E - 1)), ShapeError, "each of 50 edges"),
        (lambda r: attention(r, z=torch.randn(M, 2, 0)), ShapeError, "a width of at least 1"),
        (lambda r: attention(r, z=torch.randn(M)), ShapeError, r"`z` \(num_sources, \*H, width\)"),
        (lambda r: attention(r, left=torch.randn(M + 1, 2)), ShapeError, "`left`"),
        (lambda r: attention(r, right=torch.randn(N - 1, 2)), ShapeError, "`right`"),
        (lambda r: attention(r, right=torch.randn(N, 2).double()), DtypeError, "one dtype"),
        (lambda r: attention(r, slope=-0.1), OptionError, "at least 0"),
        (lambda r: attention(r, slope=float("nan")), OptionError, "at least 0"),
        (lambda r: attention(r, left=torch.randn(M, 2, device="meta")), DeviceError, "`left` on the CPU"),
        (lambda r: segment_reduce(r.indptr, torch.randn(E), r.edge[:-1]), ShapeError, "all 50 rows"),
        (lambda r: segment_reduce(r.indptr.int(), torch.randn(E)), DtypeError, "int64 `indptr`"),
        (lambda r: segment_sort(r.indptr[:0], torch.randn(E)), StructureError, r"\(num_segments \+ 1,\)"),
        (lambda r: segment_sort(r.indptr, torch.tensor(1.0)), ShapeError, "without dimensions"),
        (lambda r: segment_topk(r.indptr, torch.randn(E), -1), OptionError, "`k` of at least 0"),
        (lambda r: segment_cumsum(r.indptr, torch.randn(E), r.edge.float()), DtypeError, "`order` int32, int64"),
        (lambda r: segment_softmax(r.indptr, torch.randn(E), r.edge.to("meta")), DeviceError, "`order` on the CPU"),
        (lambda r: segment_argreduce(r.indptr, torch.randn(E), None, "sum"), OptionError, "max, min, got 'sum'"),
        (lambda r: coo_to_csc(r.source, r.source.int(), 5), DtypeError, "both int32 or both int64"),
        (lambda r: coo_to_csc(r.source, r.source[1:], M), ShapeError, "as many keys"),
        (lambda r: coo_to_csc(r.source, r.source, -1), OptionError, "at least 0"),
        (lambda r: degree(torch.randn(4), 5), DtypeError, "int32 or int64"),
        (lambda r: degree(torch.zeros(2, 2, dtype=torch.int64), 5), ShapeError, "one-dimensional"),
        (lambda r: gather_rows(torch.randn(4), torch.zeros(2, 2, dtype=torch.int64)), ShapeError, "one-dimensional"),
        (lambda r: spmm(r, torch.randn(M, 5), torch.randn(E, device="meta")), DeviceError, "on the CPU"),
        (
            lambda r: spmm(Structure(*(None if t is None else t.to("meta") for t in r[:3])), torch.randn(M, 5)),
            DeviceError,
            "on the CPU",
        ),
    ],
)
def test_wrong_arguments_get_the_typed_error(call, error, text):
    with pytest.raises(error, match=text):
        call(random_structure(M, N, E))


def test_the_wrong_number_of_arguments_is_pythons_own_error():
    rows = random_structure(M, N, E)
    with pytest.raises(TypeError, match="missing a required argument: 'x'"):
        spmm(rows)
    with pytest.raises(TypeError, match="unexpected keyword argument"):
        spmm(rows, torch.randn(M, 2), colour="red")
    with pytest.raises(TypeError, match="too many positional"):
        spmm(rows, torch.randn(M, 2), None, "sum", None, None, 1)


def test_a_gradient_without_the_transpose_is_a_typed_error():
    rows = random_structure(M, N, E)._replace(transposed=None)
    x = torch.randn(M, 5, requires_grad=True)
    out = spmm(rows, x)
    with pytest.raises(GradientError, match=r"rows\.transposed"):
        out.sum().backward()


def test_a_wrong_transpose_is_caught_in_backward():
    rows = random_structure(M, N, E)
    rows.transposed.source[5] = 10**6
    x = torch.randn(M, 5, requires_grad=True)
    with pytest.raises(IdError, match="`source` holds node 1000000"):
        spmm(rows, x).sum().backward()


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        (lambda t: None, GradientError, r"rows\.transposed"),
        (lambda t: t._replace(source=t.source.long(), edge=t.edge.long()), DtypeError, "torch.int32 ids"),
        (lambda t: t._replace(source=t.source[:9], edge=t.edge[:9]), ShapeError, "the same 50 edges"),
        (lambda t: t._replace(edge=t.edge[:9]), ShapeError, "as many `edge`"),
        (lambda t: t._replace(edge=t.edge.long()), DtypeError, "both int32"),
        (lambda t: t._replace(indptr=t.indptr[:-1]), ShapeError, "each of 24 sources"),
        (lambda t: t._replace(indptr=t.indptr.int()), DtypeError, "int64 `indptr`"),
        (lambda t: t._replace(indptr=put(10**12, 3)(t.indptr.clone())), StructureError, "`indptr` falls"),
        (lambda t: t._replace(indptr=put(10**12, -1)(t.indptr.clone())), StructureError, "`indptr` runs"),
        (lambda t: t._replace(source=put(N)(t.source.clone())), IdError, f"`source` holds node {N}"),
        (lambda t: t._replace(source=put(-1)(t.source.clone())), IdError, "`source` holds"),
        (lambda t: t._replace(source=t.source.to("meta")), DeviceError, "on the CPU"),
    ],
)
def test_kernels_that_read_both_structures_check_both(change, error, text):
    rows = random_structure(M, N, E, dtype=torch.int32)
    left = torch.randn(M, 2, requires_grad=True)
    out = attention(rows._replace(transposed=change(rows.transposed)), left=left)
    with using("native"), pytest.raises(error, match=text):
        out.sum().backward()


def test_sizes_beyond_memory_raise_and_leave_the_process_alive():
    with pytest.raises((RuntimeError, MemoryError)):
        degree(torch.tensor([1]), 2**58)
    assert degree(torch.tensor([1]), 3).tolist() == [0, 1, 0]
