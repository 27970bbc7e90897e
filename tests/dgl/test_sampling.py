"""What holds of draws whatever chance decides: edges exist, numbers are kept to, chances are those that were asked for."""

import gc
import pickle
import weakref

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import weft.dgl as dgl
from tests.dgl.graphs_of_dgl import messy, random_graphs, typed
from weft.errors import DtypeError, FeatureError, IdError, OptionError, ShapeError

S = dgl.sampling


def dense(num_nodes=30, num_edges=400, seed=3):
    ends = torch.randint(num_nodes, (2, num_edges), generator=torch.Generator().manual_seed(seed))
    g = dgl.graph((ends[0], ends[1]), num_nodes=num_nodes)
    g.edata["w"] = torch.rand(num_edges, generator=torch.Generator().manual_seed(seed)) + 0.1
    return g


def is_part(part, g, etype=None):
    """Whether every edge of a part is the edge of the graph that it says it is."""
    ids = part.edges[etype].data[dgl.EID] if etype else part.edata[dgl.EID]
    drawn, whole = part.edges(etype=etype), g.find_edges(ids, etype=etype)
    return all(torch.equal(a, b) for a, b in zip(drawn, whole, strict=True))


@pytest.mark.parametrize("direction", ["in", "out"])
@pytest.mark.parametrize("prob", [None, "w"])
@pytest.mark.parametrize("replace", [False, True])
def test_drawn_edges_exist_and_fan_outs_are_kept(direction, prob, replace):
    g, nodes = dense(), torch.tensor([3, 0, 29, 7])
    part = S.sample_neighbors(g, nodes, 5, edge_dir=direction, prob=prob, replace=replace)
    assert is_part(part, g)
    degree, whole = (part.in_degrees, g.in_degrees) if direction == "in" else (part.out_degrees, g.out_degrees)
    expected = torch.zeros(30, dtype=torch.int64)
    expected[nodes] = (whole(nodes) > 0) * 5 if replace else whole(nodes).clamp(max=5)
    assert torch.equal(degree(), expected)
    if not replace:
        assert part.edata[dgl.EID].unique().shape == part.edata[dgl.EID].shape


@settings(max_examples=200, deadline=None)
@given(random_graphs(), st.data())
def test_whole_rows_less_what_is_excluded_or_weighs_nothing_are_those_of_the_graph(g, data):
    out = [e for e in data.draw(st.lists(st.integers(0, 11), max_size=4)) if e < g.num_edges()]
    direction = data.draw(st.sampled_from(["in", "out"]))
    nodes = data.draw(st.lists(st.sampled_from(range(g.num_nodes())), max_size=4, unique=data.draw(st.booleans())))
    marks = st.lists(st.booleans(), min_size=g.num_edges(), max_size=g.num_edges())
    g.edata["m"] = torch.tensor(data.draw(marks), dtype=torch.bool)
    prob = data.draw(st.sampled_from([None, "m"]))
    fanout = data.draw(st.sampled_from([-1, 0, 2, 50]))
    part = S.sample_neighbors(g, nodes, fanout, direction, prob, exclude_edges=out)
    drawn = part.edata[dgl.EID].tolist()
    for node in set(nodes):
        find = g.in_edges if direction == "in" else g.out_edges
        there = {e for e in find(node, form="eid").tolist() if e not in out and (prob is None or g.edata["m"][e])}
        mine = [e for e, end in zip(drawn, part.edges()[direction == "in"].tolist(), strict=True) if end == node]
        times = nodes.count(node)
        assert set(mine) <= there
        assert len(mine) == times * (len(there) if fanout < 0 else min(fanout, len(there)))
        assert all(mine.count(e) <= times for e in mine)
    assert {int(end) for end in part.edges()[direction == "in"]} <= set(nodes)


def test_draws_follow_the_seed_and_differ_without_it():
    g = dense()
    draws = []
    for seed in (1, 1, 2):
        dgl.seed(seed)
        draws.append([S.sample_neighbors(g, g.nodes(), 3).edata[dgl.EID].tolist() for _ in range(2)])
    assert draws[0] == draws[1] != draws[2]
    assert draws[0][0] != draws[0][1]


def test_a_node_that_is_named_twice_draws_twice():
    g = dense()
    part = S.sample_neighbors(g, [4, 5, 4, 4], 2)
    assert part.in_degrees([4, 5]).tolist() == [6, 2]
    counts = torch.zeros(int(g.in_degrees(4)))
    place = {int(e): at for at, e in enumerate(g.in_edges(4, form="eid"))}
    for e in S.sample_neighbors(g, [4] * 600, 1).edata[dgl.EID]:
        counts[place[int(e)]] += 1
    expected = 600 / counts.shape[0]
    assert ((counts - expected) ** 2 / expected).sum() < 3 * counts.shape[0] + 20


def test_chances_are_those_of_the_weights():
    g = dgl.graph((torch.arange(4), torch.full((4,), 4)))
    g.edata["w"] = torch.tensor([0.0, 1.0, 2.0, 5.0])
    drawn = torch.cat([S.sample_neighbors(g, [4], 1000, prob="w", replace=True).edata[dgl.EID] for _ in range(8)])
    counts, expected = drawn.bincount(minlength=4), torch.tensor([0.0, 1000.0, 2000.0, 5000.0])
    assert counts[0] == 0
    assert ((counts - expected)[1:] ** 2 / expected[1:]).sum() < 25


def test_weights_that_change_in_place_or_are_replaced_count_at_once():
    g = dgl.graph(([0, 1, 2], [3, 3, 3]))
    g.edata["m"] = torch.tensor([True, False, False])
    assert S.sample_neighbors(g, [3], 1, prob="m").edata[dgl.EID].tolist() == [0]
    g.edata["m"][0], g.edata["m"][1] = False, True
    assert S.sample_neighbors(g, [3], 1, prob="m").edata[dgl.EID].tolist() == [1]
    g.edata["m"] = torch.tensor([False, False, True])
    assert S.sample_neighbors(g, [3], 1, prob="m").edata[dgl.EID].tolist() == [2]


def test_edges_that_come_later_are_drawn():
    g = dgl.graph(([0], [3]), num_nodes=4)
    assert S.sample_neighbors(g, [3], -1).num_edges() == 1
    g.add_edges([1, 2], [3, 3])
    assert S.sample_neighbors(g, [3], -1).num_edges() == 3


def test_what_a_sampler_made_is_used_again_and_goes_with_the_graph():
    g = dense()
    S.sample_neighbors(g, [1], 2, prob="w")
    (before,) = g._prepared.values()
    S.sample_neighbors(g, [2, 3], 2, prob="w")
    assert [*g._prepared.values()] == [before]
    for fanout in range(20):
        S.sample_neighbors(g, [1], fanout)
    assert len(g._prepared) == 8
    assert g.local_var()._prepared is g._prepared
    assert pickle.loads(pickle.dumps(g))._prepared == {}
    gone = weakref.ref(before[1])
    del before, g
    gc.collect()
    assert gone() is None


def test_typed_graphs_draw_of_each_type():
    g = typed()
    part = S.sample_neighbors(g, {"i": [0, 1, 2], "u": [1]}, {"r": 1, "f": 2, "b": 0})
    assert part.canonical_etypes == g.canonical_etypes
    assert is_part(part, g, "r")
    assert is_part(part, g, "f")
    assert int(part.in_degrees(etype="r").max()) <= 1
    assert part.in_degrees(etype="f").tolist() == [0, 2, 0]


def test_ids_of_32_bits_stay_so():
    part = S.sample_neighbors(messy(torch.int32), [1, 3], 2)
    assert part.idtype is torch.int32
    assert part.edata[dgl.EID].dtype is torch.int32
    block = S.sample_neighbors_fused(messy(torch.int32), [1, 3], 2)
    assert block.srcdata[dgl.NID].dtype is torch.int32
    assert block.edges()[0].dtype is torch.int32


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda g: S.sample_neighbors(g, [99], 2), IdError, "99"),
        (lambda g: S.sample_neighbors(g, [-1], 2), IdError, "-1"),
        (lambda g: S.sample_neighbors(g, [0.5], 2), DtypeError, "integers for ids"),
        (lambda g: S.sample_neighbors(g, [1], -2), OptionError, "-2"),
        (lambda g: S.sample_neighbors(g, [1], 1.5), OptionError, "whole numbers as fan-outs"),
        (lambda g: S.sample_neighbors(g, [1], 2, prob="nothing"), FeatureError, '"nothing"'),
        (lambda g: S.sample_neighbors(g, [1], 2, prob=torch.ones(3)), ShapeError, "a weight for each of 7 edges"),
        (lambda g: S.sample_neighbors(g, [1], 2, prob=-torch.ones(7)), OptionError, "from 0 up"),
        (lambda g: S.sample_neighbors(g, [1], 2, prob=torch.full((7,), torch.nan)), OptionError, "nan"),
        (lambda g: S.sample_neighbors(g, [1], 2, exclude_edges=[7]), IdError, "below 7 edges"),
        (lambda g: S.sample_neighbors(g, [1], 2, "up"), OptionError, "edge_dir"),
        (lambda g: S.sample_neighbors(dgl.to_block(g), [1], 2), OptionError, "a block"),
        (lambda g: S.sample_neighbors_fused(g, [1, 1], 2), OptionError, "each seed once"),
        (lambda g: S.sample_neighbors_fused(g, [1], 2, "out"), OptionError, "enter its targets"),
        (lambda g: S.sample_etype_neighbors(g, [1], [0, 3], torch.tensor([1])), OptionError, "from 0 to 7"),
        (lambda g: S.sample_etype_neighbors(g, [1], [0, 7], torch.tensor([1, 1])), ShapeError, "1 types"),
        (lambda g: S.sample_neighbors_biased(g, [1], 1, [1.0]), FeatureError, "sort_csc_by_tag"),
        (lambda g: S.sample_labors(g, [1], 1, importance_sampling=2), OptionError, "LABOR-0"),
        (lambda g: S.sample_labors(g, [1], 1, seed2_contribution=0.5), OptionError, "seed2_contribution"),
        (lambda g: S.select_topk(g, -2, "w"), OptionError, "-1, which takes all"),
        (lambda g: S.random_walk(g, [99], length=2), IdError, "99"),
        (lambda g: S.random_walk(g, [0], length=-1), OptionError, "from 0"),
        (lambda g: S.random_walk(g, [0], length=2, restart_prob=torch.ones(3)), ShapeError, "2 steps"),
        (lambda g: S.random_walk(g, [0], length=2, restart_prob=1.5), OptionError, "from 0 to 1"),
        (lambda g: S.node2vec_random_walk(g, [0], 0.0, 1.0, 2), OptionError, "above 0"),
        (lambda g: S.pack_traces(torch.zeros(2, 3), torch.zeros(2)), ShapeError, "a type for each"),
        (lambda g: S.global_uniform_negative_sampling(g, -1), OptionError, "num_samples"),
        (lambda g: S.PinSAGESampler(g, "_N", "x", 1, 0.0, 1, 1), OptionError, "one edge type from"),
        (lambda g: S.RandomWalkNeighborSampler(g, 0, 0.0, 1, 1), OptionError, "num_traversals"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_an_error(call, error, says):
    with pytest.raises(error) as caught:
        call(messy())
    assert isinstance(caught.value, dgl.DGLError)
    assert says in str(caught.value)


@pytest.mark.parametrize("prob", [None, "w"])
def test_walks_follow_edges_and_end_as_they_are_told(prob):
    g = dense()
    traces, edges, types = S.random_walk(g, torch.arange(30).repeat(5), length=6, prob=prob, return_eids=True)
    assert traces.shape == (150, 7)
    assert types.tolist() == [0] * 7
    u, v = g.find_edges(edges[edges >= 0])
    assert torch.equal(u, traces[:, :-1][edges >= 0])
    assert torch.equal(v, traces[:, 1:][edges >= 0])
    assert (S.random_walk(g, [0, 1], length=3, restart_prob=1.0)[0][:, 1:] == -1).all()
    lengths = (S.random_walk(g, torch.zeros(4000).long(), length=1, restart_prob=0.25)[0] >= 0).sum(1)
    assert 0.7 < (lengths == 2).float().mean() < 0.8


def test_walks_of_no_steps_stay_where_they_begin():
    traces, edges, types = S.random_walk(messy(), [4, 2], length=0, return_eids=True)
    assert traces.tolist() == [[4], [2]]
    assert (edges.shape, types.tolist()) == ((2, 0), [0])


def test_node2vec_turns_back_as_often_as_p_says():
    g = dgl.to_bidirected(dgl.graph(([0, 0, 0], [1, 2, 3])))  # from a leaf to the middle, then back or to another leaf
    walks = S.node2vec_random_walk(g, torch.ones(4000).long(), 4.0, 1.0, 2)
    assert abs((walks[:, 2] == 1).float().mean() - 0.25 / 2.25) < 0.03


def test_negatives_are_no_edges_and_no_loops():
    g = dense()
    u, v = S.global_uniform_negative_sampling(g, 100)
    assert not g.has_edges_between(u, v).any()
    assert (u != v).all()
    assert torch.stack([u, v]).unique(dim=1).shape[1] == u.shape[0] == 100
    assert S.global_uniform_negative_sampling(g, 5000, replace=True)[0].shape[0] == 5000
    u, v = S.global_uniform_negative_sampling(typed(), 4, etype="b")
    assert (u != v).all()
    assert S.global_uniform_negative_sampling(dgl.graph(([], []), num_nodes=1), 3)[0].shape == (0,)
    counts = torch.zeros(3, 3)
    for a, b in zip(
        *S.global_uniform_negative_sampling(dgl.graph(([0], [1]), num_nodes=3), 5000, False, True), strict=True
    ):
        counts[a, b] += 1
    expected = 5000 / 8
    assert counts[0, 1] == 0
    assert ((counts - expected) ** 2 / expected).sum() - expected < 40


def test_labor_shares_neighbours_and_says_what_edges_weigh():
    u = torch.arange(40).repeat(20)
    g = dgl.graph((u, 40 + torch.arange(20).repeat_interleave(40)))
    nodes = torch.arange(40, 60)
    part, weights = S.sample_labors(g, nodes, 10)
    assert is_part(part, g)
    assert part.edges()[0].unique().shape[0] < 15  # 20 targets with the same sources keep the same ones
    assert weights[0].numel() == 0
    g.edata["w"] = 1.0 + torch.arange(800) % 3
    total = torch.zeros(60)
    for _ in range(60):
        part, (weight,) = S.sample_labors(g, nodes, 15, prob="w")
        target, degree = part.edges()[1], part.in_degrees().clamp(min=1)
        assert torch.allclose(torch.zeros(60).index_add_(0, target, weight)[nodes], degree[nodes].float(), rtol=1e-4)
        total += torch.zeros(60).index_add_(0, target, weight * part.edata["w"]) / degree
    assert (
        abs(total[nodes].mean() / 60 - g.edata["w"].mean()) < 0.06
    )  # heavy edges are there more often, and weigh less


def test_labor_draws_the_same_for_a_seed():
    g = dense()
    draws = [S.sample_labors(g, g.nodes(), 3, random_seed=torch.tensor(seed))[0].edata[dgl.EID] for seed in (5, 5, 6)]
    assert torch.equal(draws[0], draws[1])
    assert draws[0].shape != draws[2].shape or not torch.equal(draws[0], draws[2])


def test_pinsage_counts_visits():
    g = dgl.heterograph({("u", "r", "i"): ([0, 0, 1, 2], [0, 1, 1, 2]), ("i", "b", "u"): ([0, 1, 1, 2], [0, 0, 1, 2])})
    part = S.PinSAGESampler(g, "u", "i", 2, 0.5, 50, 2)(torch.tensor([0, 2]))
    assert part.num_nodes("u") == 3
    assert set(zip(*(end.tolist() for end in part.edges()), strict=True)) == {(0, 0), (1, 0), (2, 2)}
    assert (
        50 < int(part.edata["weights"][part.edges()[1] == 2]) < 100
    )  # each walk comes back once, and half of them again


def test_an_excluder_takes_weights_along():
    part = dgl.in_subgraph(messy(), [3])
    left, weights = S.utils.EidExcluder([5])(part, torch.tensor([1.0, 2.0]))
    assert left.edata[dgl.EID].tolist() == [6]
    assert weights.tolist() == [2.0]
