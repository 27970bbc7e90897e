"""Draws on a GPU, with the kernel in Triton's interpreter: what the native engine draws, bit for bit."""

import pytest
import torch

from tests.ops.draws.cases import random_case
from tests.ops.draws.test_draw_negatives import known_edges, node_sums, random_links
from tests.ops.draws.test_draw_neighbors import assert_same, on_ring
from tests.ops.draws.test_draw_walks import random_walks
from weft.errors import DeviceError, IdError, StructureError
from weft.ops import (
    Candidates,
    Corrupting,
    Drawing,
    Draws,
    Ends,
    Structure,
    draw_negatives,
    draw_neighbors,
    draw_walks,
    using,
    weight_sums,
)
from weft.ops.draws import draws_triton
from weft.ops.draws.words import below, words_of
from weft.testing.structures import random_structure

SMALL = 300  # edges of a relation


def is_drawn(trial):
    """Whether devices draw this case, and the interpreter in a second or two."""
    (candidates, _, _), _ = random_case(trial)
    return all(of.rows.num_edges <= SMALL for of in candidates)


TRIALS = [trial for trial in range(800) if is_drawn(trial)]


@pytest.mark.parametrize("trial", [*TRIALS[:60], *(pytest.param(t, marks=pytest.mark.slow) for t in TRIALS[60:])])
def test_a_device_draws_what_the_engine_draws(trial):
    given, options = random_case(trial)
    with using("triton"):
        found = draw_neighbors(*given, **options)
    assert_same(found, draw_neighbors(*given, **options))


FEW = [*range(24), *(pytest.param(trial, marks=pytest.mark.slow) for trial in range(24, 400))]


@pytest.mark.parametrize("trial", FEW)
def test_walks_of_a_device_are_those_of_the_engine(trial):
    given, options = random_walks(trial)
    with using("triton"):
        found = draw_walks(*given, **options)
    assert all(torch.equal(*pair) for pair in zip(found, draw_walks(*given, **options), strict=True))


@pytest.mark.parametrize("trial", FEW)
def test_pairs_of_a_device_are_those_of_the_engine(trial):
    given, options = random_links(trial)
    with using("triton"):
        found = draw_negatives(*given, **options)
    assert torch.equal(found, draw_negatives(*given, **options))


@pytest.mark.parametrize("corrupts", ["source", "target"])
@pytest.mark.parametrize("pool", ["all", "weights", "table"])
def test_where_nearly_every_pair_is_an_edge_devices_draw_what_the_engine_draws(corrupts, pool):
    """Of 150 nodes two make a negative, so that most pairs are refused 64 times and drawn among what is left."""
    draw = torch.Generator().manual_seed(5)
    joined = torch.ones(150, 150, dtype=torch.bool)
    joined[torch.arange(150), (torch.arange(150) + 1) % 150] = joined[
        torch.arange(150), (torch.arange(150) + 7) % 150
    ] = False
    sums = node_sums(torch.rand(150, generator=draw)) if pool == "weights" else None
    ends = [Ends(150, sums, torch.randint(9, (150,), generator=draw)) for _ in range(2)]
    links = torch.randint(150, (24, 2), generator=draw)
    options = {
        "how": Corrupting(corrupts, loops=False),
        "known": known_edges(*joined.nonzero().T, [150, 150]),
        "table": torch.arange(150).repeat(150, 1) if pool == "table" else None,
        "times": torch.full((24,), 6),
    }
    with using("triton"):
        found = draw_negatives(links, 2, ends, **options)
    assert torch.equal(found, draw_negatives(links, 2, ends, **options))
    assert (found[..., 0] >= 0).float().mean() > 0.5


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("replace", [False, True])
def test_nodes_of_many_candidates_draw_what_the_engine_draws(weighted, replace):
    draw = torch.Generator().manual_seed(3)
    rows = random_structure(12, 12, 220, seed=3)
    weight = torch.rand(220, generator=draw) * (torch.rand(220, generator=draw) > 0.2)
    among = [Candidates(rows, 0, 0, weight_sums(rows, weight) if weighted else None)]
    excluded = [torch.randperm(220, generator=draw)[:90].sort().values]
    options = {"num_nodes": [12], "how": Drawing(replace=replace), "draws": Draws(7, 1, 2)}
    for skipped in (None, excluded):
        given = among, [torch.arange(12)], [[6], [3]]
        with using("triton"):
            found = draw_neighbors(*given, **options, excluded=skipped)
        assert_same(found, draw_neighbors(*given, **options, excluded=skipped))


def test_words_that_would_make_some_numbers_likelier_are_passed_over():
    """Of 3 * 10^9 candidates, more than a test has room for, three words of ten are."""
    counts, keys = torch.tensor([3 * 10**9, 2**31 + 1, 6]), torch.tensor([5, 9, 3])
    rank, pointers = torch.full((15,), -1), torch.arange(0, 16, 5)
    draws_triton.draw_alike(rank, pointers, counts, keys, torch.ones(3, dtype=torch.bool), 5, False, (11, 13))
    expected = []
    for count, node in zip(counts.tolist(), keys.tolist(), strict=True):
        words, ranks = words_of(11, 13, node << 24), list[int]()
        for i in range(5):
            last = count - 5 + i
            drawn = below(last + 1, False, words)
            ranks.append(last if drawn in ranks else drawn)
        expected += ranks
    assert rank.tolist() == expected


@pytest.mark.parametrize("change", [{"indptr": 7}, {"indptr": -1}, {"source": 6}, {"source": -1}])
def test_a_structure_that_contradicts_itself_is_an_error(change):
    rows = Structure(torch.arange(7), torch.tensor([5, 0, 1, 2, 3, 4]))
    (name, value), tensor = next(iter(change.items())), torch.tensor([2])
    rows = rows._replace(**{name: getattr(rows, name).clone().index_fill_(0, tensor, value)})
    error = StructureError if name == "indptr" else IdError
    with using("triton"), pytest.raises(error, match=r"draw_neighbors: `(indptr|source)`"):
        draw_neighbors([Candidates(rows, 0, 0)], [torch.tensor([1, 2])], [[2]], num_nodes=[6])


def test_seeds_and_edges_are_on_one_device():
    rows = Structure(*(part.to("meta") for part in (torch.arange(7), torch.tensor([5, 0, 1, 2, 3, 4]))))
    with pytest.raises(DeviceError, match="`seeds` on meta, where the others are"):
        draw_neighbors([Candidates(rows, 0, 0)], [torch.tensor([1])], [[2]], num_nodes=[6])


def test_a_device_without_kernels_draws_nothing(monkeypatch):
    monkeypatch.setenv("TRITON_INTERPRET", "0")
    with (
        using("triton"),
        pytest.raises(DeviceError, match="nothing can be drawn on cpu, because kernels for a GPU run"),
    ):
        on_ring()
