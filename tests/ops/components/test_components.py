"""Sets of nodes that edges join: at sizes that hypothesis does not reach, and with ids that are not there."""

import pytest
import scipy.sparse
import torch
from scipy.sparse import csgraph

from weft.errors import IdError, StructureError
from weft.ops import connected_components, spanning_forest, strong_components, using


def drawn(num, edges, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(num, (edges,), generator=generator), torch.randint(num, (edges,), generator=generator)


def matrix(source, target, num):
    """SciPy's matrix without parallel edges, which its search for strong components does not survive."""
    found = scipy.sparse.coo_array(
        (torch.ones(len(source)).numpy(), (source.numpy(), target.numpy())), shape=(num, num)
    )
    return found.tocsr()


def by_smallest(label):
    label = torch.from_numpy(label).long()
    ids = torch.arange(len(label))
    return ids.scatter_reduce(0, label, ids, "amin", include_self=False)[label]


@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
@pytest.mark.parametrize(("num", "edges"), [(50000, 30000), (50000, 60000), (300, 100000)])
def test_components_agree_with_scipy_on_any_number_of_threads(num, edges, dtype):
    source, target = drawn(num, edges)
    _, label = csgraph.connected_components(matrix(source, target, num), directed=False)
    before = torch.get_num_threads()
    for threads in (1, 2, 4):
        torch.set_num_threads(threads)
        with using("native"):
            assert torch.equal(connected_components(source.to(dtype), target.to(dtype), num), by_smallest(label))
    torch.set_num_threads(before)


def by_source(source, target, num):
    order = torch.argsort(source, stable=True)
    indptr = torch.zeros(num + 1, dtype=torch.int64)
    indptr[1:] = torch.bincount(source, minlength=num).cumsum(0)
    return indptr, target[order]


@pytest.mark.parametrize(("num", "edges"), [(20000, 20000), (20000, 45000)])
def test_strong_components_agree_with_scipy(num, edges):
    source, target = drawn(num, edges)
    _, label = csgraph.connected_components(matrix(source, target, num), connection="strong")
    with using("native"):
        assert torch.equal(strong_components(*by_source(source, target, num)), by_smallest(label))


def test_a_cycle_of_many_nodes_needs_no_stack_of_calls():
    num = 300_000
    target = (torch.arange(num) + 1) % num
    assert strong_components(torch.arange(num + 1), target).unique().tolist() == [0]


def test_a_forest_agrees_with_scipy():
    source, target = drawn(3000, 20000)
    keep = source < target  # one entry for each pair, as SciPy wants it
    pairs = torch.stack((source[keep], target[keep])).unique(dim=1)
    weight = torch.rand(pairs.shape[1], generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    taken = spanning_forest(pairs[0], pairs[1], weight.argsort(), 3000)
    made = scipy.sparse.coo_array((weight.numpy(), (pairs[0].numpy(), pairs[1].numpy())), shape=(3000, 3000))
    assert weight[taken[taken >= 0]].sum().item() == pytest.approx(csgraph.minimum_spanning_tree(made.tocsr()).sum())


@pytest.mark.parametrize("backend", ["native", "reference"])
@pytest.mark.parametrize("value", [-1, 5, 2**40])
def test_ids_that_are_not_there_are_errors(value, backend):
    fine, wrong = torch.tensor([0, 1, 2]), torch.tensor([0, 1, value])
    with using(backend):
        for source, target, name in ((wrong, fine, "source"), (fine, wrong, "target")):
            with pytest.raises(IdError, match=f"`{name}` holds {value} at position 2, but there are 5 nodes"):
                connected_components(source, target, 5)
            with pytest.raises(IdError, match=f"`{name}` holds {value} at position 2, but there are 5 nodes"):
                spanning_forest(source, target, fine, 5)
        with pytest.raises(IdError, match=f"`order` holds {value} at position 2, but there are 3 edges"):
            spanning_forest(fine, fine, wrong, 5)
        with pytest.raises(IdError, match=f"`target` holds {value} at position 2, but there are 3 nodes"):
            strong_components(torch.tensor([0, 1, 2, 3]), torch.tensor([0, 1, value]))


def test_pointers_that_contradict_themselves_are_errors():
    with using("native"), pytest.raises(StructureError, match=r"`indptr` (runs|falls)"):
        strong_components(torch.tensor([0, 3, 1, 3]), torch.tensor([0, 1, 2]))
