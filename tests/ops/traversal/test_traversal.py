"""Walks over all nodes: at sizes that hypothesis does not reach, and with ids that are not there."""

import pytest
import scipy.sparse
import torch
from scipy.sparse import csgraph

from weft.errors import DtypeError, GradientError, IdError, OptionError, ShapeError, StructureError
from weft.ops import Structure, breadth_first, depth_first, topological_levels, using
from weft.testing.structures import random_structure


@pytest.mark.parametrize(("num", "edges"), [(20000, 25000), (20000, 400000), (200, 100000)])
@pytest.mark.parametrize("is_both", [False, True])
def test_levels_agree_with_scipy_and_threads_agree_on_everything(num, edges, is_both):
    rows = random_structure(num, num, edges, dtype=torch.int32)
    ends = (rows.targets().numpy(), rows.source.numpy())
    made = scipy.sparse.coo_array((torch.ones(edges).numpy(), (ends[1], ends[0])), shape=(num, num)).tocsr()
    distance = csgraph.shortest_path(made, directed=not is_both, unweighted=True, indices=[3])[0]
    expected = torch.from_numpy(distance).nan_to_num(posinf=-1).long()
    before = torch.get_num_threads()
    found = []
    for threads in (1, 2, 4):
        torch.set_num_threads(threads)
        with using("native"):
            found.append(breadth_first(rows, torch.tensor([3]), is_both, num))
    torch.set_num_threads(before)
    assert torch.equal(found[0][0], expected)
    assert all(torch.equal(a, b) for other in found[1:] for a, b in zip(other, found[0], strict=True))


def test_threads_that_reach_a_node_together_agree_on_its_parent():
    rows = random_structure(60000, 60000, 600000, dtype=torch.int32)
    seeds = torch.arange(0, 60000, 15)  # enough edges for threads, and few enough of all to be pushed along
    expected = breadth_first.reference(rows, seeds, False, 1)
    before = torch.get_num_threads()
    for threads in (1, 2, 4):
        torch.set_num_threads(threads)
        with using("native"):
            found = breadth_first(rows, seeds, False, 1)
        assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))
    torch.set_num_threads(before)


def test_a_long_path_is_walked_in_depth_without_a_stack_of_calls():
    num = 300_000
    indptr = torch.arange(num + 1).clamp(max=num - 1)
    order, parent = depth_first(indptr, torch.arange(1, num), torch.tensor([0]))
    assert torch.equal(order, torch.arange(num))
    assert torch.equal(parent, torch.arange(num) - 1)


@pytest.mark.parametrize("backend", ["native", "reference"])
@pytest.mark.parametrize("value", [-1, 3, 2**31 - 1])
def test_ids_that_are_not_there_are_errors(value, backend):
    indptr, target = torch.tensor([0, 1, 2, 3]), torch.tensor([1, value, 0])
    rows, fine = Structure(indptr, target), Structure(indptr, torch.tensor([1, 2, 0]))
    with using(backend):
        with pytest.raises(IdError, match=f"`source` holds .*{value} at"):
            breadth_first(rows.with_transposed(rows), torch.tensor([0]), False, 9)
        with pytest.raises(IdError, match=f"`seeds` holds {value} at position 0, but there are 3 nodes"):
            breadth_first(fine.with_transposed(fine), torch.tensor([value]), False, 9)
        with pytest.raises(IdError, match=f"`target` holds {value} at position 1, but there are 3 nodes"):
            depth_first(indptr, target, torch.tensor([0]))
        with pytest.raises(IdError, match=f"`seeds` holds {value} at position 0, but there are 3 nodes"):
            depth_first(indptr, torch.tensor([1, 2, 0]), torch.tensor([value]))
        with pytest.raises(IdError, match=f"`target` holds {value} at position 1, but there are 3 nodes"):
            topological_levels(indptr, target)


def test_pointers_that_contradict_themselves_are_errors():
    indptr, target = torch.tensor([0, 3, 1, 3]), torch.tensor([0, 1, 2])
    rows = Structure(indptr, target)
    for call in (
        lambda: breadth_first(rows.with_transposed(rows), torch.tensor([0]), False, 9),
        lambda: depth_first(indptr, target, torch.tensor([0])),
        lambda: topological_levels(indptr, target),
    ):
        with using("native"), pytest.raises(StructureError, match=r"`indptr` (runs|falls)"):
            call()


def test_arguments_of_another_kind_are_errors():
    rows = random_structure(5, 5, 9)
    with pytest.raises(GradientError, match="transposed"):
        breadth_first(rows._replace(transposed=None), torch.tensor([0]), False, 9)
    with pytest.raises(DtypeError, match="breadth_first: expected `seeds` of int32 or int64"):
        breadth_first(rows, torch.tensor([0.0]), False, 9)
    with pytest.raises(ShapeError, match="breadth_first: expected one-dimensional `seeds`"):
        breadth_first(rows, torch.tensor(0), False, 9)
    with pytest.raises(OptionError, match="breadth_first: expected `most` of at least 0"):
        breadth_first(rows, torch.tensor([0]), False, -1)
    with pytest.raises(DtypeError, match="depth_first: expected int64 `seeds`"):
        depth_first(rows.indptr, rows.source, torch.tensor([0.0]))
    with pytest.raises(ShapeError, match="depth_first: expected one-dimensional `seeds`"):
        depth_first(rows.indptr, rows.source, torch.tensor(0))
