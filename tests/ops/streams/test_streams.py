"""Streams of nodes: what only they can get wrong."""

import pytest
import torch

from weft.errors import DtypeError, IdError, OptionError, ShapeError, StructureError
from weft.ops import partition_stream, settle_labels, using

INDPTR, NEIGHBOR, ORDER = torch.tensor([0, 1, 2, 3]), torch.tensor([1, 0, 0]), torch.tensor([0, 1, 2])


def partition(indptr=INDPTR, neighbor=NEIGHBOR, order=ORDER, num_parts=2, capacity=2, edge_capacity=9, passes=1):
    return partition_stream(indptr, neighbor, order, num_parts, capacity, edge_capacity, passes)


def test_the_capacity_of_nodes_holds_even_where_that_of_edges_cannot():
    # Node 0 has more edges than a part may have; whoever comes later still finds places.
    indptr = torch.tensor([0, 9, *range(10, 19)])
    neighbor = torch.tensor([*range(1, 10), *[0] * 9])
    for num_parts in (2, 3, 5):
        part = partition(indptr, neighbor, torch.arange(10), num_parts, -(-10 // num_parts), 4, 3)
        assert int(torch.bincount(part).max()) <= -(-10 // num_parts)


def test_a_node_without_neighbours_goes_to_the_emptiest_part():
    none = torch.empty(0, dtype=torch.int64)
    assert partition(torch.zeros(8, dtype=torch.int64), none, torch.arange(7), 3, 7).tolist() == [0, 1, 2, 0, 1, 2, 0]


def test_a_node_keeps_its_label_if_none_is_more_frequent():
    # 0 - 1 - 2 - 3: after the first round 0 and 1, and 2 and 3 agree.
    indptr, neighbor = torch.tensor([0, 1, 3, 5, 6]), torch.tensor([1, 0, 2, 1, 3, 2])
    assert settle_labels(indptr, neighbor, torch.tensor([0, 3, 1, 2]), 1).tolist() == [2, 2, 3, 3]


@pytest.mark.parametrize("backend", ["native", "reference"])
@pytest.mark.parametrize("value", [-1, 3, 2**31 - 1])
def test_ids_that_are_not_there_are_errors(value, backend):
    wrong = torch.tensor([1, value, 0])
    with using(backend):
        for name, options in (("neighbor", {"neighbor": wrong}), ("order", {"order": wrong})):
            with pytest.raises(IdError, match=f"`{name}` holds {value} at position 1, but there are 3 nodes"):
                partition(**options)
            with pytest.raises(IdError, match=f"`{name}` holds {value} at position 1, but there are 3 nodes"):
                settle_labels(INDPTR, options.get("neighbor", NEIGHBOR), options.get("order", ORDER), 3)


def test_an_order_that_names_nodes_twice_does_no_harm():
    with using("native"):
        assert partition(order=torch.tensor([1, 1, 1]), num_parts=3, capacity=1).shape == (3,)
        assert settle_labels(INDPTR, NEIGHBOR, torch.tensor([1, 1, 1]), 3).shape == (3,)


def test_arguments_of_another_kind_are_errors():
    with pytest.raises(StructureError, match="`indptr`"), using("native"):
        partition(indptr=torch.tensor([0, 3, 1, 3]))
    with pytest.raises(StructureError, match="`indptr`"), using("native"):
        settle_labels(torch.tensor([0, 3, 1, 3]), NEIGHBOR, ORDER, 1)
    with pytest.raises(DtypeError, match=r"partition_stream: expected `order` of torch\.int64, as `neighbor`"):
        partition(order=ORDER.int())
    with pytest.raises(ShapeError, match="partition_stream: expected `order` of 3 nodes"):
        partition(order=ORDER[:2])
    with pytest.raises(ShapeError, match="partition_stream: expected one-dimensional `order`"):
        partition(order=ORDER[:, None])
    for option in ("num_parts", "capacity", "edge_capacity", "passes"):
        with pytest.raises(OptionError, match=f"partition_stream: expected `{option}` of at least 1, got 0"):
            partition(**{option: 0})
    with pytest.raises(OptionError, match=r"partition_stream: expected `num_parts` below 2\^31"):
        partition(num_parts=2**31)
    with pytest.raises(OptionError, match="settle_labels: expected `rounds` of at least 0, got -1"):
        settle_labels(INDPTR, NEIGHBOR, ORDER, -1)
