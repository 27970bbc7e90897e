"""Negatives: the native engine against plain Python, what always holds, how often each pair comes, and what bad input gets."""

import random

import pytest
import torch

from weft import Adjacency, native, settings
from weft.errors import DtypeError, IdError, OptionError, ShapeError, StructureError
from weft.ops import Candidates, Corrupting, Draws, Ends, Structure, draw_negatives, in_source_order, using, weight_sums

TRIALS = [*range(24), *(pytest.param(trial, marks=pytest.mark.slow) for trial in range(24, 400))]


def node_sums(weight):
    count = weight.shape[0]
    return weight_sums(Structure(torch.tensor([0, count]), torch.arange(count)), weight)


def known_edges(source, target, sizes):
    rows = Structure(*Adjacency(source, target, num_sources=sizes[0], num_targets=sizes[1]).by_target[:3])
    return Candidates(rows, 0, 1, ascending=in_source_order(rows))


def random_links(trial):
    """Links of any kind, in graphs of which some are so dense that hardly anything is a negative."""
    pick, generator = random.Random(trial), torch.Generator().manual_seed(trial)

    def below(most, *shape):
        return torch.randint(most, shape, generator=generator)

    alike = pick.random() < 0.5
    sizes = [pick.choice([1, 2, 7, 50])] * 2 if alike else [pick.choice([1, 5, 40]), pick.choice([1, 3, 60])]
    count = pick.choice([0, 5, 300])
    source, target = (below(size, count) for size in sizes)
    num_links = pick.choice([0, 1, 40])
    links = torch.stack([below(size, num_links) for size in sizes], 1)
    corrupts = pick.choice(["target", "source", "both"])
    pool = pick.choice(["all", "all", "weight", "batch", *(["table"] if corrupts != "both" else [])])
    timed = pick.random() < 0.4
    ends = [
        Ends(
            size,
            node_sums(torch.rand(size, generator=generator) * (torch.arange(size) % 3 < 2))
            if pool == "weight"
            else None,
            below(20, size) if timed and pick.random() < 0.8 else None,
        )
        for size in sizes
    ]
    timed = any(end.times is not None for end in ends)
    kept = sizes[0 if corrupts == "target" else 1]
    drawn = sizes[1 if corrupts == "target" else 0]
    loops, strict = not alike or pick.random() < 0.5, timed and pick.random() < 0.5
    options = {
        "how": Corrupting(corrupts, pool == "batch", loops=loops, strict=strict),
        "known": known_edges(source, target, sizes) if pick.random() < 0.7 else None,
        "table": below(drawn + 1, kept, 3) - 1 if pool == "table" else None,
        "times": below(20, links.shape[0]) if timed else None,
        "draws": Draws(pick.randrange(-(2**63), 2**64), pick.randrange(2**20), pick.randrange(2**28), pick.randrange(3)),
    }  # fmt: skip
    return (links, pick.choice([0, 1, 4]), ends), options


@pytest.mark.parametrize("trial", TRIALS)
def test_pairs_are_those_of_plain_python_on_any_number_of_threads(trial, monkeypatch):
    given, options = random_links(trial)
    with using("reference"):
        expected = draw_negatives(*given, **options)
    before = torch.get_num_threads()
    try:
        for threads in (1, 2, 4):
            torch.set_num_threads(threads)
            assert torch.equal(draw_negatives(*given, **options), expected)
    finally:
        torch.set_num_threads(before)
    for isa in native.instruction_sets():
        monkeypatch.setattr(settings, "isa", isa)
        assert torch.equal(draw_negatives(*given, **options), expected)


@pytest.mark.parametrize("trial", TRIALS)
def test_no_pair_is_a_link(trial):
    (links, count, ends), options = random_links(trial)
    how, known, table, times = (options[name] for name in ("how", "known", "table", "times"))
    pairs = draw_negatives(links, count, ends, **options)
    assert pairs.shape == (links.shape[0], count, 2)
    edges = set() if known is None else set(zip(known.rows.source.tolist(), known.rows.targets().tolist(), strict=True))
    for i, own in enumerate(links.tolist()):
        for pair in pairs[i].tolist():
            if pair == [-1, -1]:
                continue
            assert pair != own
            assert tuple(pair) not in edges
            assert how.loops or pair[0] != pair[1]
            for side, name in enumerate(("source", "target")):
                if how.corrupts not in (name, "both"):
                    assert pair[side] == own[side]
                    continue
                if ends[side].times is not None:
                    assert ends[side].times[pair[side]] + int(how.strict) <= times[i]
                if ends[side].sums is not None:
                    assert ends[side].sums.diff()[pair[side]] > 0
                if how.in_batch:
                    assert pair[side] in links[:, side]
                if table is not None:
                    assert pair[side] in table[own[1 - side]]


COUNTS = [50_000, pytest.param(1_000_000, marks=pytest.mark.slow)]


@pytest.mark.parametrize("size", [8, 4000])  # among few nodes the first try often is one, among many it hardly ever is
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("count", COUNTS)
def test_pairs_come_by_weight(size, weighted, count):
    free = torch.tensor([1, 3, 4, 6])  # all others are known
    weight = torch.ones(size)
    if weighted:
        weight[free] = torch.tensor([1.0, 2.0, 4.0, 0.5])
    others = torch.ones(size, dtype=torch.bool).index_fill_(0, free, False).nonzero().flatten()
    known = known_edges(torch.zeros_like(others), others, (1, size))
    links = torch.tensor([[0, 0]]).expand(count // 100, 2).contiguous()
    ends = Ends(1), Ends(size, node_sums(weight) if weighted else None)
    count = 100 if size == 8 else 1
    pairs = draw_negatives(links, count, ends, known=known)
    found = pairs[..., 1].flatten().bincount(minlength=size)
    assert found.sum() == found[free].sum() == links.shape[0] * count
    chances = weight[free].double() / weight[free].sum()
    expected = found.sum() * chances
    assert (
        float(((found[free] - expected) ** 2 / expected).sum()) < 21
    )  # chance of 1 in 10,000 with 3 degrees of freedom


def test_both_ends_are_independent():
    links = torch.zeros(5000, 2, dtype=torch.int64)
    ends = Ends(4, node_sums(torch.tensor([1.0, 2, 3, 4]))), Ends(3)
    pairs = draw_negatives(links, 10, ends, how=Corrupting("both")).reshape(-1, 2)
    found = (pairs[:, 0] * 3 + pairs[:, 1]).bincount(minlength=12)[1:].double()
    chances = (torch.tensor([1.0, 2, 3, 4])[:, None] * torch.ones(3)).flatten()[1:].double()
    expected = found.sum() * chances / chances.sum()
    assert float(((found - expected) ** 2 / expected).sum()) < 36  # 1 in 10,000 with 10 degrees of freedom


def test_where_there_is_none_there_is_minus_one():
    full = known_edges(torch.zeros(3, dtype=torch.int64), torch.arange(3), (1, 3))
    for corrupts in ("target", "both"):
        pairs = draw_negatives(torch.tensor([[0, 1]]), 2, (Ends(1), Ends(3)), how=Corrupting(corrupts), known=full)
        assert pairs.tolist() == [[[-1, -1], [-1, -1]]]


def edgeless(num_nodes):
    return Structure(torch.zeros(num_nodes + 1, dtype=torch.int64), torch.arange(0))


def draw(links=((0, 1),), count=1, sizes=(3, 3), **options):
    given = torch.tensor(links) if not isinstance(links, torch.Tensor) else links
    return draw_negatives(given, count, options.pop("ends", [Ends(size) for size in sizes]), **options)


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"links": ((0, 1), (0, 3))}, IdError, r"`links` holds \(0, 3\) at position 1"),
        ({"links": ((-1, 0),)}, IdError, r"`links` holds \(-1, 0\) at position 0"),
        ({"links": torch.zeros(2, 2)}, DtypeError, "int64 `links`"),
        ({"links": ((0, 1, 2),)}, ShapeError, r"`links` of shape \(num_links, 2\)"),
        ({"count": -1}, OptionError, "`count` from 0"),
        ({"how": Corrupting("neither")}, OptionError, "`corrupts`"),
        ({"how": Corrupting(strict=True)}, OptionError, "times of nodes for `strict`"),
        ({"table": torch.zeros(2, 1, dtype=torch.int64)}, ShapeError, "a row for each of 3 nodes"),
        ({"table": torch.zeros(3, 0, dtype=torch.int64)}, ShapeError, "a row for each of 3 nodes"),
        ({"table": torch.zeros(3, 1, dtype=torch.int64), "how": Corrupting("both")}, OptionError, "for one end"),
        ({"table": torch.zeros(3, 1, dtype=torch.int64), "how": Corrupting(in_batch=True)}, OptionError, "several"),
        ({"ends": [Ends(3), Ends(3, torch.zeros(4, dtype=torch.int64))]}, OptionError, "above 0 at the target"),
        ({"ends": [Ends(3), Ends(3, torch.zeros(3, dtype=torch.int64))]}, ShapeError, "4 of `sums`"),
        ({"ends": [Ends(3), Ends(3, None, torch.zeros(3, dtype=torch.int64))]}, OptionError, "times of links"),
        ({"times": torch.zeros(2, dtype=torch.int64)}, ShapeError, "a time for each link"),
        ({"known": Candidates(edgeless(3), 0, 0)}, StructureError, "with `ascending`"),
        ({"known": Candidates(edgeless(1), 0, 0)}, StructureError, "a row for each of 3"),
    ],
)  # fmt: skip
def test_bad_arguments_are_told_and_the_next_call_is_a_good_one(options, error, text):
    with pytest.raises(error, match=text):
        draw(**options)
    assert draw(how=Corrupting(loops=False)).tolist() == [[[0, 2]]]
