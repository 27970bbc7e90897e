"""Walks: the native engine against plain Python, what always holds, how often each step is taken, and what bad input gets."""

import random

import pytest
import torch

from tests.ops.draws.cases import random_case
from weft import Adjacency, native, settings
from weft.errors import DtypeError, IdError, OptionError, ShapeError, StructureError
from weft.ops import (
    Candidates,
    Draws,
    Structure,
    Walking,
    draw_walks,
    in_source_order,
    in_time_order,
    using,
    weight_sums,
)

RING = Structure(torch.arange(7), torch.tensor([1, 2, 3, 4, 5, 0]))
TRIALS = [*range(24), *(pytest.param(trial, marks=pytest.mark.slow) for trial in range(24, 400))]


def random_walks(trial):
    """Walks of any kind over the random graphs of `random_case`, which are too few: those without a path are made anew."""
    pick = random.Random(trial)
    for again in range(100):
        (candidates, _, _), options = random_case(1000 * trial + again)
        candidates = [of._replace(ascending=in_source_order(of.rows)) for of in candidates]
        path = [pick.randrange(len(candidates))]
        while len(path) < pick.choice([1, 3, 12]):
            fitting = [r for r, of in enumerate(candidates) if of.target_type == candidates[path[-1]].source_type]
            if not fitting:
                break
            path.append(pick.choice(fitting))
        count = options["num_nodes"][candidates[path[0]].target_type]
        if count and candidates[path[0]].rows.num_edges:
            break
    generator = torch.Generator().manual_seed(trial)
    timed = any(candidates[r].times is not None for r in path)
    is_plain = len(set(path)) == 1 and candidates[path[0]].source_type == candidates[path[0]].target_type
    how = Walking(
        stop=pick.choice([0.0, 0.2, [pick.random() for _ in path]]),
        returns=pick.random() < 0.5 and all(candidates[r].source_type == candidates[path[0]].target_type for r in path),
        p=pick.choice([0.2, 1.0, 8.0]) if is_plain else 1.0,
        q=pick.choice([0.3, 1.0, 5.0]) if is_plain else 1.0,
        towards=pick.choice(["future", "past"]),
        strict=timed and pick.random() < 0.5,
        window=pick.choice([None, 0, 6]) if timed else None,
    )
    starts = torch.randint(count, (pick.choice([0, 3, 70, 200]),), generator=generator)
    times = torch.randint(20, starts.shape, generator=generator) if timed else None
    draws = Draws(pick.randrange(-(2**63), 2**64), pick.randrange(2**20), pick.randrange(2**28), pick.randrange(3))
    return (candidates, starts, path), {"num_nodes": options["num_nodes"], "draws": draws, "how": how, "times": times}


def on_ring(starts=(2,), path=(0, 0), **options):
    given = torch.as_tensor(starts, dtype=torch.int64)
    return draw_walks([Candidates(RING, 0, 0)], given, path, **{"num_nodes": [6], **options})


@pytest.mark.parametrize("trial", TRIALS)
def test_walks_go_where_plain_python_goes_on_any_number_of_threads(trial, monkeypatch):
    given, options = random_walks(trial)
    with using("reference"):
        expected = draw_walks(*given, **options)
    before = torch.get_num_threads()
    try:
        for threads in (1, 2, 4):
            torch.set_num_threads(threads)
            assert all(torch.equal(*pair) for pair in zip(draw_walks(*given, **options), expected, strict=True))
    finally:
        torch.set_num_threads(before)
    for isa in native.instruction_sets():
        monkeypatch.setattr(settings, "isa", isa)
        assert all(torch.equal(*pair) for pair in zip(draw_walks(*given, **options), expected, strict=True))


@pytest.mark.parametrize("trial", TRIALS)
def test_every_step_is_an_edge_that_is_allowed(trial):
    (candidates, starts, path), options = random_walks(trial)
    how = options["how"]
    nodes, edges = draw_walks(candidates, starts, path, **options)
    assert torch.equal(nodes[:, 0], starts)
    now = options["times"]
    for step, relation in enumerate(path):
        of, here, there, edge = candidates[relation], nodes[:, step], nodes[:, step + 1], edges[:, step]
        assert (there[here < 0] == -1).all()
        assert torch.equal((edge < 0) & (there >= 0), (edge < 0) & (there == starts) & (here >= 0) & (there >= 0))
        taken = edge >= 0
        p = edge[taken] if of.rows.edge is None else of.rows.edge.argsort()[edge[taken]]
        assert torch.equal(of.rows.targets()[p], here[taken])
        assert torch.equal(of.rows.source[p].long(), there[taken])
        if of.sums is not None:
            assert (of.sums.diff()[p] > 0).all()
        if now is not None:
            later = now.clone()
            if of.times is not None:
                later[taken] = of.times[p]
                gap = (later - now)[taken] * (1 if how.towards == "future" else -1)
                assert (gap >= int(how.strict)).all()
                assert how.window is None or (gap <= how.window).all()
            now = torch.where(~taken & (there >= 0), options["times"], later)


def chi_square(counts, chances):
    """How far counts are from what chances let expect, in standard deviations of the statistic."""
    expected = counts.sum() * chances / chances.sum()
    statistic = ((counts - expected) ** 2 / expected).sum()
    free = len(counts) - 1
    return float((statistic - free) / (2 * free) ** 0.5)


WALKS = [50_000, pytest.param(1_000_000, marks=pytest.mark.slow)]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("count", WALKS)
def test_steps_are_taken_by_weight(weighted, count):
    weight = torch.tensor([1.0, 2.0, 0.5, 4.0, 2.5]) if weighted else torch.ones(5)
    star = Structure(torch.tensor([0, 5, 10, 10, 10, 10]), torch.tensor([0, 1, 2, 3, 4] * 2))
    of = Candidates(star, 0, 0, weight_sums(star, weight.repeat(2)) if weighted else None)
    nodes, _ = draw_walks([of], torch.zeros(count, dtype=torch.int64), [0, 0], num_nodes=[5], draws=Draws(3))
    assert chi_square(nodes[:, 1].bincount(minlength=5).double(), weight.double()) < 5
    both = nodes[(nodes[:, 1] < 2)]
    pairs = (both[:, 1] * 5 + both[:, 2]).bincount(minlength=10).double()  # steps are independent of those before
    assert chi_square(pairs, (weight[:2, None] * weight).flatten().double()) < 5


@pytest.mark.parametrize("count", WALKS)
def test_walks_end_and_return_as_often_as_is_asked(count):
    starts = torch.zeros(count, dtype=torch.int64)
    for returns in (False, True):
        nodes, edges = on_ring(starts, [0] * 3, how=Walking(stop=[0.5, 0.25, 1.0], returns=returns))
        stopped = edges < 0
        assert float(stopped[:, 0].double().mean()) == pytest.approx(0.5, abs=3 / count**0.5)
        went = ~stopped[:, 0] if not returns else torch.ones_like(stopped[:, 0])
        assert float(stopped[went, 1].double().mean()) == pytest.approx(0.25, abs=3 / count**0.5)
        assert stopped[:, 2].all()
        assert (nodes[:, 3] == (0 if returns else -1)).all()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("count", WALKS)
def test_node2vec_weighs_the_way_back_and_away(weighted, count):
    # 0 - 1, 0 - 2, 1 - 2, 1 - 3, 1 - 4: from 0 over 1 back to 0 (1 / p), to 2 (1), or to 3 and 4 (1 / q)
    pairs = torch.tensor([[0, 0, 1, 1, 1], [1, 2, 2, 3, 4]])
    source, target = torch.cat((pairs, pairs.flip(0)), 1)
    weight = torch.tensor([3.0, 1.0, 2.0, 1.0, 4.0]).repeat(2) if weighted else torch.ones(10)
    rows = Adjacency(source, target, num_sources=5, num_targets=5).by_source
    rows = Structure(*rows[:3])
    of = Candidates(rows, 0, 0, weight_sums(rows, weight) if weighted else None, None, in_source_order(rows))
    nodes, _ = draw_walks(
        [of], torch.zeros(count, dtype=torch.int64), [0, 0], num_nodes=[5], how=Walking(p=0.25, q=2.0)
    )
    over = nodes[nodes[:, 1] == 1, 2].bincount(minlength=5)[[0, 2, 3, 4]].double()
    chances = torch.tensor([4.0, 1.0, 0.5, 0.5]).double()
    assert chi_square(over, chances * (torch.tensor([3.0, 2.0, 1.0, 4.0]).double() if weighted else 1)) < 5


def test_walks_are_known_and_depend_on_no_others():
    rows = Structure(torch.tensor([0, 10]), torch.zeros(10, dtype=torch.int64))
    options = {"num_nodes": [1], "draws": Draws(2**63 + 7, 5, 11)}
    edges = draw_walks([Candidates(rows, 0, 0)], torch.zeros(3, dtype=torch.int64), [0, 0], **options).edges
    # the first words of the counters (5 << 44 | 11 << 16 | 65535, walk << 32 | step << 16), times 10 over 2^32
    assert edges.tolist() == [[6, 2], [2, 2], [5, 1]]
    alone = draw_walks([Candidates(rows, 0, 0)], torch.zeros(1, dtype=torch.int64), [0, 0], **options).edges
    assert torch.equal(alone, edges[:1])


def test_walks_in_time_go_on():
    rows, times = in_time_order(RING, torch.tensor([0, 3, 2, 9, 9, 9]))
    of = Candidates(rows, 0, 0, None, times)
    go = lambda start, now, **how: draw_walks(  # noqa: E731
        [of], torch.tensor([start]), [0] * 4, num_nodes=[6], how=Walking(**how), times=torch.tensor([now])
    ).nodes[0].tolist()  # fmt: skip
    assert go(0, 0) == [0, 1, 2, -1, -1]
    assert go(2, 2) == [2, 3, 4, 5, 0]
    assert go(2, 2, strict=True) == [2, -1, -1, -1, -1]
    assert go(2, 1, strict=True) == [2, 3, 4, -1, -1]
    assert go(2, 2, window=6) == [2, 3, -1, -1, -1]
    assert go(1, 3, towards="past") == [1, 2, 3, -1, -1]


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"starts": (6,)}, IdError, "`starts` holds 6 at position 0, but there are 6 nodes"),
        ({"starts": (1, -1)}, IdError, "`starts` holds -1 at position 1"),
        ({"path": ()}, OptionError, "`number of steps` from 1"),
        ({"path": (0, 1)}, OptionError, "`path` from 0 to 0"),
        ({"num_nodes": [5]}, StructureError, "a row for each of 5 nodes"),
        ({"draws": Draws(0, 2**20)}, OptionError, "`epoch` from 0 to"),
        ({"how": Walking(stop=1.5)}, OptionError, "chances to stop from 0 to 1"),
        ({"how": Walking(stop=float("nan"))}, OptionError, "chances to stop from 0 to 1"),
        ({"how": Walking(stop=[0.5])}, ShapeError, "a chance to stop for each of 2 steps"),
        ({"how": Walking(p=0.0)}, OptionError, "`p` and `q` above 0"),
        ({"how": Walking(q=float("inf"))}, OptionError, "`p` and `q` above 0"),
        ({"how": Walking(p=2000.0)}, OptionError, "more than 1000 times likelier"),
        ({"how": Walking(p=2.0)}, OptionError, "`ascending` sources for `p` and `q`"),
        ({"how": Walking(window=3)}, OptionError, "times of edges for `strict` and `window`"),
        ({"how": Walking(towards="now")}, OptionError, "`towards`"),
        ({"times": torch.tensor([1])}, OptionError, "times of walks alone"),
    ],
)
def test_bad_arguments_are_told_and_the_next_call_is_a_good_one(options, error, text):
    with pytest.raises(error, match=text):
        on_ring(**options)
    assert on_ring().nodes.tolist() == [[2, 3, 4]]


def test_walks_over_types_do_not_return():
    there, back = (Candidates(Structure(torch.arange(3), torch.tensor([0, 1])), *ends) for ends in ((1, 0), (0, 1)))
    with pytest.raises(OptionError, match="nodes of one type for walks that return"):
        draw_walks([there, back], torch.tensor([0]), [0, 1], num_nodes=[2, 2], how=Walking(stop=0.5, returns=True))
    assert draw_walks([there, back], torch.tensor([1]), [0, 1], num_nodes=[2, 2]).nodes.tolist() == [[1, 1, 1]]
    with pytest.raises(StructureError, match="steps that begin where those before end"):
        draw_walks([there, back], torch.tensor([0]), [0, 0], num_nodes=[2, 2])


def test_starts_have_to_be_int64():
    with pytest.raises(DtypeError, match="int64 `starts`"):
        draw_walks([Candidates(RING, 0, 0)], torch.tensor([1.0]), [0], num_nodes=[6])


@pytest.mark.parametrize("backend", ["native", "reference"])
def test_contradictory_edges_are_told(backend):
    wrong = Structure(torch.tensor([0, 1, 2]), torch.tensor([1, 7]))
    falling = Structure(torch.tensor([0, 9, 2]), torch.tensor([1, 1]))
    with using(backend) if backend == "reference" else using("native"):
        with pytest.raises(IdError, match="`source` holds"):
            draw_walks([Candidates(wrong, 0, 0)], torch.tensor([0, 1]), [0, 0], num_nodes=[2])
        with pytest.raises(StructureError, match="`indptr`"):
            draw_walks([Candidates(falling, 0, 0)], torch.tensor([0]), [0], num_nodes=[2])
