"""Graphs from and to NetworkX."""

import networkx as nx
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.graph.strategies import assert_same, graphs, typed_graphs
from weft.errors import DtypeError, FeatureError, OptionError, ShapeError, StructureError
from weft.graph import Block, Graph
from weft.graph.convert import from_networkx, from_networkx_with_names, to_edge_list, to_networkx


@given(graphs())
def test_every_graph_comes_back_as_it_was(graph):
    made = to_networkx(graph, node_features=["x"], edge_features=["w"])
    assert (made.number_of_nodes(), made.number_of_edges()) == (graph.num_nodes, graph.num_edges)
    back = from_networkx(made, node_features="all", edge_features="all")
    assert back.same_structure(graph)
    if graph.num_edges:
        assert torch.equal(back.edges["w"], graph.edges["w"])
    if graph.num_nodes:
        assert torch.equal(back.nodes["x"], graph.nodes["x"])


@given(typed_graphs())
def test_a_graph_of_several_types_comes_back_but_for_types_without_members(graph):
    made = to_networkx(graph, node_features="all", edge_features="all")
    assert [made.nodes[node]["type"] for node in made] == [name for name, _ in made]
    back = from_networkx(made, node_features="all", edge_features="all", node_type="type", edge_type="type")
    for sets, others in ((graph.node_sets, back.node_sets), (graph.edge_sets, back.edge_sets)):
        assert set(others) == {name for name, found in sets.items() if found.count}
        for name, found in others.items():
            assert {feature: values.tolist() for feature, values in found.items()} == {
                feature: values.tolist() for feature, values in sets[name].items()
            }
    for name, edges in back.edge_sets.items():
        assert to_edge_list(edges.adjacency) == to_edge_list(graph[name].adjacency)


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")), max_size=12), st.booleans(), st.booleans())
def test_every_class_of_networkx_comes_back(pairs, directed, parallel):
    kind = ("Multi" if parallel else "") + ("DiGraph" if directed else "Graph")
    graph = getattr(nx, kind)()
    graph.add_nodes_from("dcba")
    for at, (first, last) in enumerate(pairs):
        graph.add_edge(first, last, w=at)
    found = from_networkx_with_names(graph, edge_features=["w"] if pairs else [])
    assert found.node_ids == {"node": {"d": 0, "c": 1, "b": 2, "a": 3}}
    back = to_networkx(found.graph, edge_features="all", names=found.node_ids["node"], kind=kind)
    assert type(back) is type(graph)
    assert list(back) == list(graph)

    def edges(of):
        order = tuple if directed else sorted
        return sorted((*order(pair[:2]), pair[2]["w"]) for pair in of.edges(data=True))

    assert edges(back) == edges(graph)


def test_names_of_several_types_are_kept_by_type():
    graph = nx.DiGraph()
    graph.add_node("ann", kind="user", age=31)
    graph.add_node("tea", kind="item")
    graph.add_node("bob", kind="user", age=42)
    graph.add_edge("bob", "tea", how="rates", stars=5)
    found = from_networkx_with_names(
        graph, node_type="kind", edge_type="how", node_features={"user": ["age"]}, edge_features={"rates": ["stars"]}
    )
    assert found.node_ids == {"user": {"ann": 0, "bob": 1}, "item": {"tea": 0}}
    assert found.graph["user"]["age"].tolist() == [31, 42]
    assert to_edge_list(found.graph["user", "rates", "item"].adjacency) == [(1, 0)]
    back = to_networkx(found.graph, names={name: list(ids) for name, ids in found.node_ids.items()})
    assert list(back.edges(data="type")) == [("bob", "tea", "rates")]
    assert repr(found).startswith("NamedGraph(Graph(2 node types")


def test_names_may_look_like_types_and_relations_alone_are_enough():
    assert list(to_networkx(Graph([], [], 1), names=["node"])) == ["node"]
    assert list(to_networkx(Graph([], [], 1), names={"node": 0})) == ["node"]
    assert list(to_networkx(Graph([], [], 1), names={"node": ["x"]})) == ["x"]
    follows = from_networkx(nx.DiGraph([(0, 1)]), node_type=None, edge_type=None)
    assert follows.edge_types == (("node", "edge", "node"),)
    graph = nx.DiGraph()
    graph.add_edge(0, 1, how="follows")
    assert from_networkx(graph, edge_type="how").edge_types == (("node", "follows", "node"),)


def test_undirected_edges_go_both_ways_and_self_loops_stay_single():
    graph = nx.Graph()
    graph.add_node("c")
    graph.add_edge("a", "b", w=1.5)
    graph.add_edge("b", "b", w=2.5)
    made = from_networkx(graph, edge_features=["w"])
    assert list(graph) == ["c", "a", "b"]
    assert to_edge_list(made) == [(1, 2), (2, 2), (2, 1)]
    assert made.edges["w"].tolist() == [1.5, 2.5, 1.5]


def test_parallel_edges_stay_parallel():
    graph = nx.MultiDiGraph([(0, 1), (0, 1), (1, 0)])
    assert to_edge_list(from_networkx(graph)) == [(0, 1), (0, 1), (1, 0)]
    assert to_networkx(from_networkx(graph)).number_of_edges(0, 1) == 2


def test_attributes_of_several_numbers_become_rows():
    graph = nx.path_graph(2)
    for node in graph:
        graph.nodes[node]["x"] = [node, node + 0.5]
    assert from_networkx(graph, node_features=["x"]).nodes["x"].tolist() == [[0, 0.5], [1, 1.5]]
    graph.nodes[0]["x"] = [1]
    with pytest.raises(DtypeError, match='numbers for the attribute "x" of every node, or lists of one length'):
        from_networkx(graph, node_features=["x"])


@pytest.mark.parametrize("kind", ["MultiDiGraph", "DiGraph", "MultiGraph", "Graph"])
def test_degenerate_graphs_come_back(kind):
    for graph in (Graph([], [], 3), Graph([], []), Graph([1], [1], 2)):
        assert_same(from_networkx(to_networkx(graph, kind=kind)), graph)


TYPED = Graph({("a", "to", "b"): ([0], [0])})


def named(name):
    graph = Graph({("a", "to", "b"): ([0], [0])})
    graph["a"][name] = [1]
    return graph


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: from_networkx({0: [1]}), DtypeError, "from_networkx: expected a NetworkX graph, got dict"),
        (lambda: from_networkx(nx.path_graph(2), node_features=["x"]), FeatureError,
         'from_networkx: node 0 has no attribute "x"; known: none'),
        (lambda: from_networkx(nx.path_graph(2), edge_features=["w"]), FeatureError, "edge (0, 1) has no attribute"),
        (lambda: from_networkx(nx.path_graph(2), node_features="x"), OptionError,
         """from_networkx: expected `node_features` as a list of names, or "all", got 'x'; hint: ['x'] is a list"""),
        (lambda: from_networkx(nx.path_graph(2), node_type="kind"), FeatureError, 'a string as "kind" of node 0, got None'),
        (lambda: from_networkx(nx.path_graph(2), edge_type="how"), FeatureError, 'a string as "how" of edge (0, 1), got None'),
        (lambda: from_networkx(nx.path_graph(2), node_features={"user": ["x"]}), FeatureError,
         'expected one of the node types "node", got "user"'),
        (lambda: to_networkx(Graph([0], [1]), node_features=["x"]), FeatureError, 'there is no node feature "x"; known: none'),
        (lambda: to_networkx(Graph([0], [1]).adjacency, edge_features=["w"]), FeatureError, 'there is no edge feature "w"'),
        (lambda: to_networkx(TYPED, node_features=["x"]), OptionError,
         'expected `node_features` for each node type, got one value for a graph of 2 node types; hint: name the types'),
        (lambda: to_networkx(named("type"), node_features="all"), OptionError,
         "features without the name 'type', got one of \"a\""),
        (lambda: to_networkx(TYPED, kind="Graph"), StructureError, "in both directions for an undirected graph"),
        (lambda: to_networkx(Graph({("a", "to", "b"): ([0], [0]), ("b", "of", "a"): ([0], [0])}), kind="Graph"), OptionError,
         'one edge type for an undirected graph, got ("a", "to", "b"), ("b", "of", "a"); hint: take a directed class'),
        (lambda: to_networkx(Block([0], [0], node_ids=[4], num_targets=1)), ShapeError, "edges within one set of nodes"),
        (lambda: to_networkx(Graph([0], [1]), kind="Digraph"), OptionError, "`kind` as a class of NetworkX, got 'Digraph'"),
        (lambda: to_networkx(Graph([0], [1]), kind="Graph"), StructureError,
         "edges in both directions for an undirected graph, got not as many from node 0 to 1 as back"),
        (lambda: to_networkx(Graph([0, 0], [1, 1]), kind="DiGraph"), StructureError,
         'one edge between two nodes for a DiGraph, got 1 more; hint: kind="MultiDiGraph" has room for them'),
        (lambda: to_networkx(Graph([0], [1]), names=["a"]), ShapeError, "a name for each of 2 nodes 'node', got 1 names"),
        (lambda: to_networkx(TYPED, names=["a", "b"]), ShapeError, "hint: for several types map types to names"),
        (lambda: to_networkx(Graph([0], [1]), names=["a", "a"]), OptionError, "names that differ, got 1 twice"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_told(make, error, says):
    with pytest.raises(error) as caught:
        make()
    assert says in str(caught.value)
