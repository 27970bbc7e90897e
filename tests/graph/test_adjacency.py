"""The structure of one edge type: ids, compressions, caches, places."""

import copy
import pickle
import threading

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch._subclasses import FakeTensorMode

import weft
from tests.graph.strategies import adjacencies
from weft.errors import DtypeError, IdError, OptionError, ShapeError
from weft.graph import Adjacency


def edges_of(rows):
    """(other end, row, edge id) of every position of a structure, from its parts alone."""
    edge = range(rows.num_edges) if rows.edge is None else rows.edge.tolist()
    return list(zip(rows.source.tolist(), rows.targets().tolist(), edge, strict=True))


def small():
    return Adjacency([0, 2, 2, 1], [1, 0, 1, 1], num_sources=4, num_targets=2)


@given(adjacencies())
def test_compressions_list_every_edge_once_in_order_of_row_and_id(adjacency):
    ends = list(zip(adjacency.source.tolist(), adjacency.target.tolist(), range(adjacency.num_edges), strict=True))
    assert edges_of(adjacency.by_target) == sorted(ends, key=lambda edge: (edge[1], edge[2]))
    turned = [(target, source, edge) for source, target, edge in ends]
    assert edges_of(adjacency.by_source) == sorted(turned, key=lambda edge: (edge[1], edge[2]))
    assert adjacency.by_target.num_targets == adjacency.num_targets
    assert adjacency.by_source.num_targets == adjacency.num_sources


@given(adjacencies())
def test_each_compression_has_the_other_as_its_transpose(adjacency):
    assert edges_of(adjacency.by_target.transposed) == edges_of(adjacency.by_source)
    assert edges_of(adjacency.by_source.transposed) == edges_of(adjacency.by_target)


@given(adjacencies())
def test_edge_is_none_exactly_if_ends_came_in_order(adjacency):
    target, source = adjacency.target.tolist(), adjacency.source.tolist()
    assert (adjacency.by_target.edge is None) == (target == sorted(target))
    assert (adjacency.by_source.edge is None) == (source == sorted(source))


@given(adjacencies())
def test_target_order_numbers_edges_by_position(adjacency):
    rows = adjacency.in_target_order
    assert rows.edge is None
    assert edges_of(rows) == [
        (source, target, at) for at, (source, target, _) in enumerate(edges_of(adjacency.by_target))
    ]
    turned = [(target, source, at) for source, target, at in edges_of(rows)]
    assert edges_of(rows.transposed) == sorted(turned, key=lambda edge: (edge[1], edge[2]))


@given(adjacencies())
def test_spmm_in_target_order_equals_spmm_by_target(adjacency):
    weight = torch.arange(1.0, adjacency.num_edges + 1)
    x = torch.arange(adjacency.num_sources * 2.0).reshape(-1, 2).requires_grad_()
    order = adjacency.target_order
    plain = weft.ops.spmm(adjacency.by_target, x, weight)
    ordered = weft.ops.spmm(adjacency.in_target_order, x, weight if order is None else weight[order])
    torch.testing.assert_close(ordered, plain)
    for out in (plain, ordered):
        out.pow(2).sum().backward()
    doubled, x.grad = x.grad, None
    plain = weft.ops.spmm(adjacency.by_target, x, weight)
    plain.pow(2).sum().backward()
    torch.testing.assert_close(doubled, 2 * x.grad)


@given(adjacencies(), st.booleans())
def test_degrees_count_edges_before_and_after_compression(adjacency, compressed):
    if compressed:
        assert adjacency.by_target
    for degrees, ends, count in (
        (adjacency.in_degrees(), adjacency.target, adjacency.num_targets),
        (adjacency.out_degrees(), adjacency.source, adjacency.num_sources),
    ):
        assert degrees.tolist() == [ends.tolist().count(node) for node in range(count)]


@given(adjacencies(), st.sampled_from([-0.5, -1.0]), st.sampled_from([torch.float64, torch.float32, torch.bfloat16]))
def test_degree_powers_count_no_edges_as_one_and_are_kept(adjacency, exponent, dtype):
    for powers, degrees in (
        (adjacency.in_degree_powers, adjacency.in_degrees()),
        (adjacency.out_degree_powers, adjacency.out_degrees()),
    ):
        found = powers(exponent, dtype)
        torch.testing.assert_close(found, degrees.clamp(min=1).double().pow(exponent).to(dtype))
        assert powers(exponent, dtype) is found
        assert powers(exponent, torch.float16).dtype is torch.float16
    assert torch.equal(adjacency.reversed().in_degree_powers(exponent, dtype), found)


def test_degree_powers_follow_the_device_and_serve_a_training_after_inference():
    adjacency = small()
    with torch.inference_mode():
        found = adjacency.in_degree_powers(-0.5, torch.float32)
    assert not found.is_inference()
    assert adjacency.to("meta").in_degree_powers(-0.5, torch.float32).device.type == "meta"
    with FakeTensorMode(allow_non_fake_inputs=True):
        assert type(adjacency.out_degree_powers(-0.5, torch.float32)) is not torch.Tensor
    assert type(adjacency.out_degree_powers(-0.5, torch.float32)) is torch.Tensor


@given(adjacencies(), st.booleans())
def test_reversed_turns_every_edge_round(adjacency, compressed):
    if compressed:
        assert adjacency.by_target
    turned = adjacency.reversed()
    assert turned.source.tolist() == adjacency.target.tolist()
    assert (turned.num_sources, turned.num_targets) == (adjacency.num_targets, adjacency.num_sources)
    assert edges_of(turned.by_target) == edges_of(adjacency.by_source)
    assert turned.reversed().same_structure(adjacency)


def test_symmetric_structure_shares_one_compression():
    adjacency = Adjacency([0, 1, 1, 2], [1, 0, 2, 1])
    assert adjacency.by_target.source.data_ptr() == adjacency.by_source.source.data_ptr()
    assert edges_of(adjacency.by_source) == [(1, 0, 0), (0, 1, 1), (2, 1, 2), (1, 2, 3)]


@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
def test_given_ids_are_kept_and_structures_take_the_smallest_type(dtype):
    source, target = torch.tensor([0, 1], dtype=dtype), torch.tensor([1, 0], dtype=dtype)
    adjacency = Adjacency(source, target)
    assert adjacency.source is source
    assert adjacency.target is target
    assert adjacency.by_target.source.dtype is torch.int32
    assert adjacency.by_target.indptr.dtype is torch.int64


def test_counts_beyond_int32_make_int64_structures():
    adjacency = Adjacency([2**31 + 1], [0], num_sources=2**31 + 2, num_targets=1)
    assert adjacency._id_dtype is torch.int64


@pytest.mark.parametrize(
    "given_ids",
    [[0, 2], (0, 2), range(0, 3, 2), np.array([0, 2]), np.array([0, 2], dtype=np.uint8), torch.tensor([0, 2]).short()],
    ids=["list", "tuple", "range", "numpy", "uint8", "int16"],
)
def test_whatever_makes_integers_is_taken(given_ids):
    adjacency = Adjacency(given_ids, [0, 0])
    assert adjacency.source.tolist() == [0, 2]
    assert (adjacency.num_sources, adjacency.num_targets) == (3, 1)


def test_empty_lists_are_no_edges():
    adjacency = Adjacency([], [])
    assert (adjacency.num_edges, adjacency.num_sources, adjacency.num_targets) == (0, 0, 0)
    assert adjacency.by_target.indptr.tolist() == [0]
    assert Adjacency([], [], num_sources=3, num_targets=2).in_degrees().tolist() == [0, 0]


def test_counts_may_be_numpy_integers():
    assert Adjacency([0], [0], num_sources=np.int64(4)).num_sources == 4


@pytest.mark.parametrize(
    ("source", "target", "counts", "error", "says"),
    [
        ([0, 1, 3, 2, 812], [0] * 5, {"num_sources": 500}, IdError,
         "Adjacency: edge 4 has source 812, but there are 500 sources; hint: raise the count to 813, or relabel the ids"),
        ([0, 0], [1, 2], {"num_targets": 1}, IdError, "edge 0 has target 1, but there is 1 target; hint: raise the count to 3"),
        ([0, -1], [0, 0], {}, IdError, "edge 1 has source -1, but ids count from 0"),
        ([0], [0], {"num_sources": -1}, OptionError, "`num_sources` of at least 0, got -1"),
        ([0, 1], [0], {}, ShapeError, "as many sources as targets, one of each for every edge, got 2 and 1"),
        (torch.zeros(2, 3).long(), [0], {}, ShapeError, r"edges in a (2, num_edges) tensor are passed as Adjacency(edges[0]"),
        (torch.tensor(3), [0], {}, ShapeError, "one-dimensional `source`, got ()"),
        ([0.0], [0], {}, DtypeError, "int32 or int64 ids for `source`, got torch.float32; hint: pass ids as integers"),
        ([0], [True], {}, DtypeError, "mask.nonzero().flatten() makes ids of a mask"),
        (torch.empty(0), [], {}, DtypeError, "got torch.float32"),
        (["a"], [0], {}, DtypeError, "integers for `source`, got list"),
        (None, [0], {}, DtypeError, "integers for `source`, got NoneType"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_told(source, target, counts, error, says):
    with pytest.raises(error) as caught:
        Adjacency(source, target, **counts)
    assert says in str(caught.value)


def test_first_wrong_edge_is_named():
    with pytest.raises(IdError, match="edge 1 has target 7, but there are 5 targets; hint: raise the count to 10,"):
        Adjacency([0, 0, 0], [4, 7, 9], num_targets=5)


def test_nothing_can_be_set_or_deleted():
    adjacency = small()
    with pytest.raises(
        AttributeError, match="an Adjacency does not change, so `source` cannot be set; hint: make a new"
    ):
        adjacency.source = torch.tensor([0])
    with pytest.raises(AttributeError, match="an Adjacency does not change, so `source` cannot be deleted"):
        del adjacency.source
    with pytest.raises(AttributeError, match="`anything` cannot be set"):
        adjacency.anything = 1


def test_equality_is_identity():
    adjacency = small()
    assert adjacency == adjacency
    assert adjacency != small()
    assert len({adjacency, small()}) == 2


@given(adjacencies())
def test_copies_have_the_same_structure_and_digest(adjacency):
    for other in (copy.deepcopy(adjacency), pickle.loads(pickle.dumps(adjacency)), copy.copy(adjacency)):
        assert other is not adjacency
        assert other.same_structure(adjacency)
        assert other.digest() == adjacency.digest()
        assert (other.source.dtype, repr(other)) == (adjacency.source.dtype, repr(adjacency))


def test_pickle_holds_tensors_and_counts_only():
    adjacency = small()
    before = len(pickle.dumps(adjacency))
    assert adjacency.by_target
    assert adjacency.in_target_order
    assert len(pickle.dumps(adjacency)) == before


def test_digest_and_same_structure_do_not_see_the_id_dtype():
    one = small()
    two = Adjacency(one.source.int(), one.target.int(), num_sources=4, num_targets=2)
    assert one.same_structure(two)
    assert one.digest() == two.digest()


@pytest.mark.parametrize(
    "other",
    [
        Adjacency([0, 2, 2, 1], [1, 0, 1, 1], num_sources=5, num_targets=2),
        Adjacency([0, 2, 2, 1], [1, 0, 1, 1], num_sources=4, num_targets=3),
        Adjacency([2, 0, 2, 1], [0, 1, 1, 1], num_sources=4, num_targets=2),
        Adjacency([0, 2, 2], [1, 0, 1], num_sources=4, num_targets=2),
        Adjacency([1, 0, 1, 1], [0, 2, 2, 1], num_sources=2, num_targets=4),
    ],
    ids=["sources", "targets", "order", "edges", "direction"],
)
def test_digest_and_same_structure_see_everything_else(other):
    assert not small().same_structure(other)
    assert small().digest() != other.digest()


def test_repr_tells_counts_dtype_and_device():
    assert repr(small()) == "Adjacency(4 edges from 4 sources to 2 targets, int64 on cpu)"
    assert repr(Adjacency([0], [0])) == "Adjacency(1 edge from 1 source to 1 target, int64 on cpu)"


def test_structures_are_built_once():
    adjacency = small()
    assert adjacency.by_target is adjacency.by_target
    assert adjacency.in_target_order is adjacency.in_target_order
    assert adjacency.reversed().by_target is adjacency.by_source


def test_two_threads_may_build_the_same_structure():
    generator = torch.Generator().manual_seed(0)
    source, target = torch.randint(500, (2, 20_000), generator=generator)
    expected = Adjacency(source, target).by_target
    for _ in range(10):
        adjacency, found, start = Adjacency(source, target), [], threading.Barrier(4)

        def build(adjacency=adjacency, found=found, start=start):
            start.wait()
            found.append((adjacency.by_target, adjacency.in_target_order))

        threads = [threading.Thread(target=build) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 4
        for rows, ordered in found:
            assert torch.equal(rows.source, expected.source)
            assert torch.equal(rows.edge, expected.edge)
            assert torch.equal(ordered.source, expected.source)


def test_structure_built_during_inference_serves_a_training():
    adjacency = small()
    with torch.inference_mode():
        assert adjacency.by_target
        assert adjacency.in_target_order
    assert not adjacency.by_target.indptr.is_inference()
    assert not adjacency.in_target_order.transposed.source.is_inference()
    x = torch.ones(4, 2, requires_grad=True)
    weft.ops.spmm(adjacency.by_target, x).sum().backward()
    assert x.grad[:, 0].tolist() == [1, 1, 2, 0]


def test_structure_built_in_a_transform_is_not_kept():
    adjacency = small()
    gradient = torch.func.grad(lambda x: weft.ops.spmm(adjacency.by_target, x).sum())(torch.ones(4, 2))
    assert gradient[:, 0].tolist() == [1, 1, 2, 0]
    assert weft.ops.spmm(adjacency.by_target, torch.ones(4, 2))[:, 0].tolist() == [1, 3]


def test_structure_built_from_fake_tensors_is_not_kept():
    adjacency = small()
    with FakeTensorMode(allow_non_fake_inputs=True):
        assert type(adjacency.by_target.indptr) is not torch.Tensor
    assert type(adjacency.by_target.indptr) is torch.Tensor


def test_fake_ids_pass_unchecked_and_need_counts():
    with FakeTensorMode():
        ids = torch.zeros(3, dtype=torch.int64)
        assert Adjacency(ids, ids, num_sources=2, num_targets=2).by_target.indptr.shape == (3,)
        with pytest.raises(OptionError, match="ids cannot be counted while compiling or in fake tensors"):
            Adjacency(ids, ids)


def test_moving_takes_compressions_along():
    adjacency = small()
    assert adjacency.to("cpu") is adjacency
    assert adjacency.by_target
    moved = adjacency.to("meta")
    assert moved.device.type == "meta"
    assert moved.by_target.indptr.device.type == "meta"
    assert (moved.num_sources, moved.num_edges) == (4, 4)


def test_shared_memory_is_shared_in_place():
    adjacency = small()
    assert adjacency.by_target
    assert adjacency.share_memory_() is adjacency
    assert adjacency.source.is_shared()
    assert adjacency.by_target.source.is_shared()
    assert Adjacency([], []).share_memory_().num_edges == 0


def test_pinning_pins_every_tensor_once(monkeypatch):
    adjacency = Adjacency([0, 1], [1, 0])
    assert adjacency.in_target_order
    pinned = []
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda tensor: pinned.append(tensor) or tensor.clone())
    copied = adjacency.pin_memory()
    assert copied.same_structure(adjacency)
    assert copied.source is not adjacency.source
    assert len({id(tensor) for tensor in pinned}) == len(pinned)
    assert edges_of(copied.by_target) == edges_of(adjacency.by_target)


def test_fake_tensors_that_a_trace_left_behind_are_replaced():
    adjacency, other = small(), small()
    with FakeTensorMode(allow_non_fake_inputs=True):
        left = other._compress()
        object.__setattr__(adjacency, "_compressed", left)
    object.__setattr__(adjacency, "_in_target_order", left[0])
    assert adjacency.in_degrees().tolist() == [1, 3]
    assert edges_of(adjacency.reversed().by_source) == edges_of(other.by_target)
    assert edges_of(adjacency.in_target_order) == edges_of(other.in_target_order)
    assert edges_of(adjacency.by_target) == edges_of(other.by_target)
