"""Every op between every pair of ends, against its formula."""

import operator
import sys

import pytest
import torch

import weft
from weft.errors import IdError
from weft.ops import Structure, sddmm
from weft.testing.structures import random_structure, structure

FORMULAS = {"add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": operator.truediv}
ENDS = ("source", "target", "edge")


@pytest.fixture(autouse=True, params=[True, False], ids=["by_edge", "by_target"])
def _native(request, monkeypatch):
    """Every test runs twice: edges in the order of their ids, where the structure knows their ends, and by target."""
    if not request.param:
        bare = lambda rows, *args: weft.ops.sddmm(rows._replace(ends=None), *args)  # noqa: E731
        monkeypatch.setattr(sys.modules[__name__], "sddmm", bare)
    with weft.ops.using("native"):
        yield


def edges(seed=0):
    """Random edges and their ends by edge id."""
    rows = random_structure(11, 7, 40, seed=seed)
    source, target = torch.empty(40, dtype=torch.int64), torch.empty(40, dtype=torch.int64)
    source[rows.edge], target[rows.edge] = rows.source, rows.targets()
    return rows, {"source": (11, source), "target": (7, target), "edge": (40, torch.arange(40))}


@pytest.mark.parametrize("right_from", ENDS)
@pytest.mark.parametrize("left_from", ENDS)
@pytest.mark.parametrize("op", [*FORMULAS, "dot", "copy"])
def test_result_stands_at_its_edge(op, left_from, right_from):
    rows, ends = edges()
    left = torch.randn(ends[left_from][0], 2, 9)
    right = torch.rand(ends[right_from][0], 2, 9) + 0.5
    a, b = left[ends[left_from][1]], right[ends[right_from][1]]
    expected = a if op == "copy" else (a * b).sum(-1) if op == "dot" else FORMULAS[op](a, b)
    found = sddmm(rows, left, None if op == "copy" else right, op, left_from, right_from)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("right_from", ENDS)
@pytest.mark.parametrize("left_from", ENDS)
@pytest.mark.parametrize("op", [*FORMULAS, "dot", "copy"])
@pytest.mark.parametrize("is_sorted", [True, False])
@pytest.mark.parametrize("width", [1, 3])  # a value needs no row
def test_rows_end_anywhere_in_a_batch(width, is_sorted, op, left_from, right_from):
    draw = torch.Generator().manual_seed(2)
    degrees = torch.tensor([0, 0, 1, 0, 62, 1, 0, 64, 129, 0, 0, 0, 3, 1500, 0]).repeat(4)
    ends = {"target": torch.arange(60).repeat_interleave(degrees), "edge": torch.arange(degrees.sum().item())}
    if not is_sorted:
        ends["target"] = ends["target"][torch.randperm(len(ends["edge"]), generator=draw)]
    ends["source"] = torch.randint(40, ends["edge"].shape, generator=draw)
    rows = structure(ends["source"], ends["target"], 40, 60)
    count = {"source": 40, "target": 60, "edge": rows.num_edges}
    left = torch.randn(count[left_from], width, generator=draw)
    right = torch.rand(count[right_from], width, generator=draw) + 0.5
    a, b = left[ends[left_from]], right[ends[right_from]]
    expected = a if op == "copy" else (a * b).sum(-1) if op == "dot" else FORMULAS[op](a, b)
    torch.testing.assert_close(sddmm(rows, left, None if op == "copy" else right, op, left_from, right_from), expected)


@pytest.mark.parametrize("op", ["add", "dot"])
@pytest.mark.parametrize(("name", "wrong"), [("source", 11), ("source", -1), ("edge", 40), ("edge", -3)])
def test_a_wrong_id_is_named_where_rows_are_single_values(name, wrong, op):
    rows, _ = edges()
    ids = getattr(rows, name).clone()
    ids[17] = wrong
    broken = Structure(rows.indptr, **{"source": rows.source, "edge": rows.edge, name: ids})
    with pytest.raises(IdError, match=f"{wrong}"):
        sddmm(broken, torch.randn(7, 1), torch.randn(11, 1), op)


@pytest.mark.parametrize("shapes", [((3, 1), (1, 4)), ((4,), (3, 1)), ((), (5,)), ((2, 3, 4), (4,))])
def test_features_broadcast_as_in_numpy_and_gradients_sum_back(shapes):
    rows, ends = edges(1)
    left = torch.randn(7, *shapes[0], dtype=torch.float64, requires_grad=True)
    right = torch.randn(11, *shapes[1], dtype=torch.float64, requires_grad=True)
    a, b = left[ends["target"][1]], right[ends["source"][1]]
    rank = max(a.dim(), b.dim())
    a, b = (t.reshape(40, *(1,) * (rank - t.dim()), *t.shape[1:]) for t in (a, b))
    found, expected = sddmm(rows, left, right, "mul"), a * b
    torch.testing.assert_close(found, expected)
    g = torch.randn_like(expected)
    for f, e in zip(
        torch.autograd.grad(found, (left, right), g), torch.autograd.grad(expected, (left, right), g), strict=True
    ):
        torch.testing.assert_close(f, e)


def test_division_is_true_division():
    rows, ends = edges()
    left, right = torch.full((7, 1), 1.0), torch.full((11, 1), 3.0)
    assert sddmm(rows, left, right, "div").unique().tolist() == [torch.tensor(1 / 3).item()]
    assert sddmm(rows, left, torch.zeros(11, 1), "div").isinf().all()
    assert len(ends) == 3


@pytest.mark.parametrize("width", [*range(1, 36), 64, 100])
def test_dots_of_every_width(width):
    rows, ends = edges(2)
    left, right = torch.randn(7, width), torch.randn(11, width)
    expected = (left[ends["target"][1]].double() * right[ends["source"][1]].double()).sum(-1)
    torch.testing.assert_close(sddmm(rows, left, right).double(), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("width", [1, 3, 4, 8, 16, 20])
def test_dots_of_several_heads(width):
    rows, ends = edges(4)
    left, right = torch.randn(7, 3, width), torch.randn(11, 3, width)
    expected = (left[ends["target"][1]] * right[ends["source"][1]]).sum(-1)
    torch.testing.assert_close(sddmm(rows, left, right), expected)


@pytest.mark.parametrize("op", [*FORMULAS, "copy"])
def test_features_of_width_zero_write_nothing(op):
    rows, _ = edges(3)
    left, right = torch.randn(7, 0), torch.randn(11, 0)
    assert sddmm(rows, left, None if op == "copy" else right, op).shape == (40, 0)
    assert sddmm(rows, left, right, "dot").tolist() == [0.0] * 40
