"""What lies within some steps of nodes."""

import networkx as nx
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.graph.select.parts import assert_part, assert_rows, choices, ends_of, larger_graphs
from tests.graph.select.test_nodes import induced_edges
from tests.graph.strategies import assert_same, graphs, typed_graphs
from weft.errors import IdError, OptionError
from weft.graph import Graph, batch, to_networkx, unbatch
from weft.graph.select import ego_networks, khop_subgraph, node_subgraph

EDGE = ("node", "edge", "node")
DIRECTIONS = st.sampled_from(["in", "out", "both"])


def reached(graph, seeds, hops, direction):
    """Nodes within the steps, by type, found edge by edge."""
    seen = {name: set(seeds.get(name, ())) for name in graph.node_types}
    for _ in range(hops):
        before = {name: set(found) for name, found in seen.items()}
        for name, ends in ends_of(graph).items():
            for first, last in ends:
                if direction != "out" and last in before[name[2]]:
                    seen[name[0]].add(first)
                if direction != "in" and first in before[name[0]]:
                    seen[name[2]].add(last)
    return {name: sorted(found) for name, found in seen.items()}


@given(st.one_of(graphs(), typed_graphs(), larger_graphs()), st.integers(0, 3), DIRECTIONS, st.data())
def test_nodes_within_some_steps_and_all_edges_between_them(graph, hops, direction, data):
    seeds = {name: data.draw(choices(found.count))[:3].tolist() for name, found in graph.node_sets.items()}
    nodes = reached(graph, seeds, hops, direction)
    part = khop_subgraph(graph, {name: ids + ids for name, ids in seeds.items()}, hops, direction=direction)
    assert_part(part, graph, nodes, induced_edges(graph, nodes))


@given(st.one_of(graphs(), larger_graphs()), st.integers(0, 3), st.sampled_from([True, False]), st.data())
def test_networkx_finds_the_same_ego_networks(graph, hops, is_undirected, data):
    people = Graph(graph[graph.node_types[0], graph.edge_types[0][1], graph.node_types[0]].adjacency)
    seeds = data.draw(choices(people.num_nodes))[:5].tolist()
    whole = to_networkx(people)
    part = ego_networks(people, seeds, hops, direction="both" if is_undirected else "out")
    assert part.graph.num_graphs == len(seeds)
    for seed, network in zip(seeds, networks(part), strict=True):
        expected = nx.ego_graph(whole, seed, radius=hops, undirected=is_undirected)
        assert set(network[0]["node"]) == set(expected)
        assert sorted(network[2][EDGE]) == sorted(expected.edges())


def networks(part):
    """Original ids of nodes and edges of each network by type, and original ends of its edges."""
    parts = []
    for at, graph in enumerate(unbatch(part.graph) if part.graph.num_graphs else []):
        nodes, edges = {}, {}
        for ids, found, sets in (
            (part.node_ids, nodes, part.graph.node_sets),
            (part.edge_ids, edges, part.graph.edge_sets),
        ):
            for name in ids:
                low, high = sets[name].offsets[at : at + 2].tolist()
                found[name] = ids[name][low:high].tolist()
        ends = {
            name: [(nodes[name[0]][one], nodes[name[2]][other]) for one, other in pairs]
            for name, pairs in ends_of(graph).items()
        }
        parts.append((nodes, edges, ends))
    return parts


@given(st.one_of(graphs(), typed_graphs(), larger_graphs()), st.integers(0, 2), DIRECTIONS, st.data())
def test_each_ego_network_is_the_part_around_its_node_with_that_node_first(graph, hops, direction, data):
    seeds = {name: data.draw(choices(found.count))[:3].tolist() for name, found in graph.node_sets.items()}
    part = ego_networks(graph, seeds, hops, direction=direction)
    every = [(name, seed) for name, ids in seeds.items() for seed in ids]
    found = networks(part)
    assert len(found) == len(every) == part.graph.num_graphs
    for (name, seed), (nodes, edges, ends) in zip(every, found, strict=True):
        expected = reached(graph, {name: [seed]}, hops, direction)
        expected[name] = [seed] + [node for node in expected[name] if node != seed]
        assert nodes == expected
        assert edges == induced_edges(graph, expected)
        assert ends == {kind: [ends_of(graph)[kind][at] for at in ids] for kind, ids in edges.items()}
    for ids, made, whole in (
        (part.node_ids, part.graph.node_sets, graph.node_sets),
        (part.edge_ids, part.graph.edge_sets, graph.edge_sets),
    ):
        for name in ids:
            assert_rows(made[name], whole[name], ids[name].tolist())


def test_edges_of_ego_networks_keep_their_order_where_there_are_many():
    graph = Graph(*torch.randint(30, (2, 200), generator=torch.Generator().manual_seed(0)), 30)
    for nodes, edges, _ in networks(ego_networks(graph, range(30), 2)):
        assert edges == induced_edges(graph, nodes)
        assert len(edges[EDGE]) > 20


def test_a_node_that_is_named_twice_has_two_ego_networks():
    part = ego_networks(Graph([0], [1]), [1, 1])
    assert part.node_ids["node"].tolist() == [1, 0, 1, 0]
    assert part.graph.num_graphs == 2


def test_no_seeds_have_no_networks():
    graph = Graph([0], [1])
    assert ego_networks(graph, []).graph.num_graphs == 0
    assert ego_networks(graph, []).graph.num_nodes == 0
    assert khop_subgraph(graph, [], 2).graph.num_nodes == 0


@given(st.lists(graphs(), min_size=1, max_size=3), DIRECTIONS)
def test_the_surroundings_within_a_batch_are_those_within_its_graphs(parts, direction):
    together = batch(parts)
    firsts = [begin for begin, part in zip(together.nodes.offsets.tolist(), parts, strict=False) if part.num_nodes]
    found = khop_subgraph(together, firsts, 2, direction=direction).graph
    for one, part in zip(unbatch(found), parts, strict=True):
        assert_same(one, khop_subgraph(part, [0] if part.num_nodes else [], 2, direction=direction).graph)
    egos = ego_networks(together, firsts, 2, direction=direction)
    assert egos.graph.num_graphs == len(firsts)
    assert egos.graph.num_nodes == found.num_nodes


def test_the_place_of_a_seed_is_found_in_the_ids():
    graph = Graph(torch.arange(99), torch.arange(1, 100))
    part = khop_subgraph(graph, [70, 20], 2)
    place = torch.searchsorted(part.node_ids["node"], torch.tensor([70, 20]))
    assert part.node_ids["node"][place].tolist() == [70, 20]


def test_no_steps_leave_the_chosen_nodes():
    graph = Graph([0, 1, 2, 1], [1, 2, 0, 1])
    assert_same(khop_subgraph(graph, [2, 1], 0).graph, node_subgraph(graph, [1, 2]).graph)


def test_steps_that_make_no_sense_are_refused():
    graph = Graph([0], [1])
    for select in (khop_subgraph, ego_networks):
        where = select.__name__
        with pytest.raises(OptionError, match=f"{where}: expected `hops` of at least 0, got -1"):
            select(graph, [0], -1)
        with pytest.raises(OptionError, match=f"{where}: expected `direction` to be one of in, out, both, got 'up'"):
            select(graph, [0], 1, direction="up")
        with pytest.raises(IdError, match=f"{where}: expected `nodes` within the graph, got 2"):
            select(graph, [2], 1)
