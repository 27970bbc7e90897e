"""Personalised PageRank by pushing, against the exact matrix and a formula of the rounds."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from weft.errors import DtypeError, GradientError, IdError, OptionError, ShapeError, StructureError
from weft.ops import coo_to_csc, push_pagerank, using

MANY = 2**62


@st.composite
def matrices(draw):
    """Rows that add up to at most 1: self loops, parallel edges, rows without edges, explicit zeros."""
    num = draw(st.integers(1, 12))
    edges = draw(st.lists(st.tuples(st.integers(0, num - 1), st.integers(0, num - 1)), max_size=40))
    row, column = torch.tensor(edges, dtype=torch.int64).reshape(-1, 2).unbind(1)
    indptr, column, _ = coo_to_csc(row, column, num)
    weight = torch.tensor(draw(st.lists(st.integers(0, 5), min_size=len(edges), max_size=len(edges)))).double()
    row = torch.arange(num).repeat_interleave(indptr.diff())
    sums = torch.zeros(num).double().index_add(0, row, weight).clamp(min=1)
    return indptr, column, weight / sums[row], num


def dense(indptr, column, value, num_columns):
    row = torch.arange(indptr.shape[0] - 1).repeat_interleave(indptr.diff())
    made = torch.zeros(indptr.shape[0] - 1, num_columns, dtype=torch.float64)
    return made.index_put((row, column[: row.shape[0]].long()), value[: row.shape[0]].double(), accumulate=True)


def pushed(matrix, limit, seeds, alpha, most=MANY, capacity=None):
    """The rows as a dense matrix."""
    indptr, column, value, num = matrix
    kept, node, rows = push_pagerank(
        indptr, column, value, limit, seeds, alpha, most, num * seeds.shape[0] if capacity is None else capacity
    )
    return dense(rows, node, kept, num)


def exact(matrix, alpha):
    indptr, column, value, num = matrix
    return alpha * torch.linalg.inv(
        torch.eye(num, dtype=torch.float64) - (1 - alpha) * dense(indptr, column, value, num)
    )


@pytest.mark.parametrize("backend", ["native", "reference"])
@given(matrix=matrices(), alpha=st.sampled_from([0.05, 0.3, 1.0]), share=st.sampled_from([1e-1, 1e-2, 1e-6]))
def test_what_is_missing_is_what_the_limits_allow(backend, matrix, alpha, share):
    num = matrix[3]
    limit = share * (1 + torch.arange(num).double() % 3)
    with using(backend):
        missing = exact(matrix, alpha) - pushed(matrix, limit, torch.arange(num), alpha)
    # Each node holds at most its limit at the end.
    assert bool((missing > -1e-12).all())
    assert bool((missing <= limit @ exact(matrix, alpha) + 1e-12).all())


@given(matrix=matrices(), share=st.sampled_from([1e-1, 1e-3]))
def test_nodes_above_their_limits_alone_push(matrix, share):
    indptr, column, value, num = matrix
    limit, alpha, rounds = torch.full((num,), share).double(), 0.2, 4
    t = dense(indptr, column, value, num)
    held, kept = torch.eye(num, dtype=torch.float64), torch.zeros(num, num, dtype=torch.float64)
    for at in range(rounds):
        pushes = held > limit if at else held > 0
        if bool(((held - limit).abs() < 1e-12).any()):
            return  # a tie, which the order of additions decides
        kept += alpha * held.where(pushes, 0)
        held = held.where(~pushes, 0) + (1 - alpha) * held.where(pushes, 0) @ t
    with using("native"):
        torch.testing.assert_close(pushed(matrix, limit, torch.arange(num), alpha, rounds), kept)


def ring(num, value=1.0):
    """Each node passes all to the next one."""
    return torch.arange(num + 1), (torch.arange(num) + 1) % num, torch.full((num,), value).double(), num


def test_a_hub_pushes_as_a_seed_whatever_its_limit():
    limit = torch.full((5,), 100.0).double()
    found = pushed(ring(5), limit, torch.tensor([2]), 0.25)
    assert found.tolist() == [[0, 0, 0.25, 0, 0]]


def test_rows_that_fit_are_there_in_order_and_the_rest_is_empty_and_zero():
    num, limit, seeds = 6, torch.full((6,), 1e-3).double(), torch.tensor([3, 3, 0, 5])
    indptr, column, value, _ = ring(num)
    whole = push_pagerank(indptr, column, value, limit, seeds, 0.3, MANY, 24)
    for backend in ("native", "reference"):
        for capacity in range(25):
            with using(backend):
                kept, node, rows = push_pagerank(indptr, column, value, limit, seeds, 0.3, MANY, capacity)
            done = capacity // num
            assert rows.tolist() == [min(s, done) * num for s in range(5)]
            assert node.shape == kept.shape == (capacity,)
            torch.testing.assert_close(kept[: done * num], whole[0][: done * num])
            assert node[: done * num].tolist() == list(range(num)) * done
            assert not bool(kept[done * num :].any() | node[done * num :].any())


def test_growing_weights_end_after_the_last_round():
    limit, seeds = torch.full((3,), 1e-6).double(), torch.tensor([0])
    for backend in ("native", "reference"):
        with using(backend):
            assert bool(pushed(ring(3, 1.25), limit, seeds, 0.2, most=900).sum() > 179)  # 0.2 x 900 rounds, factor 1


def test_pushes_that_become_infinite_are_an_error():
    with using("native"), pytest.raises(StructureError, match=r"become infinite or NaN; hint: pass weights"):
        pushed(ring(3, 1e30), torch.full((3,), 1e-6).double(), torch.tensor([0]), 0.2)


@pytest.mark.parametrize("backend", ["native", "reference"])
@pytest.mark.parametrize("wrong", [-0.5, float("nan")])
def test_amounts_below_zero_are_errors(wrong, backend):
    for argument in ("value", "limit"):
        indptr, column, value, num = ring(4)
        amounts = {"value": value, "limit": torch.full((num,), 1e-3).double()}
        amounts[argument][2] = wrong
        with using(backend), pytest.raises(StructureError, match=f"`{argument}` holds -?(nan|0.5) at"):
            pushed((indptr, column, amounts["value"], num), amounts["limit"], torch.arange(num), 0.2)


@pytest.mark.parametrize("backend", ["native", "reference"])
@pytest.mark.parametrize("seed", [-1, 4, 2**40])
def test_seeds_that_are_not_there_are_errors(seed, backend):
    limit = torch.full((4,), 1e-3).double()
    with using(backend), pytest.raises(IdError, match=f"`seeds` holds {seed} at position 1, but there are 4 nodes"):
        pushed(ring(4), limit, torch.tensor([2, seed, 0]), 0.2)


def test_the_error_is_that_of_the_first_seed_on_any_number_of_threads():
    indptr, column, value, num = ring(500)
    column[[100, 400]] = torch.tensor([-7, 500])
    before = torch.get_num_threads()
    for threads in (1, 2, 4):
        torch.set_num_threads(threads)
        with pytest.raises(IdError, match="`column` holds -7 at position 100, but there are 500 columns"):
            pushed((indptr, column, value, num), torch.full((num,), 0.5).double(), torch.arange(num), 0.2)
    torch.set_num_threads(before)


def test_several_calls_give_what_one_gives_on_any_number_of_threads():
    generator = torch.Generator().manual_seed(0)
    source, target = torch.randint(3000, (2, 20000), generator=generator)
    indptr, column, _ = coo_to_csc(source, target, 3000)
    value = (1 / indptr.diff().clamp(min=1).double()).repeat_interleave(indptr.diff())
    limit, seeds, before = torch.full((3000,), 2e-3).double(), torch.randperm(3000, generator=generator), []
    for threads in (1, 2, 4):
        torch.set_num_threads(threads)
        before.append(push_pagerank(indptr, column, value, limit, seeds, 0.15, MANY, 100_000))
    torch.set_num_threads(2)
    for other in before[1:]:
        assert all(torch.equal(a, b) for a, b in zip(other, before[0], strict=True))
    done = int((before[0][2].diff() > 0).sum())
    assert 0 < done < 3000
    rest = push_pagerank(indptr, column, value, limit, seeds[done:], 0.15, MANY, 1_000_000)
    whole = push_pagerank(indptr, column, value, limit, seeds, 0.15, MANY, 1_000_000)
    for first, second, both in zip(before[0][:2], rest[:2], whole[:2], strict=True):
        parts = first[: before[0][2][-1]], second[: rest[2][-1]]
        assert torch.equal(torch.cat(parts), both[: whole[2][-1]])


def test_gradients_hold_the_set_of_pushes_fixed():
    indptr, column, value, num = ring(4)
    value = (0.9 * value).requires_grad_()
    kept, _, _ = push_pagerank(indptr, column, value, torch.zeros(num).double(), torch.tensor([0]), 0.5, 3, num)
    kept.sum().backward()
    # 0.5 (1 + 0.5 a + 0.25 a b): the push of the fourth node would be another round.
    torch.testing.assert_close(value.grad, torch.tensor([0.25 + 0.125 * 0.9, 0.125 * 0.9, 0, 0]).double())


def test_long_pushes_are_not_traced():
    indptr, column, value, num = ring(4)
    limit, seeds = torch.ones(num).double(), torch.tensor([0])
    with pytest.raises(GradientError, match="`most` of at most 1000"):
        torch.func.grad(lambda v: push_pagerank(indptr, column, v, limit, seeds, 0.5, MANY, 4)[0].sum())(value)


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"alpha": 0.0}, OptionError, "`alpha` above 0"),
        ({"alpha": float("nan")}, OptionError, "`alpha` above 0"),
        ({"most": 0}, OptionError, "`most` of at least 1"),
        ({"capacity": -1}, OptionError, "`capacity` of at least 0"),
        ({"capacity": 2**50}, MemoryError, "cannot be allocated"),
        ({"limit": torch.ones(4)}, DtypeError, "one dtype for `value` and `limit`"),
        ({"limit": torch.ones(5).double()}, ShapeError, "`indptr` of 5 rows"),
        ({"limit": torch.ones(4, 1).double()}, ShapeError, "one-dimensional `limit`"),
        ({"seeds": torch.ones(2)}, DtypeError, "`seeds` of int32 or int64"),
        ({"seeds": torch.tensor(1)}, ShapeError, "one-dimensional `limit` and `seeds`"),
        ({"value": torch.ones(3).double()}, ShapeError, "`value` for each of 4 entries"),
        ({"indptr": torch.arange(5).int()}, DtypeError, "int64 `indptr`"),
        ({"indptr": torch.tensor([0, 2, 1, 3, 4])}, StructureError, "`indptr` falls"),
        ({"indptr": torch.tensor([0, 2, 3, 3, 9])}, StructureError, "`indptr` runs"),
    ],
)
def test_arguments_that_do_not_fit_are_typed_errors(change, error, text):
    indptr, column, value, num = ring(4)
    arguments = {
        "indptr": indptr, "column": column, "value": value, "limit": torch.ones(num).double(),
        "seeds": torch.arange(2), "alpha": 0.2, "most": 9, "capacity": 8,
    }  # fmt: skip
    with using("native"), pytest.raises(error, match=text):
        push_pagerank(**(arguments | change))
