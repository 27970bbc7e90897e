"""What pass_messages promises beyond agreeing with its reference: reducers at their edges, dropout, errors, gradients of hubs."""

import pytest
import torch

import weft
from weft.errors import GradientError, IdError, OptionError, ShapeError
from weft.ops import Structure, pass_messages
from weft.testing.structures import hub_structure, random_structure, structure

INF, NAN = float("inf"), float("nan")


@pytest.fixture(autouse=True)
def _native():
    with weft.ops.using("native"):
        yield


def three_into_one():
    """Edges 0, 1, 2 from sources 0, 1, 2 into target 1; target 0 has none."""
    return structure(torch.tensor([0, 1, 2]), torch.tensor([1, 1, 1]), 3, 2)


def column(*values):
    return torch.tensor(values, dtype=torch.float64).unsqueeze(1)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("sum", 6.0), ("mean", 2.0), ("max", 3.0), ("min", 1.0), ("product", 6.0), ("variance", 2 / 3)],
)
def test_a_reducer_gives_its_formula_and_zero_without_edges(kind, expected):
    out, *_ = pass_messages(three_into_one(), f"source:1 | | {kind} 0", column(1, 2, 3))
    torch.testing.assert_close(out, column(0, expected))


def test_several_reducers_stand_side_by_side_in_the_order_asked():
    out, kept, _ = pass_messages(three_into_one(), "source:1 | neg 0 | max 0; edge 1; min 0; sum 1", column(1, 2, 3))
    assert out.tolist() == [[0, 0, 0], [3, 1, -6]]
    assert kept.tolist() == [[-1], [-2], [-3]]


@pytest.mark.parametrize("kind", ["max", "min"])
def test_of_equal_values_the_lowest_edge_takes_the_gradient_and_nan_stays(kind):
    x = column(1, 1, 1).requires_grad_()
    pass_messages(three_into_one(), f"source:1 | | {kind} 0", x)[0].sum().backward()
    assert x.grad.flatten().tolist() == [1, 0, 0]
    x = column(1, NAN, NAN).requires_grad_()
    out, *_ = pass_messages(three_into_one(), f"source:1 | | {kind} 0", x)
    assert out[1].isnan().all()
    out.sum().backward()
    assert x.grad.flatten().tolist() == [0, 1, 0]
    out, *_ = pass_messages(three_into_one(), f"source:1 | | {kind} 0", column(INF, INF, INF))
    assert out.flatten().tolist() == [0, INF]


@pytest.mark.parametrize(
    ("values", "expected"), [((2, 3, 4), (12, 8, 6)), ((2, 0, 4), (0, 8, 0)), ((0, 0, 4), (0, 0, 0))]
)
def test_gradients_of_a_product_are_right_with_zeros(values, expected):
    x = column(*values).requires_grad_()
    pass_messages(three_into_one(), "source:1 | | product 0", x)[0].sum().backward()
    assert x.grad.flatten().tolist() == list(expected)


def test_a_softmax_of_huge_scores_neither_overflows_nor_loses_its_sum():
    rows, score = three_into_one(), column(1000, 1001, -1000).requires_grad_()
    out, *_ = pass_messages(rows, "source:1 edge:1 | | attend 1 0", score, column(1, 2, 3))
    weight = torch.softmax(score.detach().flatten(), 0)
    torch.testing.assert_close(out[1, 0], (weight * torch.tensor([1.0, 2.0, 3.0])).sum())
    torch.testing.assert_close(out[1, 1], torch.logsumexp(score.detach(), 0)[0])
    out[:, 1].sum().backward()
    torch.testing.assert_close(score.grad.flatten(), weight)


def test_variance_of_large_equal_values_is_zero():
    rows = hub_structure()
    out, *_ = pass_messages(rows, "edge:3 | | variance 0", torch.full((rows.num_edges, 3), 12345.678))
    assert (out == 0).all()


def test_dropout_is_decided_by_seed_edge_and_place_and_its_gradient_by_the_same():
    rows = random_structure(30, 20, 400, seed=3)
    text = "edge:6 | keep 0.5 6; mul 0 1 | edge 2; sum 2"
    x, seed = torch.ones(400, 6, requires_grad=True), torch.tensor(11)
    _, kept, _ = pass_messages(rows, text, x, seed=seed)
    kept.sum().backward()
    assert torch.equal(x.grad, kept)
    assert set(kept.flatten().tolist()) == {0.0, 2.0}
    # The same edges in another order of rows: edge ids decide, not positions.
    turned = rows.reversed()
    assert torch.equal(pass_messages(turned, text, x, seed=seed)[1], kept)
    assert not torch.equal(pass_messages(rows, text, x, seed=torch.tensor(12))[1], kept)


@pytest.mark.parametrize("width", [1, 2, 3, 7, 8, 16, 17, 100, 300, 5000])
def test_any_width(width):
    rows = random_structure(20, 10, 60, seed=4)
    x, v, w = torch.randn(20, width), torch.randn(10, width), torch.randn(60, 1)
    steps = f"mul 0 1; fold 3 1 {width} 1; expand 2 1 {width} 1; mul 0 5"
    text = f"source:{width} target:{width} edge:1 | {steps} | edge 4; sum 6; max 0"
    found = pass_messages(rows, text, x, v, w)
    with weft.ops.using("reference"):
        expected = pass_messages(rows, text, *(t.double() for t in (x, v, w)))
    torch.testing.assert_close(found[0].double(), expected[0], rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(found[1].double(), expected[1], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("width", [1, 2, 3, 8, 17, 64, 65])
@pytest.mark.parametrize("kinds", ["sum 2", "sum 2; mean 2; sum 0", "edge 2; sum 2; max 2"])
def test_sums_end_where_rows_do(kinds, width):
    """Rows of none, few and many edges, that begin anywhere in a block; numbers are whole, so that sums are exact."""
    draw = torch.Generator().manual_seed(width)
    degrees = torch.tensor([0, 3, 0, 0, 257, 1, 1, 256, 0, 1, 700, 2, 5000, 3, 0])
    target = torch.repeat_interleave(degrees)[torch.randperm(int(degrees.sum()), generator=draw)]
    rows = structure(torch.randint(40, target.shape, generator=draw), target, 40, len(degrees))
    x, w = torch.randint(-9, 9, (40, width), generator=draw), torch.randint(-9, 9, (len(target), width), generator=draw)
    text = f"source:{width} edge:{width} | mul 0 1 | {kinds}"
    found = pass_messages(rows, text, x.float(), w.float())
    with weft.ops.using("reference"):
        expected = pass_messages(rows, text, x.double(), w.double())
    torch.testing.assert_close([part.double() for part in found[:2]], list(expected[:2]))
    assert torch.equal(found[2], expected[2])


@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
@pytest.mark.parametrize("width", [1, 4, 5, 40])
def test_edges_in_the_order_of_their_ids_get_the_same_bits(width, dtype):
    rows = hub_structure()
    rows = rows._replace(ends=tuple(ids.to(dtype) for ids in rows.ends))
    sources, targets, edges = int(rows.source.max()) + 1, rows.num_targets, rows.num_edges
    x, v, w = torch.randn(sources, width), torch.randn(targets, width), torch.randn(edges, width)
    won, seed = torch.randint(-1, edges, (targets, width)).to(rows.source.dtype), torch.tensor(5)
    text = (
        f"source:{width} target:{width} edge:{width} | add 0 1; won 1 0 {width} {width}; keep 0.5 {width}; mul 3 5; sub 6 2;"
        f" add 4 7 | edge 8; edge 3"
    )
    found = pass_messages(rows, text, x, v, w, won=won, seed=seed)[1]
    assert torch.equal(found, pass_messages(rows._replace(ends=None), text, x, v, w, won=won, seed=seed)[1])


def test_a_gradient_reads_the_edges_again_and_keeps_nothing_of_their_size():
    rows, width = random_structure(300, 200, 6000, seed=5), 64
    x, v = torch.randn(300, width, requires_grad=True), torch.randn(200, width, requires_grad=True)
    text = f"source:{width} target:{width} | add 0 1; tanh 2 | sum 3"
    with torch.profiler.profile(profile_memory=True) as profile:
        pass_messages(rows, text, x, v)[0].square().sum().backward()
    largest = max(event.self_cpu_memory_usage for event in profile.events())
    assert largest < 6000 * width * 4


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda r, x: pass_messages(r, "source:3 | sine 0 | sum 1", x), OptionError, "no program of messages"),
        (lambda r, x: pass_messages(r, "source:3 | add 0 5 | sum 1", x), OptionError, "not there yet"),
        (lambda r, x: pass_messages(r, "source:3", x), OptionError, "no program"),
        (lambda r, x: pass_messages(r, "source:3 | | median 0", x), OptionError, "no output 'median'"),
        (lambda r, x: pass_messages(r, "source:0 | | sum 0", x), OptionError, "width below 1"),
        (lambda r, x: pass_messages(r, "source:3 | expand 0 2 2 1 | sum 1", x), OptionError, "expand"),
        (lambda r, x: pass_messages(r, "source:3 | | sum 0", x, x), OptionError, "1 operands, as the program names, got 2"),
        (lambda r, x: pass_messages(r, "source:4 | | sum 0", x), ShapeError, r"`a` \(source 3, 4\), got \(3, 3\)"),
        (lambda r, x: pass_messages(r, "target:3 | | sum 0", x), ShapeError, r"`a` \(target 2, 3\), got \(3, 3\)"),
        (lambda r, x: pass_messages(r, "source:3 | | sum 0", x[0]), ShapeError, "two dimensions"),
        (lambda r, x: pass_messages(r, "source:3 | keep 0.5 3 | sum 1", x), ShapeError, "`seed`"),
        (lambda r, x: pass_messages(r, "source:3 | won 1 0 3 3 | sum 1", x), ShapeError, "`won`"),
        (lambda r, x: pass_messages(r, "source:3 | | sum 0", x[:2]), IdError, "`source` holds node 2 at edge 2"),
        (
            lambda r, x: pass_messages(r._replace(transposed=None), "source:3 | | sum 0", x.requires_grad_())[0].sum().backward(),
            GradientError,
            "reads the edges by source",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(call, error, text):
    with pytest.raises(error, match=text):
        call(three_into_one(), torch.randn(3, 3))


def test_a_gradient_of_too_many_operands_is_refused():
    rows = three_into_one()
    operands = [torch.randn(3, 1, requires_grad=True) for _ in range(12)]
    steps = ["mul 0 1", *(f"mul {10 + i} {i}" for i in range(2, 12))]
    text = " ".join(["source:1"] * 12) + " | " + "; ".join(steps) + " | sum 22"
    out, *_ = pass_messages(rows, text, *operands)
    with pytest.raises(GradientError, match="at most 12 operands"):
        out.sum().backward()


def test_no_edge_operand_is_read_out_of_bounds_by_a_wrong_edge_id():
    rows = Structure(torch.tensor([0, 2]), torch.tensor([0, 0]), torch.tensor([0, 7]))
    with pytest.raises(IdError, match="`edge` holds edge 7"):
        pass_messages(rows, "edge:2 | | sum 0", torch.zeros(2, 2))
