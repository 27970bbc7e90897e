"""No input crashes or corrupts the process: every wrong id, pointer, dtype, shape and device is a typed error that teaches."""

import pytest
import torch

from weft.errors import DeviceError, DtypeError, GradientError, IdError, OptionError, ShapeError, StructureError
from weft.ops import (
    REGISTRY,
    Compressed,
    Structure,
    coalesce,
    coo_to_csc,
    csr_to_csc,
    degree,
    dot_attention,
    edge_softmax,
    farthest_points,
    gat_attention,
    gather_rows,
    gatv2_attention,
    knn,
    masked_product,
    mirror_pairs,
    pass_messages,
    push_pagerank,
    radius,
    relational_matmul,
    relational_outer,
    relational_sddmm,
    sddmm,
    segment_argreduce,
    segment_cumsum,
    segment_matmul,
    segment_reduce,
    segment_softmax,
    segment_sort,
    segment_topk,
    select_columns,
    select_rows,
    sparse_lookup,
    sparse_multiply,
    sparse_product,
    sparse_sum,
    spmm,
    transpose,
    using,
    voxel_groups,
)
from weft.testing.structures import random_structure

E, N, M = 50, 24, 24
HUGE = [-1, N, 2**31 - 1, -(2**31)]


def rows_with(**changes):
    """A structure some parts of which were changed, and without ends, so that operators follow what it has."""
    rows = random_structure(M, N, E, dtype=torch.int32)._replace(ends=None)
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
    "attention weighted": lambda rows: gat_attention(
        rows, torch.randn(M, 2, 4), torch.randn(M, 2), torch.randn(N, 2), edge_weight=torch.randn(E)
    ),
    "attention of rows": lambda rows: gatv2_attention(
        rows, torch.randn(M, 2, 4), torch.randn(N, 2, 4), torch.randn(2, 4), edge_score=torch.randn(E, 2)
    ),
    "attention of products": lambda rows: dot_attention(
        rows, torch.randn(N, 2, 4), torch.randn(M, 2, 4), torch.randn(M, 2, 3), dropout=0.5, seed=torch.tensor(1)
    ),
    "segments": lambda rows: segment_reduce(rows.indptr, torch.randn(E, 3), rows.edge),
    "segment products": lambda rows: segment_matmul(
        rows.indptr, torch.randn(E, 3), torch.randn(N, 3, 2), None, rows.edge
    ),
    "relations": lambda rows: relational_matmul(rows, torch.randn(M, 5), torch.randn(3, 5, 4), types(rows)),
    "relations outer": lambda rows: relational_outer(
        rows, torch.randn(M, 5), torch.randn(N, 4), types(rows), torch.randn(E), 3
    ),
    "relations sddmm": lambda rows: relational_sddmm(
        rows, torch.randn(M, 5), torch.randn(3, 5, 4), torch.randn(N, 4), types(rows)
    ),
    "segments var": lambda rows: segment_reduce(rows.indptr, torch.randn(E, 3), rows.edge, "var"),
    "segments argmax": lambda rows: segment_argreduce(rows.indptr, torch.randn(E, 3), rows.edge),
    "segments cumsum": lambda rows: segment_cumsum(rows.indptr, torch.randn(E, 3), rows.edge),
    "segments softmax": lambda rows: segment_softmax(rows.indptr, torch.randn(E, 3), rows.edge),
    "segments sort": lambda rows: segment_sort(rows.indptr, torch.randn(E, 3), rows.edge)[0],
    "segments topk": lambda rows: segment_topk(rows.indptr, torch.randn(E, 3), 2, rows.edge)[0],
    "messages": lambda rows: messages(rows, "source:5 target:5 edge:5 | add 0 1; mul 3 2 | sum 4; max 4; edge 4"),
    "messages attend": lambda rows: messages(rows, "source:5 target:5 edge:5 | fold 2 1 5 1; mul 0 1 | attend 4 3"),
}


def is_sourceless(call):
    """Whether the operator reads ids of edges alone."""
    return call == "softmax" or call.startswith("segment")


def types(rows):
    return torch.arange(E).remainder(3).to(rows.source.dtype)


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
@pytest.mark.parametrize("call", [c for c in CALLS if not is_sourceless(c)])
def test_a_source_out_of_range_is_an_id_error(call, value, backend):
    with using(backend), pytest.raises(IdError, match="`source` holds"):
        CALLS[call](rows_with(source=put(value)))


@pytest.mark.parametrize("backend", ["native", "reference"])
@pytest.mark.parametrize("value", [-1, E, 2**31 - 1])
@pytest.mark.parametrize("call", [c for c in CALLS if c not in ("spmm", "spmm scaled", "attention")])
def test_an_edge_out_of_range_is_an_id_error(call, value, backend):
    with using(backend), pytest.raises(IdError, match=r"`(edge|order)` holds"):
        CALLS[call](rows_with(edge=put(value)))


@pytest.mark.parametrize("call", [c for c in CALLS if c.startswith("segments")])
def test_rows_in_no_segment_are_a_structure_error(call):
    with using("native"), pytest.raises(StructureError, match="`indptr` runs from 0 to 0"):
        CALLS[call](rows_with(indptr=lambda indptr: indptr[:1]))


@pytest.mark.parametrize("change", [put(-5), put(10**12), put(1, 0), put(0, -1), put(10**12, -1), put(49, 3)])
@pytest.mark.parametrize("call", CALLS)
def test_pointers_that_contradict_themselves_are_a_structure_error(call, change):
    with using("native"), pytest.raises(StructureError, match=r"`indptr` (runs|falls)"):
        CALLS[call](rows_with(indptr=change))


@pytest.mark.parametrize("call", CALLS)
def test_ids_overwritten_after_a_good_call_are_caught(call):
    rows = rows_with()
    before = CALLS[call](rows)
    assert before.isfinite().all()
    (rows.edge if is_sourceless(call) else rows.source)[3] = 10**9
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
        (lambda r: attention(r, slope=float("inf")), OptionError, "a finite slope"),
        (lambda r: attention(r, slope=float("nan")), OptionError, "a finite slope"),
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


CLOUDS = {  # the operators behind the functions: points, pointers of clouds -> outputs
    "nearest_points": lambda x, p: REGISTRY["nearest_points"](x, None, p, p, torch.arange(51), 50, 1e9, False),
    "nearest_points of queries": lambda x, p: REGISTRY["nearest_points"](x, x, p, p, torch.arange(51), 50, 1e9, False),
    "count_within": lambda x, p: REGISTRY["count_within"](x, x, p, p, 1.0, 9, False),
    "choose_farthest": lambda x, p: REGISTRY["choose_farthest"](x, p, torch.tensor([0, 4, 9]), None, 9),
    "group_cells": lambda x, p: REGISTRY["group_cells"](x, torch.ones(x.shape[1]).double(), p, None, None),
}


@pytest.mark.parametrize("dims", [3, 12])
@pytest.mark.parametrize("change", [put(-5, 1), put(10**12, 1), put(1, 0), put(49, -1), put(10**12, -1)])
@pytest.mark.parametrize("call", CLOUDS)
def test_clouds_whose_pointers_contradict_themselves_are_a_structure_error(call, change, dims):
    x, indptr = torch.randn(E, dims), torch.tensor([0, 20, E])
    with using("native"):
        CLOUDS[call](x, indptr)
        change(indptr)
        with pytest.raises(StructureError, match=r"`indptr` (runs|falls)"):
            CLOUDS[call](x, indptr)


@pytest.mark.parametrize("rows", [torch.arange(51).flip(0), torch.arange(51) * 10**10, torch.zeros(51).long() - 1])
def test_rows_of_neighbours_that_contradict_themselves_are_a_structure_error(rows):
    x, indptr = torch.randn(E, 3), torch.tensor([0, E])
    with using("native"), pytest.raises(StructureError, match=r"`row_indptr` (runs|falls)"):
        REGISTRY["nearest_points"](x, None, indptr, indptr, rows, 50, 1e9, False)
    with using("native"), pytest.raises(StructureError, match=r"`chosen_indptr` (runs|falls|asks)"):
        REGISTRY["choose_farthest"](x, indptr, torch.tensor([0, 51]), None, 51)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda x, p: knn(x[0], 1), ShapeError, r"`x` \(num_points, dims\)"),
        (lambda x, p: knn(x[:, :0], 1), ShapeError, "at least one dimension"),
        (lambda x, p: knn(x.long(), 1), DtypeError, "`x` of a floating dtype"),
        (lambda x, p: knn(x, 1, x.double()), DtypeError, "one dtype"),
        (lambda x, p: knn(x, 1, x[:, :2]), ShapeError, r"`queries` \(num_queries, 3\)"),
        (lambda x, p: knn(x, 1, indptr=p.int()), DtypeError, "int64 `indptr`"),
        (lambda x, p: knn(x, 1, indptr=p - 1), StructureError, "`indptr` runs from -1"),
        (lambda x, p: knn(x, 1, x, indptr=p, y_indptr=p[:2]), ShapeError, "as many clouds"),
        (lambda x, p: radius(x, 1.0, indptr=p[:0]), StructureError, "`indptr` of shape"),
        (lambda x, p: radius(x, 1.0, x.to("meta")), DeviceError, "`queries` on the CPU"),
        (lambda x, p: farthest_points(x, 1, indptr=p.flip(0)), StructureError, "`indptr` runs from 50"),
        (lambda x, p: farthest_points(x, 1, indptr=p, start=torch.tensor([0])), ShapeError, "`start` of shape"),
        (lambda x, p: farthest_points(x, 1, start=torch.tensor([0.5])), DtypeError, "int64 `start`"),
        (lambda x, p: farthest_points(x, 1, start=torch.tensor([50])), IdError, "`start` holds 50"),
        (lambda x, p: voxel_groups(x, 1.0, p + 1), StructureError, "`indptr` runs from 1"),
        (lambda x, p: voxel_groups(x, -1.0), OptionError, "`size` above 0"),
    ],
)
def test_wrong_clouds_get_the_typed_error(call, error, text):
    with pytest.raises(error, match=text):
        call(torch.randn(E, 3), torch.tensor([0, 20, E]))


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


ENDS = torch.arange(E).remainder(N), torch.arange(E).remainder(N)  # of M sources and N targets


@pytest.mark.parametrize("width", [1, 2, 4, 5, 40])
@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
@pytest.mark.parametrize("backend", ["native", "reference"])
@pytest.mark.parametrize(("end", "count"), [("source", M), ("target", N)])
@pytest.mark.parametrize(("wrong", "at"), [(-1, 7), ("count", 0), ("count", E - 1), (2**31 - 1, 7)])
def test_an_end_out_of_range_is_an_id_error(wrong, at, end, count, backend, dtype, width):
    ends = [ids.to(dtype, copy=True) for ids in ENDS]
    ends[end == "target"][at] = count if wrong == "count" else wrong
    rows = random_structure(M, N, E, is_sorted=True)._replace(ends=tuple(ends))
    left, right = torch.randn(N, width), torch.randn(M, width)
    with using(backend), pytest.raises(IdError, match=f"`ends.* {end}.* there are {count} "):
        sddmm(rows, left, right, "add")
    other = (right, "source") if end == "target" else (left, "target")
    with using(backend):
        sddmm(rows, other[0], None, "copy", other[1])  # which does not look at it


@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
@pytest.mark.parametrize(("end", "count"), [("source", M), ("target", N)])
@pytest.mark.parametrize(("wrong", "at"), [(-1, 7), ("count", 0), ("count", E - 1), (2**31 - 1, 7)])
def test_a_program_for_edges_follows_no_end_out_of_range(wrong, at, end, count, dtype):
    ends = [ids.to(dtype, copy=True) for ids in ENDS]
    ends[end == "target"][at] = count if wrong == "count" else wrong
    rows = random_structure(M, N, E)._replace(ends=tuple(ends))
    with using("native"), pytest.raises(IdError, match=f"`ends.* {end}.* there are {count} "):
        pass_messages(rows, "source:2 target:2 | add 0 1 | edge 2", torch.randn(M, 2), torch.randn(N, 2))


@pytest.mark.parametrize(
    ("ends", "error", "text"),
    [
        ((ENDS[0][:-1], ENDS[1][:-1]), ShapeError, f"`rows.ends` of {E} edges"),
        ((ENDS[0], ENDS[1][:-1]), ShapeError, "as many sources as targets"),
        ((ENDS[0].int(), ENDS[1]), DtypeError, "both int32 or both int64"),
        ((ENDS[0].double(), ENDS[1].double()), DtypeError, "both int32 or both int64"),
        ((ENDS[0][:, None], ENDS[1][:, None]), ShapeError, "one-dimensional"),
        ((ENDS[0].to("meta"), ENDS[1].to("meta")), DeviceError, "`ends` on the CPU"),
    ],
)
def test_ends_that_do_not_fit_are_a_typed_error(ends, error, text):
    rows = random_structure(M, N, E)._replace(ends=ends)
    with using("native"), pytest.raises(error, match=text):
        sddmm(rows, torch.randn(N, 5), torch.randn(M, 5))


@pytest.mark.parametrize("op", ["mul", "dot"])
@pytest.mark.parametrize("backend", ["native", "reference"])
@pytest.mark.parametrize("knows_ends", [True, False])
def test_two_tables_of_sources_are_both_read_within_their_rows(knows_ends, backend, op):
    rows = random_structure(M, N, E)
    rows = rows if knows_ends else rows._replace(ends=None)
    with using(backend), pytest.raises(IdError, match="there are 3"):
        sddmm(rows, torch.randn(M, 5), torch.randn(3, 5), op, "source", "source")


def test_sizes_beyond_memory_raise_and_leave_the_process_alive():
    with pytest.raises((RuntimeError, MemoryError)):
        degree(torch.tensor([1]), 2**58)
    assert degree(torch.tensor([1]), 3).tolist() == [0, 1, 0]


def matrix(**changes):
    rows = rows_with(**changes)
    return Compressed(rows.indptr, rows.source, torch.randn(E), M)


MATRIX_CALLS = {
    "product, left": lambda m: sparse_product(m, matrix()),
    "product, right": lambda m: sparse_product(matrix(), m),
    "masked product": lambda m: masked_product(matrix(), matrix(), m),
    "masked product, left": lambda m: masked_product(m, matrix(), matrix()),
    "masked product, right": lambda m: masked_product(matrix(), m, matrix()),
    "sum, left": lambda m: sparse_sum(m, matrix()),
    "sum, right": lambda m: sparse_sum(matrix(), m),
    "multiply, left": lambda m: sparse_multiply(m, matrix()),
    "multiply, right": lambda m: sparse_multiply(matrix(), m),
    "transpose": lambda m: transpose(m),
    "columns": lambda m: select_columns(m, torch.tensor([3, 1])),
    "turn": lambda m: csr_to_csc(m.indptr, m.column, m.num_columns),
    "mirror": lambda m: mirror_pairs(
        m.indptr, m.column, 2 * m.num_entries - int((matrix().rows() == matrix().column).sum())
    ),
    "pushes": lambda m: push_pagerank(
        m.indptr, m.column, m.value.abs(), torch.full((M,), 1e-2), torch.arange(M), 0.5, 9, M * M
    ),
}


@pytest.mark.parametrize("backend", ["native", "reference"])
@pytest.mark.parametrize("value", HUGE)
@pytest.mark.parametrize("call", MATRIX_CALLS)
def test_a_column_out_of_range_is_an_id_error(call, value, backend):
    with using(backend), pytest.raises(IdError, match=r"`(\w+_)?(column|key)` holds"):
        MATRIX_CALLS[call](matrix(source=put(value)))


@pytest.mark.parametrize("change", [put(-5), put(10**12), put(1, 0), put(0, -1), put(10**12, -1), put(49, 3)])
@pytest.mark.parametrize("call", [c for c in MATRIX_CALLS if c != "transpose"])
def test_pointers_of_a_matrix_that_contradict_themselves_are_a_structure_error(call, change):
    with using("native"), pytest.raises(StructureError, match=r"indptr` (runs|falls)"):
        MATRIX_CALLS[call](matrix(indptr=change))


@pytest.mark.parametrize("change", [put(-5), put(10**4), put(10**4, -1), put(1, 0), put(49, 3)])
def test_rows_are_taken_only_from_entries_that_are_there(change):
    with using("native"), pytest.raises(StructureError, match=r"indptr` (runs|falls)|outside the 50 rows"):
        select_rows(matrix(indptr=change), torch.arange(M))


@pytest.mark.parametrize("call", MATRIX_CALLS)
def test_columns_overwritten_after_a_good_call_are_caught(call):
    given = matrix()
    MATRIX_CALLS[call](given)
    given.column[3] = 10**9
    with pytest.raises(IdError):
        MATRIX_CALLS[call](given)


def test_columns_overwritten_before_backward_are_caught():
    left, right = matrix(), matrix()
    value = left.value.requires_grad_()
    made = sparse_product(left._replace(value=value), right)
    right.column[5] = -3
    with pytest.raises(IdError, match="`right_column` holds -3 at position 5, but there are 24 columns"):
        made.value.sum().backward()


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda m: sparse_product(m, m._replace(value=m.value.double())), DtypeError, "one dtype for `left_value`"),
        (lambda m: sparse_product(m, m._replace(column=m.column.long())), DtypeError, "`right_column` of torch.int32"),
        (lambda m: sparse_product(m._replace(num_columns=5), m), ShapeError, r"`right\.indptr` of 5 rows"),
        (lambda m: sparse_product(m, m._replace(value=m.value[1:])), ShapeError, "`right_value` for each of 50"),
        (lambda m: sparse_product(m, m._replace(num_columns=-1)), OptionError, "`num_columns` of at least 0"),
        (lambda m: sparse_product(m, m._replace(indptr=m.indptr.int())), DtypeError, "int64 `right_indptr`"),
        (lambda m: sparse_product(m, m._replace(indptr=m.indptr[:0])), ShapeError, "rows"),
        (lambda m: sparse_product(m._replace(indptr=m.indptr[:0]), m), StructureError, "one-dimensional `left_indptr`"),
        (lambda m: sparse_product(m, m._replace(value=m.value.to("meta"))), DeviceError, "`right_value` on the CPU"),
        (lambda m: masked_product(m, m, m._replace(indptr=m.indptr[1:])), ShapeError, "`indptr` of 24 rows"),
        (lambda m: sparse_sum(m, m._replace(value=m.value.half())), DtypeError, "one dtype"),
        (lambda m: sparse_sum(m, m._replace(value=torch.randn(E, 2))), ShapeError, "one-dimensional `right_value`"),
        (lambda m: sparse_multiply(m._replace(value=m.value[:-1]), m), ShapeError, "`left.value` for each of 50"),
        (lambda m: sparse_lookup(m.indptr, m.column, m.value, m.indptr[1:], m.column, M), ShapeError, "`at_indptr`"),
        (lambda m: transpose(m._replace(column=m.column.float())), DtypeError, "`column` of int32 or int64"),
        (lambda m: select_rows(m, torch.zeros(2, 2, dtype=torch.int64)), ShapeError, "one-dimensional `rows`"),
        (lambda m: select_columns(m, torch.zeros(3)), DtypeError, "int32, int64 or bool"),
        (lambda m: coalesce(m.column, m.column.long(), num_rows=M, num_columns=M), DtypeError, "both int32"),
        (lambda m: coalesce(m.column, m.column, num_rows=-1, num_columns=M), OptionError, "at least 0"),
    ],
)
def test_wrong_matrices_get_the_typed_error(call, error, text):
    with pytest.raises(error, match=text):
        call(matrix())
