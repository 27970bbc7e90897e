"""Core numbers, at a size that hypothesis does not reach, and of rows that contradict each other."""

import networkx as nx
import pytest
import torch

from weft.errors import IdError, StructureError
from weft.ops import core_numbers, using


def test_core_numbers_agree_with_networkx():
    network = nx.barabasi_albert_graph(2000, 7, seed=0)
    network.add_edges_from((first, last) for first in range(60) for last in range(first))
    rows = [sorted(network[node]) for node in range(2000)]
    indptr = torch.tensor([0, *map(len, rows)]).cumsum(0)
    with using("native"):
        found = core_numbers(indptr, torch.tensor([other for row in rows for other in row]))
    assert found.tolist() == list(nx.core_number(network).values())


def test_edges_in_one_row_alone_do_no_harm():
    generator = torch.Generator().manual_seed(0)
    for _ in range(50):
        indptr = torch.cat((torch.zeros(1), torch.randint(9, (20,), generator=generator).cumsum(0))).long()
        neighbor = torch.randint(20, (int(indptr[-1]),), generator=generator)
        with using("native"):
            found = core_numbers(indptr, neighbor)
        assert bool(((found >= 0) & (found <= indptr.diff())).all())


@pytest.mark.parametrize("backend", ["native", "reference"])
@pytest.mark.parametrize("value", [-1, 3, 2**31 - 1])
def test_ids_that_are_not_there_are_errors(value, backend):
    with using(backend), pytest.raises(IdError, match=f"`neighbor` holds {value} at position 1, but there are 3 nodes"):
        core_numbers(torch.tensor([0, 1, 2, 3]), torch.tensor([1, value, 0]))


def test_pointers_that_contradict_themselves_are_errors():
    with using("native"), pytest.raises(StructureError, match=r"`indptr` (runs|falls)"):
        core_numbers(torch.tensor([0, 3, 1, 3]), torch.tensor([0, 1, 2]))
