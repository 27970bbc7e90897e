"""What is drawn has the distribution that it should have, and draws of different keys have nothing to do with each other."""

from itertools import permutations, product
from math import prod

import pytest
import torch
from scipy.stats import chisquare

from weft import Adjacency
from weft.ops import Candidates, Drawing, Draws, Structure, draw_neighbors, in_time_order, weight_sums

ROWS, LEAST = 50_000, 1e-4  # rows that draw at once, and the p-value below which a distribution is refused


@pytest.fixture(params=[50_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def many_rows(request, monkeypatch):
    """As many rows as usual, or a million."""
    monkeypatch.setitem(globals(), "ROWS", request.param)


def rows_of(degree, shared):
    """So many targets with as many sources each: the same ones for all, or each its own."""
    indptr = torch.arange(0, ROWS * degree + 1, degree)
    return Structure(indptr, torch.arange(degree).repeat(ROWS) if shared else torch.arange(ROWS * degree))


def drawn_places(
    rows, fanout, *, sums=None, times=None, at=None, relations=1, hops=1, excluded=None, draws=None, **how
):
    """Which of its edges each target drew: for each hop and relation (ROWS, degree) of bool, or counts."""
    degree, num_sources = rows.num_edges // ROWS, int(rows.source.max()) + 1
    drawn = draw_neighbors(
        [Candidates(rows, 0, 1, sums, times)] * relations,
        [torch.empty(0, dtype=torch.int64), torch.arange(ROWS)],
        [[fanout] * relations] * hops,
        num_nodes=[num_sources, ROWS],
        draws=draws or Draws(3),
        how=Drawing(trees=times is not None, **how),
        times=None if times is None else [torch.empty(0, dtype=torch.int64), at],
        excluded=None if excluded is None else [excluded] * relations,
    )
    return [[torch.bincount(edges.edge_ids, minlength=rows.num_edges).reshape(ROWS, degree) for edges in of_hop]
            for of_hop in drawn.edges]  # fmt: skip


def assert_distributed(patterns, chances):
    """Rows of counts occur as often as a mapping from rows to chances says."""
    found, times = patterns.unique(dim=0, return_counts=True)
    seen = dict(zip(map(tuple, found.tolist()), times.tolist(), strict=True))
    assert set(seen) <= set(chances), "something impossible was drawn"
    expected = [chance * patterns.shape[0] for chance in chances.values()]
    assert chisquare([seen.get(pattern, 0) for pattern in chances], expected).pvalue > LEAST


def one_after_the_other(weights, count):
    """The chance of each set that is drawn without replacement, each draw by weight among what is left."""
    chances = {}
    for order in permutations([i for i, weight in enumerate(weights) if weight], count):
        chance, left = 1.0, sum(weights)
        for i in order:
            chance *= weights[i] / left
            left -= weights[i]
        pattern = tuple(int(i in order) for i in range(len(weights)))
        chances[pattern] = chances.get(pattern, 0.0) + chance
    return chances


def with_replacement(weights, count):
    chances = {}
    for order in product(range(len(weights)), repeat=count):
        pattern = tuple(order.count(i) for i in range(len(weights)))
        chance = prod(weights[i] / sum(weights) for i in order)
        chances[pattern] = chances.get(pattern, 0.0) + chance
    return {pattern: chance for pattern, chance in chances.items() if chance}


def each_by_itself(chances):
    found = {}
    for pattern in product((0, 1), repeat=len(chances)):
        chance = 1.0
        for kept, p in zip(pattern, chances, strict=True):
            chance *= p if kept else 1 - p
        found[pattern] = chance
    return {pattern: chance for pattern, chance in found.items() if chance}


WEIGHTS = [1.0, 4.0, 0.0, 2.0, 0.5]


@pytest.mark.usefixtures("many_rows")
def test_every_set_of_neighbours_is_equally_likely():
    ((places,),) = drawn_places(rows_of(6, True), 2)
    assert_distributed(places, one_after_the_other([1] * 6, 2))
    ((places,),) = drawn_places(rows_of(20, True), 10)
    assert chisquare(places.sum(0)).pvalue > LEAST


@pytest.mark.usefixtures("many_rows")
def test_draws_with_replacement_are_independent():
    ((places,),) = drawn_places(rows_of(4, True), 3, replace=True)
    assert_distributed(places, with_replacement([1] * 4, 3))


@pytest.mark.usefixtures("many_rows")
@pytest.mark.parametrize("replace", [False, True])
def test_weights_are_the_chances(replace):
    rows = rows_of(5, True)
    sums = weight_sums(rows, torch.tensor(WEIGHTS).repeat(ROWS))
    ((places,),) = drawn_places(rows, 2, sums=sums, replace=replace)
    assert_distributed(places, (with_replacement if replace else one_after_the_other)(WEIGHTS, 2))


@pytest.mark.usefixtures("many_rows")
@pytest.mark.parametrize("weighted", [False, True])
def test_what_is_excluded_leaves_its_chances_to_the_others(weighted):
    rows = rows_of(6, True)
    weights = [3.0, 1.0, 1.0, 2.0, 5.0, 1.0] if weighted else [1.0] * 6
    sums = weight_sums(rows, torch.tensor(weights).repeat(ROWS)) if weighted else None
    out = (torch.arange(ROWS).unsqueeze(1) * 6 + torch.tensor([0, 4])).flatten()
    ((places,),) = drawn_places(rows, 2, sums=sums, excluded=out)
    weights[0] = weights[4] = 0.0
    assert_distributed(places, one_after_the_other(weights, 2))


@pytest.mark.parametrize("weighted", [False, True])
def test_times_leave_the_chances_of_what_is_there(weighted):
    rows = rows_of(8, True)
    rows, times = in_time_order(rows, torch.tensor([5, 1, 9, 3, 7, 2, 8, 4]).repeat(ROWS))
    weights = torch.tensor([1.0, 2.0, 3.0, 4.0, 1.0, 2.0, 3.0, 4.0]) if weighted else torch.ones(8)
    sums = weight_sums(rows, weights.repeat(ROWS)) if weighted else None
    at = torch.full((ROWS,), 7)
    ((places,),) = drawn_places(rows, 2, sums=sums, times=times, at=at, window=4, strict=True)
    allowed = torch.tensor([5, 1, 9, 3, 7, 2, 8, 4])
    chances = [w if 3 <= t < 7 else 0.0 for w, t in zip(weights.tolist(), allowed.tolist(), strict=True)]
    assert_distributed(places, one_after_the_other(chances, 2))


@pytest.mark.usefixtures("many_rows")
def test_neighbours_are_kept_with_the_chances_that_labor_names():
    ((places,),) = drawn_places(rows_of(5, False), 2, choice="source")
    assert_distributed(places, each_by_itself([0.4] * 5))
    rows = rows_of(5, False)
    sums = weight_sums(rows, torch.tensor([1.0, 8.0, 1.0, 2.0, 0.0]).repeat(ROWS))
    ((places,),) = drawn_places(rows, 2, sums=sums, choice="source")
    assert_distributed(places, each_by_itself([0.25, 1.0, 0.25, 0.5, 0.0]))  # c = 1/8 would keep the second twice


def test_targets_of_labor_keep_the_same_sources():
    ((places,),) = drawn_places(rows_of(8, True), 3, choice="source")
    assert (places == places[0]).all()
    first, second = (drawn_places(rows_of(8, False), 3, choice="source", hops=2, shares_layers=shared)
                     for shared in (True, False))  # fmt: skip
    assert torch.equal(first[0][0], first[1][0])
    assert not torch.equal(second[0][0], second[1][0])


@pytest.mark.usefixtures("many_rows")
@pytest.mark.parametrize("choice", ["chance", "source"])
@pytest.mark.parametrize("between", ["relations", "hops", "batches", "epochs", "seeds"])
def test_draws_of_different_keys_are_independent(between, choice):
    rows = rows_of(4, choice == "chance")
    if between == "relations":
        ((one, other),) = drawn_places(rows, 2, relations=2, choice=choice)
    elif between == "hops":
        (one,), (other,) = drawn_places(rows, 2, hops=2, choice=choice)
    else:
        keys = {"batches": Draws(3, 0, 1), "epochs": Draws(3, 1), "seeds": Draws(4)}
        one, other = (drawn_places(rows, 2, draws=key, choice=choice)[0][0] for key in (Draws(3), keys[between]))
    alone = one_after_the_other([1] * 4, 2) if choice == "chance" else each_by_itself([0.5] * 4)
    both = {(*a, *b): chance * other_chance for (a, chance), (b, other_chance) in product(alone.items(), repeat=2)}
    assert_distributed(torch.cat((one, other), 1), both)


def test_trees_draw_independently_of_each_other():
    rows = Structure(torch.tensor([0, 4]), torch.arange(4))
    found = []
    for batch in range(8):
        seeds = torch.zeros(2 * 3000, dtype=torch.int64)
        drawn = draw_neighbors(
            [Candidates(rows, 0, 1)], [torch.empty(0, dtype=torch.int64), seeds], [[2]], num_nodes=[4, 1],
            draws=Draws(1, 0, batch), how=Drawing(trees=True),
        )  # fmt: skip
        edges = drawn.edges[0][0]
        found.append(torch.bincount(edges.target.long() * 4 + edges.edge_ids, minlength=4 * len(seeds)).reshape(-1, 8))
    alone = one_after_the_other([1] * 4, 2)
    both = {(*a, *b): chance * other for (a, chance), (b, other) in product(alone.items(), repeat=2)}
    assert_distributed(torch.cat(found), both)


@pytest.mark.parametrize("times", [2, pytest.param(200, marks=pytest.mark.slow)])  # slow: 10^7 edges and more
@pytest.mark.parametrize("choice", ["chance", "recent", "source"])
def test_no_edge_of_the_future_is_drawn(times, choice):
    generator = torch.Generator().manual_seed(0)
    source, target = torch.randint(2000, (2, 60_000), generator=generator)
    edge_time = torch.randint(1000, (60_000,), generator=generator)
    rows = Structure(*Adjacency(source, target, num_sources=2000, num_targets=2000).by_target[:3])
    rows, sorted_times = in_time_order(rows, edge_time)
    sums = weight_sums(rows, torch.rand(60_000, generator=generator))
    seen = 0
    for batch in range(times):
        seeds, at = (torch.randint(most, (4000,), generator=generator) for most in (2000, 1000))
        drawn = draw_neighbors(
            [Candidates(rows, 0, 0, sums if batch % 2 else None, sorted_times)], [seeds], [[5], [3]], num_nodes=[2000],
            times=[at], draws=Draws(5, 0, batch), how=Drawing(choice, trees=True, strict=batch % 3 == 0),
        )  # fmt: skip
        for (edges,), strict in zip(drawn.edges, [batch % 3 == 0] * 2, strict=True):
            asks = at[drawn.trees[0][edges.target.long()]]
            assert (edge_time[edges.edge_ids] + int(strict) <= asks).all()
            seen += len(asks)
    assert seen > times * 40_000
