"""What spmm promises beyond agreeing with its reference: ties, NaN, infinities, isolated targets, broadcasting."""

import pytest
import torch

import weft
from weft.ops import Structure, spmm
from weft.testing.structures import hub_structure, random_structure, structure

INF, NAN = float("inf"), float("nan")


@pytest.fixture(autouse=True)
def _native():
    with weft.ops.using("native"):
        yield


def three_into_one():
    """Edges 0, 1, 2 from sources 0, 1, 2 into target 1; target 0 has none."""
    return structure(torch.tensor([0, 1, 2]), torch.tensor([1, 1, 1]), 3, 2)


@pytest.mark.parametrize("width", [1, 3, 4, 8, 20, 64])
@pytest.mark.parametrize("reduce", ["max", "min"])
def test_of_equal_values_the_lowest_edge_takes_the_gradient(reduce, width):
    x = torch.ones(3, width, requires_grad=True)
    weight = torch.ones(3, requires_grad=True)
    spmm(three_into_one(), x, weight, reduce).sum().backward()
    assert x.grad.sum(1).tolist() == [width, 0, 0]
    assert weight.grad.tolist() == [width, 0, 0]


def test_ties_in_a_hub_go_to_the_lowest_edge_across_pieces():
    rows = hub_structure()
    x = torch.randint(3, (40, 20)).double().requires_grad_()
    with weft.ops.using("reference"):
        (expected,) = torch.autograd.grad(spmm.reference(rows, x, None, "max")[0].sum(), x)
    (found,) = torch.autograd.grad(spmm(rows, x, reduce="max").sum(), x)
    assert torch.equal(found, expected)


@pytest.mark.parametrize("reduce", ["sum", "mean", "max", "min"])
@pytest.mark.parametrize("width", [1, 5, 16, 47, 300])
def test_nan_reaches_every_target_of_its_source_and_no_other(reduce, width):
    rows = random_structure(9, 6, 20, seed=4)
    x = torch.randn(9, width)
    x[3] = NAN
    touched = torch.zeros(6, dtype=torch.bool)
    touched[rows.targets()[rows.source == 3]] = True
    out = spmm(rows, x, reduce=reduce)
    assert torch.equal(out.isnan().all(1), touched)
    assert torch.equal(out.isnan().any(1), touched)


def test_the_first_nan_wins_the_gradient():
    x = torch.tensor([[1.0], [NAN], [NAN]], requires_grad=True)
    spmm(three_into_one(), x, reduce="max").sum().backward()
    assert x.grad.flatten().tolist() == [0, 1, 0]


@pytest.mark.parametrize(("reduce", "value"), [("max", -INF), ("min", INF), ("max", INF), ("sum", INF)])
def test_a_legitimate_infinity_stays_and_isolation_gives_zero(reduce, value):
    x = torch.full((3, 5), value, requires_grad=True)
    out = spmm(three_into_one(), x, reduce=reduce)
    assert (out[1] == value).all()
    assert (out[0] == 0).all()
    out[1].sum().backward()
    assert x.grad[0].sum() == 5


@pytest.mark.parametrize(
    "shapes",
    [((2, 3), (2,)), ((2, 3), (1,)), ((1, 3), (2,)), ((2, 3), (2, 1)), ((2, 3), (1, 3)), ((4,), (4,)), ((), ())],
)
def test_weights_broadcast_over_heads(shapes):
    features, heads = shapes
    rows = random_structure(7, 5, 20, seed=2)
    x, weight = torch.randn(7, *features, dtype=torch.float64), torch.randn(20, *heads, dtype=torch.float64)
    messages = x[rows.source] * weight[rows.edge].reshape(20, *heads, *(1,) * (len(features) - len(heads)))
    expected = torch.zeros(5, *messages.shape[1:], dtype=torch.float64).index_add(0, rows.targets(), messages)
    torch.testing.assert_close(spmm(rows, x, weight), expected)


def test_half_types_accumulate_in_float32():
    rows = Structure(torch.tensor([0, 4096]), torch.arange(4096))
    for dtype in (torch.float16, torch.bfloat16):
        assert spmm(rows, torch.ones(4096, 8, dtype=dtype)).tolist() == [[4096.0] * 8]


def test_mean_divides_by_the_degree_not_by_the_weights():
    out = spmm(three_into_one(), torch.ones(3, 2), torch.tensor([1.0, 2.0, 3.0]), "mean")
    assert out.tolist() == [[0, 0], [2, 2]]


@pytest.mark.parametrize("isa", weft.native.instruction_sets())
@pytest.mark.parametrize("width", [*range(1, 40), 63, 64, 65, 100, 127, 128, 129, 256, 300])
def test_every_width_on_every_instruction_set(isa, width, monkeypatch):
    monkeypatch.setattr(weft.settings, "isa", isa)
    rows = random_structure(30, 20, 200, seed=width, dtype=torch.int32)
    x, weight = torch.randn(30, width), torch.randn(200)
    messages = x.double()[rows.source] * weight.double()[rows.edge.long(), None]
    expected = torch.zeros(20, width, dtype=torch.float64).index_add(0, rows.targets(), messages)
    torch.testing.assert_close(spmm(rows, x, weight).double(), expected, rtol=1e-5, atol=1e-5)
    assert torch.equal(spmm(rows, x, reduce="max"), spmm.reference(rows, x, None, "max")[0])


def test_a_window_that_ends_inside_a_row_changes_nothing():
    # 700 edges a row cross the 256-edge window of the walker at every offset.
    rows = random_structure(50, 3, 2100, seed=5)
    x = torch.randn(50, 24, dtype=torch.float64)
    torch.testing.assert_close(spmm(rows, x), spmm.reference(rows, x)[0], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("isa", weft.native.instruction_sets())
@pytest.mark.parametrize("width", [1, 2, 12, 47, 100, 300])  # a value, a tile, overlapping vectors, several tiles
@pytest.mark.parametrize("weights", [(), (1,), None])
def test_rows_of_any_length_meet_the_windows_anywhere(isa, width, weights, monkeypatch):
    # Windows have 256 edges: rows end with one, begin with one, span several, lie many in one; rows without edges stand between.
    monkeypatch.setattr(weft.settings, "isa", isa)
    degrees = torch.tensor([0, 3, 0, 253, 256, 1, 0, 0, 1, 254, 5000, 0, 700, 2, 2, 0, 1, 55, 0, 0] * 2)
    target, draw = torch.arange(40).repeat_interleave(degrees), torch.Generator().manual_seed(width)
    rows = structure(torch.randint(30, target.shape, generator=draw), target, 30, 40, torch.int32)
    x = torch.randn(30, width, dtype=torch.float64, generator=draw)
    weight = None if weights is None else torch.rand(rows.num_edges, *weights, dtype=torch.float64, generator=draw)
    scale, by_source = (torch.rand(count, dtype=torch.float64, generator=draw) for count in (40, 30))
    for reduce in ("sum", "mean", "max", "min"):
        scales = (by_source, scale) if reduce in ("sum", "mean") else (None, None)
        expected, winner = spmm.reference(rows, x, weight, reduce, *scales)
        leaf = x.clone().requires_grad_()
        found = spmm(rows, leaf, weight, reduce, *scales)
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
        if winner is not None and weight is None:
            (gradient,) = torch.autograd.grad(found.sum(), leaf)
            source = rows.source[winner.clamp(min=0)].long()
            won = torch.zeros_like(x).scatter_add(0, source, (winner >= 0).double())
            assert torch.equal(gradient, won)


@pytest.mark.parametrize("isa", weft.native.instruction_sets())
@pytest.mark.parametrize("width", [1, 3, 4, 7, 16, 32])
@pytest.mark.parametrize("ids", [torch.int32, torch.int64])
def test_rows_of_few_edges_keep_to_themselves(isa, width, ids, monkeypatch):
    # Such rows are added without asking where they end; a task has more edges than a window, and rows without any.
    monkeypatch.setattr(weft.settings, "isa", isa)
    draw = torch.Generator().manual_seed(width)
    degrees = torch.randint(5, (40_000,), generator=draw)
    degrees[1000:1400], degrees[2000:2003], degrees[-5:] = 0, torch.tensor([90, 0, 300]), 0
    target = torch.arange(40_000).repeat_interleave(degrees)
    rows = structure(torch.randint(500, target.shape, generator=draw), target, 500, 40_000, ids)
    x = torch.randn(500, width, dtype=torch.float64, generator=draw)
    x[3, 0], x[4], x[5], x[6, -1] = torch.nan, INF, -INF, torch.nan  # must not reach the row that comes next
    weight = torch.rand(rows.num_edges, dtype=torch.float64, generator=draw)
    scale, by_source = (torch.rand(count, dtype=torch.float64, generator=draw) for count in (40_000, 500))
    for reduce, edge_weight in (
        ("sum", None),
        ("sum", weight),
        ("mean", None),
        ("mean", weight),
        ("max", None),
        ("min", None),
    ):
        scales = ((None, scale), (by_source, None), (by_source, scale)) if reduce in ("sum", "mean") else ()
        for given in ((None, None), *scales):
            expected, winner = spmm.reference(rows, x, edge_weight, reduce, *given)
            leaf = x.clone().requires_grad_()
            found = spmm(rows, leaf, edge_weight, reduce, *given)
            torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12, equal_nan=True)
            if winner is not None:
                (gradient,) = torch.autograd.grad(found, leaf, torch.ones_like(found))
                source = rows.source[winner.clamp(min=0)].long()
                assert torch.equal(gradient, torch.zeros_like(x).scatter_add(0, source, (winner >= 0).double()))


@pytest.mark.parametrize("isa", weft.native.instruction_sets())
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("width", [1, 4, 8, 16, 37])
def test_halves_are_rounded_to_the_nearest_even_one(width, dtype, isa, monkeypatch):
    monkeypatch.setattr(weft.settings, "isa", isa)
    halves = torch.arange(-(2**15), 2**15, dtype=torch.int32).to(torch.int16).view(dtype)  # all that there are
    count = 2**16 // width
    digits = 8 if dtype is torch.bfloat16 else 11
    ties = torch.ones(2**16).ldexp(halves.float().frexp().exponent - digits - 1).to(dtype)  # half a step
    x = torch.stack([halves, ties])[:, : count * width].reshape(2 * count, width)
    pairs = structure(torch.arange(2 * count), torch.arange(count).repeat(2), 2 * count, count)
    found, expected = spmm(pairs, x), (0.0 + x[:count].float() + x[count:].float()).to(dtype)
    assert torch.equal(found.isnan(), expected.isnan())
    assert torch.equal(found.nan_to_num(0).view(torch.int16), expected.nan_to_num(0).view(torch.int16))


@pytest.mark.parametrize("isa", weft.native.instruction_sets())
@pytest.mark.parametrize("width", [64, 100])
@pytest.mark.parametrize("reduce", ["sum", "mean", "max"])
def test_a_table_that_no_cache_holds_is_read_as_a_small_one(reduce, width, isa, monkeypatch):
    monkeypatch.setattr(weft.settings, "isa", isa)
    rows = random_structure(40, 60, 900, seed=width, dtype=torch.int32)
    x = torch.randn(140_000, width)  # more than 32 MiB
    for weight in (None, torch.rand(rows.num_edges)):
        assert torch.equal(spmm(rows, x, weight, reduce), spmm(rows, x[:40].clone(), weight, reduce))


@pytest.mark.parametrize("isa", weft.native.instruction_sets())
@pytest.mark.parametrize("width", [1, 3, 8, 32])
@pytest.mark.parametrize("sources", [50, 4000])
def test_factors_count_whether_rows_or_edges_are_multiplied(sources, width, isa, monkeypatch):
    monkeypatch.setattr(weft.settings, "isa", isa)  # rows are, where there are many edges for each
    rows = random_structure(sources, 90, 5000, seed=width)
    x, scale = torch.randn(sources, width, dtype=torch.float64), torch.rand(sources, dtype=torch.float64)
    for weight in (None, torch.rand(5000, dtype=torch.float64)):
        for reduce in ("sum", "mean"):
            expected, _ = spmm.reference(rows, x, weight, reduce, scale, None)
            torch.testing.assert_close(spmm(rows, x, weight, reduce, scale), expected, rtol=1e-12, atol=1e-12)
