"""Marks: sets of ids as bits."""

import pytest
import torch

import weft
from weft.errors import DtypeError, IdError, OptionError, ShapeError, StructureError
from weft.ops import count_marks, list_marks, mark_ends, mark_rows, rank_marks

LONG = torch.tensor([0])


@pytest.fixture(autouse=True)
def _native():
    with weft.ops.using("native"):
        yield


def listed(marks):
    before = count_marks(marks)
    return list_marks(marks, before, int(before[-1])).tolist()


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 128, 5000])
def test_every_id_can_be_marked_listed_and_ranked(count):
    ids = torch.randperm(count)
    marks = mark_rows(torch.tensor([0, count]), ids, ids, torch.tensor([0]), None, count)
    assert listed(marks) == list(range(count))
    assert torch.equal(rank_marks(marks, count_marks(marks), ids), ids)


def test_a_word_holds_64_ids():
    ids = torch.tensor([0, 63, 64])
    marks = mark_rows(torch.tensor([0, 3]), ids, ids, torch.tensor([0]), None, 65)
    assert marks.tolist() == [1 - 2**63, 1]
    assert count_marks(marks).tolist() == [0, 2, 3]


@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize("num_edges", [300, 200_000])
def test_edges_by_rows_and_edges_by_their_ends_are_the_same(num_edges, threads):
    generator = torch.Generator().manual_seed(0)
    source, target = torch.randint(400, (2, num_edges), generator=generator).int()
    indptr, listed_source, edge = weft.ops.coo_to_csc(target, source, 400)
    mask = torch.rand(400, generator=generator) < 0.5
    nodes = mask.nonzero().squeeze(1)
    ids = torch.tensor([0, nodes.shape[0]]), nodes
    marks = mark_rows(*ids, nodes, LONG, None, 400)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        by_rows = mark_rows(indptr, listed_source, edge, nodes, marks, num_edges)
        assert torch.equal(by_rows, mark_ends(source, target, marks, marks))
        assert listed(by_rows) == (mask[source] & mask[target]).nonzero().squeeze(1).tolist()
    finally:
        torch.set_num_threads(before)


def test_without_edges_to_tell_positions_are_marked():
    assert listed(mark_rows(torch.tensor([0, 2, 2, 5]), torch.zeros(5).int(), None, torch.tensor([2, 0, 2]), None, 5)) == [
        0, 1, 2, 3, 4,
    ]  # fmt: skip


def test_unmarked_ids_have_no_rank():
    marks = torch.tensor([0b101])
    found = rank_marks(marks, count_marks(marks), torch.tensor([0, 1, 2, 63]).int(), torch.tensor([3, 2, 1, 0]))
    assert (found.tolist(), found.dtype) == ([-1, 1, -1, 0], torch.int32)


@pytest.mark.parametrize("backend", ["native", "reference"])
def test_what_is_not_there_is_an_id_error(backend):
    indptr, ids, one = torch.tensor([0, 1, 2]), torch.tensor([5, 70]), torch.tensor([1])
    with weft.ops.using(backend):
        with pytest.raises(IdError, match="`chosen` holds 2 at position 1, but there are 2 rows"):
            mark_rows(indptr, ids, ids, torch.tensor([0, 2]), None, 90)
        with pytest.raises(IdError, match=r"`edge` holds 70 at position \d, but there are 7 edges"):
            mark_rows(indptr, ids, ids, one, None, 7)
        with pytest.raises(IdError, match=r"`source` holds 70 at position \d, but there are 64 sources"):
            mark_rows(indptr, ids, ids, one, torch.tensor([-1]), 90)
        with pytest.raises(IdError, match="`source` holds 70 at position 1, but there are 64 marks"):
            mark_ends(ids, ids, torch.tensor([-1]), None)
        with pytest.raises(IdError, match="`target` holds -1 at position 0, but there are 64 marks"):
            mark_ends(one, -one, None, torch.tensor([-1]))
        with pytest.raises(IdError, match="`x` holds 70 at position 1, but there are 64 marks"):
            rank_marks(one, count_marks(one), ids)
        with pytest.raises(IdError, match="`index` holds 2 at position 0, but there are 2 ids in `x`"):
            rank_marks(one, count_marks(one), ids, torch.tensor([2]))


def test_a_position_that_is_no_edge_is_an_id_error():
    with pytest.raises(IdError, match="position 1 is marked, but there are 1 edges"):
        mark_rows(torch.tensor([0, 2]), torch.tensor([0, 0]), None, LONG, None, 1)


@pytest.mark.parametrize("indptr", [[0, 5, 2], [2, 0, 2], [-1, 1, 2], [0, 2**60, 2], [0, -(2**60), 2]])
def test_pointers_outside_are_a_structure_error(indptr):
    with pytest.raises(StructureError, match=r"falls in row 0, or it lies outside the 2 edges"):
        mark_rows(torch.tensor(indptr), torch.tensor([0, 1]), None, torch.tensor([0] * 40), None, 2)


@pytest.mark.parametrize("backend", ["native", "reference"])
@pytest.mark.parametrize(
    ("marks", "before", "text"),
    [
        ([1], [0, 1], "runs from 0 to 1, expected 0 to 2"),
        ([1], [1, 2], "runs from 1 to 2, expected 0 to 2"),
        ([1], [0, 2], "does not count the marks of word 0"),
        ([0], [0, 2], "does not count the marks of word 0"),
        ([1, 0, 1], [0, 1, 2, 2], "does not count the marks of word 1"),
        ([3, 0, 0], [0, 2, -(2**63), 2], "does not count the marks of word 1"),
    ],
)
def test_counts_of_other_marks_are_a_structure_error(marks, before, text, backend):
    with weft.ops.using(backend), pytest.raises(StructureError, match=f"list_marks: `before` {text}"):
        list_marks(torch.tensor(marks), torch.tensor(before), 2)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: mark_rows(LONG, LONG, LONG.int(), LONG, None, 1), DtypeError, "`edge` of torch.int64, as `source`"),
        (lambda: mark_rows(LONG, LONG, LONG[:0], LONG, None, 1), ShapeError, "as many edges as sources, got 0 and 1"),
        (lambda: mark_rows(LONG, LONG, None, LONG.int(), None, 1), DtypeError, "int64 words for `chosen`"),
        (lambda: mark_rows(LONG, LONG, None, LONG, LONG[None], 1), ShapeError, r"`among` of shape \(num_words,\)"),
        (lambda: mark_rows(LONG, LONG, None, LONG, None, -1), OptionError, "`count` of at least 0"),
        (lambda: mark_rows(LONG.int(), LONG, None, LONG, None, 1), DtypeError, "int64 `indptr`"),
        (lambda: mark_ends(LONG, LONG.int(), None, None), DtypeError, "both int32 or both int64"),
        (lambda: mark_ends(LONG[None], LONG, None, None), ShapeError, "one-dimensional `source` and `target`"),
        (lambda: mark_ends(LONG, LONG[:0], None, None), ShapeError, "as many sources as targets, got 1 and 0"),
        (lambda: count_marks(LONG.int()), DtypeError, "int64 words for `marks`"),
        (lambda: list_marks(LONG, LONG, 0), ShapeError, "`before` for each of 1 words and their end, got 1"),
        (lambda: rank_marks(LONG, torch.tensor([0, 0]), LONG.float()), DtypeError, "`x` of int32 or int64"),
        (lambda: rank_marks(LONG, torch.tensor([0, 0]), LONG[None]), ShapeError, r"`x` of shape \(num_ids,\)"),
    ],
)
def test_what_does_not_fit_is_refused(call, error, text):
    with pytest.raises(error, match=text):
        call()
