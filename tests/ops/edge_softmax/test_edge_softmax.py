"""Probabilities over the edges of each target, at any magnitude."""

import pytest
import torch

import weft
from weft.ops import Structure, edge_softmax
from weft.testing.structures import hub_structure, random_structure, structure


@pytest.fixture(autouse=True)
def _native():
    with weft.ops.using("native"):
        yield


@pytest.mark.parametrize("heads", [(), (1,), (3,), (8,), (100,)])
def test_probabilities_of_a_target_sum_to_one(heads):
    rows = random_structure(20, 15, 200, seed=3)
    p = edge_softmax(rows, 10 * torch.randn(200, *heads, dtype=torch.float64))
    sums = torch.zeros(15, *heads, dtype=torch.float64).index_add(0, rows.targets(), p[rows.edge])
    torch.testing.assert_close(sums[rows.indptr.diff() > 0], torch.ones_like(sums[rows.indptr.diff() > 0]))


@pytest.mark.parametrize("shift", [0.0, 80.0, -80.0, 1e30, -1e30])
def test_a_common_shift_changes_nothing(shift):
    rows = Structure(torch.tensor([0, 3]), torch.tensor([0, 1, 2]))
    score = torch.tensor([0.0, 1.0, 2.0]) if abs(shift) < 1e20 else torch.zeros(3)
    torch.testing.assert_close(edge_softmax(rows, score + shift), score.softmax(0), rtol=1e-5, atol=1e-6)


def test_a_score_far_below_the_others_gets_zero():
    rows = Structure(torch.tensor([0, 3]), torch.tensor([0, 1, 2]))
    assert edge_softmax(rows, torch.tensor([0.0, float("-inf"), -200.0])).tolist() == [1.0, 0.0, 0.0]


@pytest.mark.parametrize("isa", weft.native.instruction_sets())
@pytest.mark.parametrize("heads", [1, 3, 8, 12, 32, 700])
@pytest.mark.parametrize("ids", [torch.int32, torch.int64])
def test_rows_of_any_length_keep_to_themselves(isa, heads, ids, monkeypatch):
    # Rows are taken together as far as they fit a block; some fill one, some have more, some have nothing.
    monkeypatch.setattr(weft.settings, "isa", isa)
    draw = torch.Generator().manual_seed(heads)
    degrees = torch.randint(5, (600,), generator=draw)
    degrees[100:300], degrees[400:404], degrees[-3:] = 0, torch.tensor([64, 511, 0, 513]), 0
    target = torch.arange(600).repeat_interleave(degrees)
    rows = structure(torch.zeros_like(target), target, 1, 600, ids)
    score = torch.randn(rows.num_edges, heads, dtype=torch.float64, generator=draw).requires_grad_()
    grad = torch.randn(rows.num_edges, heads, dtype=torch.float64, generator=draw)
    found, expected = edge_softmax(rows, score), edge_softmax.reference(rows, score)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-14)
    (found,), (expected,) = (torch.autograd.grad(out, score, grad) for out in (found, expected))
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-14)


def test_nan_stays_with_its_target_and_head():
    rows = Structure(torch.tensor([0, 2, 4]), torch.tensor([0, 1, 0, 1]))
    score = torch.zeros(4, 2)
    score[1, 1] = float("nan")
    assert edge_softmax(rows, score).isnan().tolist() == [[False, True], [False, True], [False, False], [False, False]]


def test_a_hub_of_huge_scores_agrees_with_softmax():
    rows = hub_structure()
    score = 300 * torch.randn(rows.num_edges, dtype=torch.float64)
    p = edge_softmax(rows, score)
    for target in range(rows.num_targets):
        mine = rows.edge[rows.indptr[target] : rows.indptr[target + 1]].long()
        torch.testing.assert_close(p[mine], score[mine].softmax(0))


@pytest.mark.parametrize("ordered", [True, False])
def test_a_masked_piece_of_a_hub_gets_zero(ordered):
    size = 9000
    edge = None if ordered else torch.randperm(size, generator=torch.Generator().manual_seed(0))
    rows = Structure(torch.tensor([0, size]), torch.zeros(size, dtype=torch.int64), edge)
    score = torch.randn(size, 2, dtype=torch.float64)
    first = torch.arange(2500) if edge is None else edge[:2500]
    score[first] = float("-inf")
    torch.testing.assert_close(edge_softmax(rows, score), score.softmax(0))


def test_an_edge_id_that_occurs_twice_stays_within_memory():
    rows = Structure(torch.tensor([0, 0, 2, 4]), torch.zeros(4, dtype=torch.int64), torch.tensor([1, 1, 3, 3]))
    assert edge_softmax(rows, torch.zeros(4))[1] == 0.5


@pytest.mark.parametrize("isa", weft.native.instruction_sets())
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_exp_is_exact_to_the_last_place_or_two(isa, dtype, monkeypatch):
    monkeypatch.setattr(weft.settings, "isa", isa)
    # Two edges a target: p / (1 - p) = exp(score), so p gives exp away without another rounding of weight.
    score = -torch.cat((torch.rand(5000, dtype=dtype) * 80, torch.tensor([0.0, 1e-7, 87.0], dtype=dtype)))
    indptr = torch.arange(0, 2 * len(score) + 1, 2)
    pairs = torch.stack((score, torch.zeros_like(score)), 1).flatten()
    p = edge_softmax(Structure(indptr, torch.zeros(len(pairs), dtype=torch.int64)), pairs)
    exact = score.double().exp() / (1 + score.double().exp())
    torch.testing.assert_close(p[::2].double(), exact, rtol=6 * torch.finfo(dtype).eps, atol=torch.finfo(dtype).tiny)
