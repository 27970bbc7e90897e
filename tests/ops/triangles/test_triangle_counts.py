"""Triangles, at a size that hypothesis does not reach, and of rows that contradict each other."""

import networkx as nx
import pytest
import torch

from weft.errors import IdError, StructureError
from weft.ops import triangle_counts, using


def test_counts_agree_with_networkx_on_any_number_of_threads():
    network = nx.barabasi_albert_graph(3000, 9, seed=0)
    rows = [sorted(network[node]) for node in range(3000)]
    indptr = torch.tensor([0, *map(len, rows)]).cumsum(0)
    triangles = nx.triangles(network)
    expected = [triangles[node] for node in range(3000)]
    before = torch.get_num_threads()
    for threads in (1, 2, 4):
        torch.set_num_threads(threads)
        with using("native"):
            found = triangle_counts(indptr, torch.tensor([other for row in rows for other in row], dtype=torch.int32))
        assert found.tolist() == expected
    torch.set_num_threads(before)


def test_a_complete_graph_has_all_triangles():
    num = 200
    neighbor = torch.arange(num).repeat(num, 1)[~torch.eye(num, dtype=torch.bool)]
    found = triangle_counts(torch.arange(num + 1) * (num - 1), neighbor)
    assert found.tolist() == [(num - 1) * (num - 2) // 2] * num


@pytest.mark.parametrize("backend", ["native", "reference"])
@pytest.mark.parametrize("value", [-1, 3, 2**31 - 1])
def test_ids_that_are_not_there_are_errors(value, backend):
    with using(backend), pytest.raises(IdError, match=f"`neighbor` holds {value} at position 1, but there are 3 nodes"):
        triangle_counts(torch.tensor([0, 1, 2, 3]), torch.tensor([1, value, 0]))


def test_pointers_that_contradict_themselves_are_errors():
    with using("native"), pytest.raises(StructureError, match=r"`indptr` (runs|falls)"):
        triangle_counts(torch.tensor([0, 3, 1, 3]), torch.tensor([0, 1, 2]))
