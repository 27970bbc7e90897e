"""Every kind of attention gives what scores, softmax, factors and weighted sum give one after the other."""

import functools

import pytest
import torch
from torch.nn import functional

import weft
from weft.errors import DtypeError, GradientError, IdError, OptionError, ShapeError
from weft.ops import Structure, dot_attention, edge_softmax, gat_attention, gatv2_attention, spmm
from weft.ops._philox import kept
from weft.testing.structures import hub_structure, random_structure, structure

KINDS = {"gat": gat_attention, "gatv2": gatv2_attention, "dot": dot_attention}
EDGES = {
    "plain": {},
    "score": {"score": True},
    "weight": {"weight": 1},
    "weight of heads": {"weight": 2},
    "dropout": {"dropout": 0.3},
    "all": {"score": True, "weight": 1, "dropout": 0.6},
    "all by head": {"score": True, "weight": 2, "dropout": 0.2},
}


@pytest.fixture(autouse=True)
def _native():
    with weft.ops.using("native"):
        yield


def inputs(kind, rows, num_sources, heads, width, *, dtype=torch.float64, score=False, weight=0, dropout=0.0):
    """(tensors of the ends, option, edge arguments)."""
    draw = torch.Generator().manual_seed(0)
    leaf = lambda *shape: torch.randn(shape, dtype=dtype, generator=draw).requires_grad_()  # noqa: E731
    n, m, e = rows.num_targets, num_sources, rows.num_edges
    ends, option = {
        "gat": lambda: ((leaf(m, heads, width), leaf(m, heads), leaf(n, heads)), 0.2),
        "gatv2": lambda: ((leaf(m, heads, width), leaf(n, heads, width), leaf(heads, width)), 0.1),
        "dot": lambda: ((leaf(n, heads, width + 1), leaf(m, heads, width + 1), leaf(m, heads, width)), 0.5),
    }[kind]()
    edge_score = leaf(e, heads) if score else None
    edge_weight = leaf(e, *(heads,)[: weight - 1]) if weight else None
    return ends, option, (edge_score, edge_weight, dropout, torch.tensor(7) if dropout else None)


def composed(kind, rows, ends, option, edge_score, edge_weight, dropout, seed):
    """The same in single steps, with tensors of all edges."""
    edge = torch.arange(rows.num_edges) if rows.edge is None else rows.edge.long()
    back = torch.empty_like(edge).scatter(0, edge, torch.arange(len(edge)))
    source, target = rows.source.long()[back], rows.targets()[back]
    if kind == "gat":
        value, score = ends[0], functional.leaky_relu(ends[1][source] + ends[2][target], option)
    elif kind == "gatv2":
        value = ends[0]
        score = (functional.leaky_relu(ends[0][source] + ends[1][target], option) * ends[2]).sum(-1)
    else:
        value, score = ends[2], option * (ends[0][target] * ends[1][source]).sum(-1)
    attention = edge_softmax(rows, score if edge_score is None else score + edge_score)
    if edge_weight is not None:
        attention = attention * (edge_weight if edge_weight.dim() == 2 else edge_weight[:, None])
    if dropout:
        attention = attention * kept(seed, torch.arange(len(edge)), attention.shape[1], dropout, attention.dtype)
    return spmm(rows, value, attention)


def leaves(ends, edges):
    return [x for x in (*ends, *edges[:2]) if x is not None]


def check(kind, rows, num_sources, heads, width, options):
    ends, option, edges = inputs(kind, rows, num_sources, heads, width, **options)
    one = KINDS[kind](rows, *ends, option, *edges)
    steps = composed(kind, rows, ends, option, *edges)
    torch.testing.assert_close(one, steps)
    grad = torch.randn_like(one)
    for mine, theirs in zip(
        torch.autograd.grad(one, leaves(ends, edges), grad),
        torch.autograd.grad(steps, leaves(ends, edges), grad),
        strict=True,
    ):
        torch.testing.assert_close(mine, theirs)


@pytest.mark.parametrize(("heads", "width"), [(8, 8), (8, 2), (1, 64), (3, 1), (6, 5), (40, 3), (2, 47), (4, 4)])
@pytest.mark.parametrize("edges", EDGES)
@pytest.mark.parametrize("kind", KINDS)
def test_values_and_gradients_are_those_of_single_steps(kind, edges, heads, width):
    check(kind, random_structure(20, 15, 200, seed=3), 20, heads, width, EDGES[edges])


@pytest.mark.parametrize("edges", ["plain", "all", "all by head"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_hub_is_cut_on_either_side(kind, edges):
    rows = hub_structure()
    check(kind, rows, 40, 2, 9, EDGES[edges])
    check(kind, rows.reversed(), rows.num_targets, 2, 9, EDGES[edges])


def rows_of_any_length():
    """Rows of fewer edges than a block, as many and more, and of none; a window ends within some and between others."""
    draw = torch.Generator().manual_seed(4)
    lengths = torch.tensor([0, 0, 1, 1, 2, 3, 5, 8, 15, 62, 63, 64, 65, 130, 257])
    degrees = lengths[torch.randint(len(lengths), (160,), generator=draw)]
    degrees[-20:] = torch.tensor([1, 0, 2, 2] * 5)
    target = torch.arange(160).repeat_interleave(degrees)
    target = target[torch.randperm(len(target), generator=draw)]
    return structure(torch.randint(90, target.shape, generator=draw), target, 90, 160, torch.int32)


@pytest.mark.parametrize("isa", weft.native.instruction_sets())
@pytest.mark.parametrize(("heads", "width"), [(1, 1), (8, 1), (4, 1), (5, 3), (3, 47), (8, 16), (2, 150)])
@pytest.mark.parametrize("edges", ["plain", "all by head"])
@pytest.mark.parametrize("kind", KINDS)
def test_rows_share_blocks_and_keep_to_themselves(kind, edges, heads, width, isa, monkeypatch):
    monkeypatch.setattr(weft.settings, "isa", isa)
    check(kind, rows_of_any_length(), 90, heads, width, EDGES[edges])


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_that_is_nan_leaves_the_others_of_its_block_alone(kind):
    rows = rows_of_any_length()
    ends, option, edges = inputs(kind, rows, 90, 2, 4, score=True)
    with torch.no_grad():
        for row in (3, 40, 159):
            edges[0][rows.edge[rows.indptr[row] : rows.indptr[row + 1]].long()] = -torch.inf
        found = KINDS[kind](rows, *ends, option, *edges)
        expected = composed(kind, rows, ends, option, *edges)
    assert expected.isnan().any()
    torch.testing.assert_close(found, expected, equal_nan=True)


@pytest.mark.parametrize("kind", KINDS)
def test_rows_of_many_blocks_are_measured_from_their_highest_score(kind):
    # Scores rise from block to block, so that every block changes what earlier sums are measured from.
    e = 600
    rows = Structure(torch.tensor([0, e]), torch.arange(e), None)
    ends, option, edges = inputs(kind, rows, e, 2, 8, score=True)
    edges = (torch.linspace(-300, 300, e, dtype=torch.float64)[:, None].expand(e, 2), *edges[1:])
    found = KINDS[kind](rows, *ends, option, *edges)
    torch.testing.assert_close(found, composed(kind, rows, ends, option, *edges))


@pytest.mark.parametrize("kind", KINDS)
def test_a_gradient_for_any_subset_of_inputs(kind):
    rows = random_structure(20, 15, 200, seed=3)
    ends, option, edges = inputs(kind, rows, 20, 3, 5, **EDGES["all"])
    wanted = torch.autograd.grad(KINDS[kind](rows, *ends, option, *edges).sum(), leaves(ends, edges))
    for only, expected in zip(leaves(ends, edges), wanted, strict=True):
        keep = lambda x, only=only: x if x is only else x.detach()  # noqa: E731
        given = [None if x is None else keep(x) for x in (*ends, *edges[:2])]
        found = KINDS[kind](rows, *given[:3], option, *given[3:], *edges[2:]).sum()
        torch.testing.assert_close(torch.autograd.grad(found, only)[0], expected)


@pytest.mark.parametrize("kind", KINDS)
def test_large_scores_neither_overflow_nor_vanish(kind):
    rows = random_structure(20, 15, 200, seed=3)
    ends, option, _ = inputs(kind, rows, 20, 4, 8, dtype=torch.float32)
    for shift in (100.0, -100.0, 1e4):
        score = torch.full((200, 4), shift)
        found = KINDS[kind](rows, *ends, option, score)
        torch.testing.assert_close(found, KINDS[kind](rows, *ends, option), rtol=2e-3, atol=2e-3)
        assert found.isfinite().all()


@pytest.mark.parametrize("kind", KINDS)
def test_targets_without_edges_get_zero_and_no_gradient(kind):
    rows = Structure(torch.tensor([0, 0, 2, 2]), torch.tensor([0, 1]))
    rows = rows.with_transposed(Structure(torch.tensor([0, 1, 2, 2]), torch.tensor([1, 1])))
    ends, option, _ = inputs(kind, rows, 3, 2, 4)
    out = KINDS[kind](rows, *ends, option)
    assert out[[0, 2]].eq(0).all()
    grads = torch.autograd.grad(out.square().sum(), ends)
    of_target, of_source = (grads[0], grads[2]) if kind == "dot" else (grads[2 if kind == "gat" else 1], grads[0])
    assert of_target[[0, 2]].eq(0).all()
    assert of_source[2].eq(0).all()
    assert of_source[:2].ne(0).any()


@pytest.mark.parametrize("kind", KINDS)
def test_a_masked_edge_gets_nothing_and_a_target_of_masked_edges_nan(kind):
    rows = Structure(torch.tensor([0, 2, 3]), torch.tensor([0, 1, 0]))
    ends, option, _ = inputs(kind, rows, 2, 1, 4)
    mask = torch.tensor([[float("-inf")], [1.0], [float("-inf")]], dtype=torch.float64)
    found = KINDS[kind](rows, *ends, option, mask)
    value = ends[2] if kind == "dot" else ends[0]
    torch.testing.assert_close(found[0], value[1])
    assert found[1].isnan().all()


@pytest.mark.parametrize("kind", KINDS)
def test_dropout_keeps_the_expectation_and_follows_the_seed(kind):
    rows = random_structure(20, 15, 200, seed=3)
    ends, option, _ = inputs(kind, rows, 20, 3, 5)
    call = functools.partial(KINDS[kind], rows, *(x.detach() for x in ends), option, None, None)
    assert torch.equal(call(0.5, torch.tensor(1)), call(0.5, torch.tensor(1)))
    assert not torch.equal(call(0.5, torch.tensor(1)), call(0.5, torch.tensor(2)))
    assert call(1.0, torch.tensor(1)).eq(0).all()
    mean = torch.stack([call(0.5, torch.tensor(k)) for k in range(3000)]).mean(0)
    assert (mean - call(0.0)).abs().max() < 0.15


@pytest.mark.parametrize("kind", KINDS)
def test_the_gradient_of_the_gradient(kind):
    rows = random_structure(6, 5, 20, seed=1)
    ends, option, edges = inputs(kind, rows, 6, 2, 3, **EDGES["all"])
    given = leaves(ends, edges)
    call = lambda *a: KINDS[kind](rows, *a[:3], option, *a[3:], *edges[2:])  # noqa: E731
    assert torch.autograd.gradcheck(call, given, fast_mode=True)
    assert torch.autograd.gradgradcheck(call, given, fast_mode=True)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_of_size_e_times_f_is_allocated(kind):
    rows = hub_structure(60_000, 300)
    ends, option, edges = inputs(kind, rows, 300, 4, 16, dtype=torch.float32, dropout=0.3)
    with torch.profiler.profile(profile_memory=True) as watch:
        KINDS[kind](rows, *ends, option, *edges).sum().backward()
    largest = max(event.cpu_memory_usage for event in watch.events())
    assert largest < rows.num_edges * 4 * 4, "an allocation as large as a number for each edge and head"


@pytest.mark.parametrize("kind", KINDS)
def test_what_does_not_fit_is_refused(kind):
    rows, op = random_structure(6, 5, 20, seed=1), KINDS[kind]
    ends, option, _ = inputs(kind, rows, 6, 2, 3)
    a, b, c = (x.detach() for x in ends)
    with pytest.raises(ShapeError, match="num_"):
        op(rows, a, b[:-1], c, option)
    with pytest.raises(ShapeError, match=r"width\)"):
        op(rows, a[:, 0], b, c, option)
    with pytest.raises(ShapeError, match="`edge_score` \\(20, 2\\), got \\(20,\\)"):
        op(rows, a, b, c, option, torch.zeros(20, dtype=torch.float64))
    with pytest.raises(ShapeError, match=r"`edge_weight` \(20, 2\) or \(20,\), got \(19,\)"):
        op(rows, a, b, c, option, None, torch.zeros(19, dtype=torch.float64))
    with pytest.raises(DtypeError, match="edge_weight"):
        op(rows, a, b, c, option, None, torch.zeros(20))
    with pytest.raises(OptionError, match="`seed`"):
        op(rows, a, b, c, option, dropout=0.5)
    with pytest.raises(OptionError, match="`dropout` from 0 to 1, got 2"):
        op(rows, a, b, c, option, dropout=2, seed=torch.tensor(1))
    with pytest.raises(IdError, match="source"):
        op(rows._replace(source=rows.source + 3), a, b, c, option)
    with pytest.raises(IdError, match="edge"):
        op(rows._replace(edge=rows.edge + 1), a, b, c, option, None, torch.zeros(20, dtype=torch.float64))
    with pytest.raises(GradientError, match="transposed"):
        op(Structure(*rows[:3]), *ends, option).sum().backward()
    too_short = Structure(rows.indptr, rows.source, rows.edge, random_structure(6, 4, 20, seed=1))
    with pytest.raises(ShapeError, match="transposed"):
        op(too_short, *ends, option).sum().backward()


def test_a_tensor_under_two_names_has_the_second_derivatives_of_two():
    rows = random_structure(6, 6, 20, seed=1)
    (z, both, _), _, _ = inputs("gat", rows, 6, 2, 3)

    def second(left, right):
        (first,) = torch.autograd.grad(gat_attention(rows, z, left, right).square().sum(), both, create_graph=True)
        return torch.autograd.grad(first.square().sum(), both)

    torch.testing.assert_close(second(both, both), second(both * 1, both * 1))


@pytest.mark.parametrize("isa", weft.native.instruction_sets())
@pytest.mark.parametrize("kind", KINDS)
def test_a_table_that_no_cache_holds_is_read_as_a_small_one(kind, isa, monkeypatch):
    monkeypatch.setattr(weft.settings, "isa", isa)
    rows = random_structure(40, 60, 900, seed=3, dtype=torch.int32)
    ends, option, edges = inputs(kind, rows, 70_000, 2, 64, dtype=torch.float32)  # more than 32 MiB
    small = [x[:40].clone() if x.shape[0] == 70_000 else x for x in ends]
    assert torch.equal(KINDS[kind](rows, *ends, option, *edges), KINDS[kind](rows, *small, option, *edges))
