"""Questions about edges."""

import networkx as nx
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.graph.select.parts import larger_graphs
from tests.graph.strategies import adjacencies
from weft.errors import FeatureError, IdError, OptionError, ShapeError
from weft.graph import Adjacency, Block, Graph, to_networkx
from weft.graph._queries import (
    edge_ids_between,
    find_edges,
    has_edges,
    in_edges,
    out_edges,
    predecessors,
    successors,
)


def pairs_of(adjacency):
    return list(zip(adjacency.source.tolist(), adjacency.target.tolist(), strict=True))


def lists(found):
    return [part.tolist() for part in found.ids.split(found.indptr.diff().tolist())]


def all_pairs(adjacency):
    sources, targets = torch.arange(adjacency.num_sources), torch.arange(adjacency.num_targets)
    return sources.repeat_interleave(adjacency.num_targets), targets.repeat(adjacency.num_sources)


@given(adjacencies())
def test_every_pair_has_the_edges_that_are_there(adjacency):
    edges, (source, target) = pairs_of(adjacency), all_pairs(adjacency)
    wanted = list(zip(source.tolist(), target.tolist(), strict=True))
    expected = [[at for at, ends in enumerate(edges) if ends == pair] for pair in wanted]
    assert has_edges(adjacency, source, target).tolist() == [pair in edges for pair in wanted]
    found = edge_ids_between(adjacency, source, target)
    assert (found.indptr.dtype, found.ids.dtype) == (torch.int64, torch.int64)
    assert lists(found) == expected or not wanted
    assert found.counts().tolist() == [len(ids) for ids in expected]
    assert found.lowest().tolist() == [min(ids, default=-1) for ids in expected]


@given(larger_graphs(), st.integers(0, 2**16))
def test_random_pairs_of_larger_graphs_are_found_by_networkx_too(graph, seed):
    people = Graph(graph["follows"].adjacency)
    generator = torch.Generator().manual_seed(seed)
    pairs = torch.randint(people.num_nodes, (2, 100), generator=generator)
    if people.num_edges:
        pairs[:, :50] = torch.stack([people.adjacency.source, people.adjacency.target])[
            :, torch.arange(50) % people.num_edges
        ]
    whole = to_networkx(people)
    expected = [whole.has_edge(*pair) for pair in pairs.T.tolist()]
    assert has_edges(people, pairs[0], pairs[1]).tolist() == expected
    counts = edge_ids_between(people, pairs[0], pairs[1]).counts()
    assert counts.tolist() == [whole.number_of_edges(*pair) for pair in pairs.T.tolist()]


@given(adjacencies(), st.data())
def test_edges_at_nodes_come_node_after_node_and_ascend(adjacency, data):
    edges = pairs_of(adjacency)
    for ask, end, count in ((in_edges, 1, adjacency.num_targets), (out_edges, 0, adjacency.num_sources)):
        nodes = data.draw(st.lists(st.integers(0, count - 1), max_size=5)) if count else []
        found = ask(adjacency, nodes)
        expected = [[at for at, ends in enumerate(edges) if ends[end] == node] for node in nodes]
        flat = [at for ids in expected for at in ids]
        assert found.indptr.diff().tolist() == [len(ids) for ids in expected]
        assert found.edge_ids.tolist() == flat
        assert list(zip(found.source.tolist(), found.target.tolist(), strict=True)) == [edges[at] for at in flat]
        assert {part.dtype for part in found} == {torch.int64}


@given(adjacencies(), st.data())
def test_neighbours_come_once_and_ascend(adjacency, data):
    edges = pairs_of(adjacency)
    for ask, end, count in ((predecessors, 1, adjacency.num_targets), (successors, 0, adjacency.num_sources)):
        nodes = data.draw(st.lists(st.integers(0, count - 1), max_size=5)) if count else []
        expected = [sorted({ends[1 - end] for ends in edges if ends[end] == node}) for node in nodes]
        assert lists(ask(adjacency, nodes)) == expected or not nodes


def test_networkx_has_the_same_neighbours():
    graph = Graph(*torch.randint(50, (2, 300), generator=torch.Generator().manual_seed(0)), 50)
    whole = nx.DiGraph(to_networkx(graph))
    assert lists(predecessors(graph, range(50))) == [sorted(whole.predecessors(node)) for node in range(50)]
    assert lists(successors(graph, range(50))) == [sorted(whole.successors(node)) for node in range(50)]


@given(adjacencies(), st.data())
def test_ends_are_found_by_edge(adjacency, data):
    edges = pairs_of(adjacency)
    ids = data.draw(st.lists(st.integers(0, len(edges) - 1), max_size=5)) if edges else []
    source, target = find_edges(adjacency, ids)
    assert list(zip(source.tolist(), target.tolist(), strict=True)) == [edges[at] for at in ids]
    assert source.dtype is adjacency.source.dtype


def test_masks_serve_as_ids():
    graph = Graph([0, 1, 2], [1, 2, 1])
    assert in_edges(graph, torch.tensor([False, True, False])).edge_ids.tolist() == [0, 2]
    assert find_edges(graph, torch.tensor([False, True, True]))[0].tolist() == [1, 2]


def test_edge_types_and_blocks_are_asked_too():
    shop = Graph({("user", "rates", "item"): ([0, 1], [1, 1]), ("user", "follows", "user"): ([0, 1], [1, 0])})
    assert has_edges(shop, [0, 1], [1, 0], edge_type="rates").tolist() == [True, False]
    assert lists(successors(shop, [1], edge_type=("user", "follows", "user"))) == [[0]]
    block = Block([1, 2], [0, 0], node_ids=[5, 6, 7], num_targets=1)
    assert in_edges(block, [0]).source.tolist() == [1, 2]


def test_questions_that_name_nothing_are_refused():
    graph = Graph([0], [1])
    shop = Graph({("user", "rates", "item"): ([0, 1], [1, 1]), ("user", "follows", "user"): ([0, 1], [1, 0])})
    with pytest.raises(IdError, match="has_edges: expected `source` within the graph, got 2"):
        has_edges(graph, [2], [0])
    with pytest.raises(IdError, match="edge_ids_between: expected `target` within the graph, got -1"):
        edge_ids_between(graph, [0], [-1])
    with pytest.raises(ShapeError, match="as many sources as targets, one of each for every pair, got 1 and 2"):
        has_edges(graph, [0], [0, 1])
    with pytest.raises(IdError, match="find_edges: expected `edges` within the graph, got 1"):
        find_edges(graph, [1])
    with pytest.raises(IdError, match="in_edges: expected `nodes`"):
        in_edges(graph, [2])
    with pytest.raises(IdError, match="successors: expected `nodes`"):
        successors(graph, [2])
    with pytest.raises(FeatureError, match=r"out_edges: expected one of the edge types .* got None"):
        out_edges(shop, [0])
    with pytest.raises(OptionError, match='`edge_type` with a Graph alone, got Adjacency and "rates"'):
        predecessors(shop["rates"].adjacency, [0], edge_type="rates")


def test_whether_edges_are_there_can_be_asked_while_compiling():
    graph = Graph([0, 1, 1], [1, 2, 2])
    compiled = torch.compile(has_edges, fullgraph=True, backend="aot_eager")
    assert compiled(graph, torch.tensor([1, 2]), torch.tensor([2, 1])).tolist() == [True, False]


def test_sorted_rows_are_kept_and_cost_nothing_where_edges_came_sorted():
    ordered = Adjacency([0, 1, 0], [0, 0, 1])
    has_edges(ordered, [0], [0])
    assert ordered.by_target_and_source is ordered.by_target_and_source
    assert ordered.by_target_and_source.source is ordered.by_target.source
    mixed = Adjacency([1, 0, 0], [0, 0, 1])
    assert mixed.by_target_and_source.source.tolist() == [0, 1, 0]
