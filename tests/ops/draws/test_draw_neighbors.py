"""Drawing neighbours: the native engine against plain Python, what always holds, and what bad input gets."""

import os
import subprocess
import sys
import threading
from dataclasses import replace

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from tests.ops.draws.cases import random_case
from weft import Adjacency, native, settings
from weft.errors import DtypeError, IdError, OptionError, ShapeError, StructureError
from weft.ops import Candidates, Drawing, Draws, Structure, draw_neighbors, in_time_order, using, weight_sums
from weft.ops.draws import engine

RING = Structure(torch.arange(7), torch.tensor([5, 0, 1, 2, 3, 4]))
TRIALS = [*range(16), *(pytest.param(trial, marks=pytest.mark.slow) for trial in range(16, 400))]


def leaves(drawn):
    tensors = [*drawn.node_ids, *(drawn.trees or ()), *drawn.seed_numbers]
    return [*tensors, *(tensor for of_hop in drawn.edges for edges in of_hop for tensor in edges)]


def assert_same(one, other):
    assert one.counts == other.counts
    for ours, theirs in zip(leaves(one), leaves(other), strict=True):
        assert (ours is None) == (theirs is None)
        assert ours is None or (ours.dtype is theirs.dtype and torch.equal(ours, theirs))


def on_ring(seeds=(2,), fanouts=((1,),), **options):
    given = [torch.tensor(seeds, dtype=torch.int64)]
    return draw_neighbors([Candidates(RING, 0, 0)], given, fanouts, **{"num_nodes": [6], **options})


@pytest.mark.parametrize("trial", TRIALS)
def test_the_engine_draws_what_plain_python_draws_on_any_number_of_threads(trial, monkeypatch):
    given, options = random_case(trial)
    with using("reference"):
        expected = draw_neighbors(*given, **options)
    before = torch.get_num_threads()
    try:
        for threads in (1, 2, 4):
            torch.set_num_threads(threads)
            assert_same(draw_neighbors(*given, **options), expected)
    finally:
        torch.set_num_threads(before)
    for isa in native.instruction_sets():
        monkeypatch.setattr(settings, "isa", isa)
        assert_same(draw_neighbors(*given, **options), expected)


@pytest.mark.parametrize("trial", TRIALS)
def test_what_is_drawn_is_there_and_allowed(trial):
    (candidates, seeds, fanouts), options = random_case(trial)
    how, times = options["how"], options["times"]
    drawn = draw_neighbors(candidates, seeds, fanouts, **{**options, "how": replace(how, keeps_edges=True)})
    clock = torch.cat(times) if times else None
    most = [[-1] * len(candidates)] if how.induced else fanouts
    for of_hop, of_fanouts in zip(drawn.edges, most, strict=True):
        for edges, fanout, of, out in zip(of_hop, of_fanouts, candidates, options["excluded"], strict=True):
            source, target = drawn.node_ids[of.source_type], drawn.node_ids[of.target_type]
            positions = edges.edge_ids if of.rows.edge is None else of.rows.edge.argsort()[edges.edge_ids]
            assert torch.equal(of.rows.source[positions].long(), source[edges.source.long()])
            assert torch.equal(of.rows.targets()[positions], target[edges.target.long()])
            lengths = edges.indptr.diff()
            assert int(edges.indptr[-1]) == edges.target.shape[0]
            assert (edges.target.diff() >= 0).all()
            if fanout >= 0 and how.choice != "source":
                assert lengths.numel() == 0 or int(lengths.max()) <= fanout
            if not how.replace or how.induced:
                pairs = torch.stack((edges.target.long(), edges.edge_ids))
                assert pairs.unique(dim=1).shape == pairs.shape
            if out is not None:
                assert not torch.isin(positions, out).any()
            if of.sums is not None:
                assert (of.sums.diff()[positions] > 0).all()
            if of.times is not None:
                now = clock[drawn.trees[of.target_type][edges.target.long()]]
                age = now - of.times[positions]
                assert (age >= int(how.strict)).all()
                assert how.window is None or (age <= how.window).all()
            if drawn.trees is not None:
                ends = (
                    drawn.trees[of.source_type][edges.source.long()],
                    drawn.trees[of.target_type][edges.target.long()],
                )
                assert torch.equal(*ends)
    for ids, of_seeds, numbers in zip(drawn.node_ids, seeds, drawn.seed_numbers, strict=True):
        assert torch.equal(ids[numbers.long()], of_seeds)
    keys = zip(drawn.node_ids, drawn.trees or drawn.node_ids, strict=True)
    assert all(torch.stack(pair).unique(dim=1).shape[1] == pair[0].shape[0] for pair in keys)


@pytest.mark.parametrize("trees", [False, True])
def test_induced_edges_are_all_that_there_are_between_the_nodes(trees):
    ends = torch.randint(40, (2, 400), generator=torch.Generator().manual_seed(0))
    rows = Adjacency(*ends, num_sources=40, num_targets=40).by_target
    drawn = draw_neighbors(
        [Candidates(rows, 0, 0)], [torch.tensor([3, 8, 30])], [[4], [2]], num_nodes=[40],
        how=Drawing(trees=trees, repeats=False, induced=True),
    )  # fmt: skip
    ids, tree = drawn.node_ids[0], drawn.trees[0] if trees else torch.zeros_like(drawn.node_ids[0])
    both = (ids[:, None, None] == ends[0]) & (ids[:, None] == ends[1]) & (tree[:, None] == tree)[..., None]
    source, target, edge = both.nonzero().T
    found = drawn.edges[0][0]
    expected = {*zip(target.tolist(), source.tolist(), edge.tolist(), strict=True)}
    assert {*zip(found.target.tolist(), found.source.tolist(), found.edge_ids.tolist(), strict=True)} == expected
    assert len(found.edge_ids) == len(expected) > 3


def test_seeds_can_share_a_tree():
    drawn = on_ring((2, 5, 2, 3), [[1]], how=Drawing(trees=True), tree_ids=[torch.tensor([0, 1, 1, 0])])
    assert drawn.seed_numbers[0].tolist() == [0, 1, 2, 3]
    assert [*zip(drawn.trees[0].tolist(), drawn.node_ids[0].tolist(), strict=True)] == [
        (0, 2), (1, 5), (1, 2), (0, 3), (0, 1), (1, 4), (1, 1)
    ]  # fmt: skip


def test_nodes_are_numbered_in_the_order_in_which_they_are_met():
    drawn = on_ring(seeds=(4, 2, 4), fanouts=[[1], [1]])
    assert drawn.node_ids[0].tolist() == [4, 2, 3, 1, 0]
    assert drawn.seed_numbers[0].tolist() == [0, 1, 0]
    assert drawn.counts == [[2, 4, 5]]


def test_draws_are_known():
    star = Candidates(Structure(torch.tensor([0, 10]), torch.arange(10)), 0, 1)
    found = {}
    for name, how in (("chance", {}), ("again", {"replace": True}), ("source", {"choice": "source"})):
        drawn = draw_neighbors(
            [star], [torch.empty(0, dtype=torch.int64), torch.tensor([0])], [[3]], num_nodes=[10, 1],
            draws=Draws(2**63 + 7, 5, 11), how=Drawing(**how),
        )  # fmt: skip
        found[name] = drawn.node_ids[0].tolist()
    # words of the counter (5 << 44 | 11 << 16, 0): 3163708387, 1606365060, 3642980350; times 8, 9 and 10, and 10 each, over 2^32
    assert found == {"chance": [5, 3, 8], "again": [7, 3, 8], "source": [2, 5, 9]}


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"seeds": (6,)}, IdError, "`seeds` holds 6 at position 0, but there are 6 nodes"),
        ({"seeds": (1, -1)}, IdError, "`seeds` holds -1 at position 1"),
        ({"fanouts": [[-2]]}, OptionError, "`fanouts` from -1"),
        ({"fanouts": [[1, 1]]}, ShapeError, "a fan-out for each of 1 edge types"),
        ({"fanouts": [[1.5]]}, OptionError, "`fanouts` from -1"),
        ({"num_nodes": [5]}, StructureError, "a row for each of 5 nodes"),
        ({"draws": Draws(0, 2**20)}, OptionError, "`epoch` from 0 to 1048575"),
        ({"draws": Draws(0, 0, 2**28)}, OptionError, "`batch` from 0 to"),
        ({"draws": Draws(2**64)}, OptionError, "`seed` from"),
        ({"how": Drawing("recent")}, OptionError, "times of edges"),
        ({"how": Drawing("newest")}, OptionError, "`choice`"),
        ({"how": Drawing("source", replace=True)}, OptionError, "`replace` only for"),
        ({"how": Drawing(window=3)}, OptionError, "`strict` and `window`"),
        ({"times": [torch.tensor([1])]}, OptionError, "times of seeds alone"),
        ({"excluded": [torch.tensor([1.0])]}, DtypeError, "int64 `excluded`"),
        ({"excluded": []}, ShapeError, "1 of `excluded`"),
        ({"tree_ids": [torch.tensor([0])]}, OptionError, "`trees`, since there are `tree_ids`"),
        ({"tree_ids": [torch.tensor([0, 1])], "how": Drawing(trees=True)}, ShapeError, "a tree for each seed"),
        ({"tree_ids": [torch.tensor([-1])], "how": Drawing(trees=True)}, IdError, "`trees` holds -1"),
        ({"num_nodes": [6, 3]}, ShapeError, "2 of `seeds`"),
        ({"excluded": [torch.tensor([3, 1])]}, OptionError, "`excluded` to ascend"),
        ({"excluded": [torch.tensor([1, 1])]}, OptionError, "each position once"),
        ({"excluded": [torch.tensor([1, 6])]}, OptionError, "among 6"),
        ({"excluded": [torch.tensor([-1, 3])]}, OptionError, "`excluded` to ascend"),
        ({"how": Drawing(trees=True), "fanouts": [[501]]}, OptionError, "`fanouts`"),
        ({"fanouts": [[2**25 + 1]]}, OptionError, "`fanouts`"),
    ],
)
def test_bad_arguments_are_told_and_the_next_call_is_a_good_one(options, error, text):
    with pytest.raises(error, match=text):
        on_ring(**options)
    assert on_ring().node_ids[0].tolist() == [2, 1]


@pytest.mark.parametrize("backend", ["native", "reference"])
@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda rows: rows.indptr.__setitem__(3, 99), StructureError),
        (lambda rows: rows.indptr.__setitem__(2, -4), StructureError),
        (lambda rows: rows.indptr.__setitem__(2, 2**62), StructureError),
        (lambda rows: rows.source.__setitem__(2, 6), IdError),
        (lambda rows: rows.source.__setitem__(2, -1), IdError),
        (lambda rows: rows.source.__setitem__(2, -(2**62)), IdError),
    ],
)
def test_a_structure_that_contradicts_itself_is_an_error(change, error, backend):
    rows = Structure(RING.indptr.clone(), RING.source.clone())
    change(rows)
    with using(backend), pytest.raises(error):
        draw_neighbors([Candidates(rows, 0, 0)], [torch.tensor([2])], [[-1], [1]], num_nodes=[6])


def test_seeds_that_are_no_tensor_are_refused():
    with pytest.raises(DtypeError, match="int64 `seeds`, got NoneType"):
        draw_neighbors([Candidates(RING, 0, 0)], [None], [[1]], num_nodes=[6])


def test_seeds_without_edges_and_batches_without_seeds_draw_nothing():
    rows = Structure(torch.tensor([0, 0, 0]), torch.empty(0, dtype=torch.int64))
    for seeds in ([1], []):
        given = [torch.tensor(seeds, dtype=torch.int64)]
        for fanout in (-1, 0, 3):
            drawn = draw_neighbors(
                [Candidates(rows, 0, 0)], given, [[fanout]], num_nodes=[2], how=Drawing(replace=True)
            )
            assert drawn.edges[0][0].source.numel() == 0
            assert drawn.node_ids[0].tolist() == seeds
    assert draw_neighbors([], [torch.tensor([1])], [[], []], num_nodes=[2]).counts == [[1, 1, 1]]


@pytest.mark.parametrize("weight", [-1.0, torch.nan, torch.inf])
def test_weights_that_are_none_are_refused(weight):
    with pytest.raises(OptionError, match="edge 2"):
        weight_sums(RING, torch.tensor([1.0, 0.0, weight, 1.0, 1.0, 1.0]))


def test_a_row_whose_weights_are_all_zero_draws_nothing():
    for how in (Drawing(), Drawing(replace=True), Drawing("source")):
        sums = weight_sums(RING, torch.zeros(6))
        drawn = draw_neighbors([Candidates(RING, 0, 0, sums)], [torch.tensor([2])], [[1]], num_nodes=[6], how=how)
        assert drawn.edges[0][0].source.numel() == 0


def test_times_are_sorted_and_ties_keep_the_lower_edge_first():
    rows = Structure(torch.tensor([0, 4]), torch.tensor([3, 2, 1, 0]))
    ordered, times = in_time_order(rows, torch.tensor([5, 1, 5, 0]), torch.tensor([0, 0, 9, 0]))
    assert times.tolist() == [0, 5, 5, 9]
    assert ordered.edge.tolist() == [3, 0, 2, 1]


@pytest.mark.parametrize("trees", [False, True])
def test_large_batches_are_numbered_by_first_occurrence_on_any_number_of_threads(trees):
    """More seeds than a piece holds, and hops that several threads number."""
    generator = torch.Generator().manual_seed(0)
    num_nodes = [30_000, 8_000]
    rows = [
        Adjacency(
            torch.randint(num_nodes[first], (200_000,), generator=generator),
            torch.randint(num_nodes[last], (200_000,), generator=generator),
            num_sources=num_nodes[first], num_targets=num_nodes[last],
        ).by_target
        for first, last in ((0, 0), (1, 0), (0, 1))
    ]  # fmt: skip
    candidates = [Candidates(of, *types) for of, types in zip(rows, ((0, 0), (1, 0), (0, 1)), strict=True)]
    seeds = [
        torch.randint(count, (size,), generator=generator)
        for count, size in zip(num_nodes, (40_000, 20_000), strict=True)
    ]
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 4):
            torch.set_num_threads(threads)
            how = Drawing(trees=trees, repeats=False)
            found.append(draw_neighbors(candidates, seeds, [[3, 2, 3]] * 2, num_nodes=num_nodes, how=how))
    finally:
        torch.set_num_threads(before)
    drawn = found[0]
    for other in found[1:]:
        assert_same(drawn, other)
    for kind in (0, 1):
        trees_of = torch.arange(40_000) if kind == 0 else torch.arange(40_000, 60_000)
        keys = [torch.stack((trees_of if trees else torch.zeros_like(trees_of), seeds[kind]))]
        for of_hop in drawn.edges:
            for edges, of in zip(of_hop, candidates, strict=True):
                if of.source_type == kind:
                    places = torch.arange(of.rows.num_edges) if of.rows.edge is None else of.rows.edge.argsort()
                    nodes = of.rows.source[places[edges.edge_ids]].long()
                    tree = drawn.trees[of.target_type][edges.target.long()] if trees else torch.zeros_like(nodes)
                    keys.append(torch.stack((tree, nodes)))
        sequence = torch.cat(keys, 1)
        one_number = sequence[0] * num_nodes[kind] + sequence[1]
        _, inverse = one_number.unique(return_inverse=True)
        first = torch.full((int(inverse.max()) + 1,), one_number.shape[0]).scatter_reduce(
            0, inverse, torch.arange(one_number.shape[0]), "amin"
        )
        expected = sequence[1][first.sort().values]
        assert torch.equal(drawn.node_ids[kind], expected)


@pytest.mark.parametrize("backend", ["native", "reference"])
def test_draws_do_not_go_where_tensors_are_made_by_default(backend):
    rows, seeds = Candidates(RING, 0, 0), [torch.tensor([2, 4])]
    with using(backend):
        expected = draw_neighbors([rows], seeds, [[1], [1]], num_nodes=[6])
        with torch.device("meta"):
            assert_same(draw_neighbors([rows], seeds, [[1], [1]], num_nodes=[6]), expected)


def test_traces_and_fake_tensors_are_refused():
    def second(seeds):
        return draw_neighbors([Candidates(RING, 0, 0)], [seeds], [[1]], num_nodes=[6]).node_ids[0] + 1

    seeds = torch.tensor([2])
    with FakeTensorMode(), pytest.raises(OptionError, match="fake tensors"):
        second(seeds)
    with pytest.raises(OptionError, match="a trace"):
        torch.vmap(second)(seeds.unsqueeze(0))
    engine._spare.clear()
    assert torch.compile(second, backend="eager")(seeds).tolist() == [3, 2]


LEAVES_A_THREAD = """
import threading, time, weft
graph = weft.graph.generators.rmat(16, 2**21, seed=0)
sampler = weft.sampling.NeighborSampler(graph, [-1, -1, -1])
sampler.sample([0])
threading.Thread(target=sampler.sample, args=(range(2**16),), daemon=True).start()
time.sleep(0.2)  # the thread is in native code, with a workspace that was used before
"""


def test_a_program_may_end_while_a_thread_draws():
    assert subprocess.run([sys.executable, "-c", LEAVES_A_THREAD], check=False).returncode == 0


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_draws():
    given, options = random_case(3)
    expected = draw_neighbors(*given, **options)
    child = os.fork()
    if child == 0:
        try:
            assert_same(draw_neighbors(*given, **options), expected)
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0


def test_a_thousand_batches_leave_no_memory_behind():
    engine._spare.clear()
    for batch in range(1000):
        on_ring(draws=Draws(0, 0, batch), fanouts=[[1], [1]])
    assert len(engine._spare) == 1


def test_threads_that_draw_at_once_use_memory_of_their_own():
    engine._spare.clear()
    given, options = random_case(3)
    expected = draw_neighbors(*given, **options)
    found = []

    def work():
        found.extend(draw_neighbors(*given, **options) for _ in range(20))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 80
    for drawn in found:
        assert_same(drawn, expected)
    assert 1 <= len(engine._spare) <= 4
