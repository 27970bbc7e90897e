"""Graphs of several types as one, blocks as graphs, and graphs of SciPy and NetworkX."""

import networkx as nx
import numpy as np
import pytest
import scipy.sparse
import torch

import weft.dgl as dgl
from weft.errors import DtypeError, FeatureError, IdError, OptionError, ShapeError


def shop(idtype=torch.int64):
    made = dgl.heterograph(
        {("user", "rates", "item"): ([0, 1, 2, 0], [1, 2, 2, 0]), ("user", "follows", "user"): ([0, 2], [1, 1])},
        {"user": 3, "item": 4},
        idtype=idtype,
    )
    for name in made.ntypes:
        made.nodes[name].data["x"] = torch.arange(float(made.num_nodes(name)))
    made.edges["rates"].data["w"] = torch.arange(4.0)
    made.nodes["user"].data["age"] = torch.ones(3)
    return made


def edges_of(graph, etype=None):
    return list(zip(*(end.tolist() for end in graph.edges(etype=etype)), strict=True))


@pytest.mark.parametrize("idtype", [torch.int32, torch.int64])
def test_all_types_become_one(idtype):
    joined, nodes, edges = dgl.to_homogeneous(shop(idtype), ndata=["x"], return_count=True)
    assert joined.idtype is idtype
    assert nodes == [4, 3]
    assert edges == [2, 4]
    assert edges_of(joined) == [(4, 5), (6, 5), (4, 1), (5, 2), (6, 2), (4, 0)]
    assert joined.ndata[dgl.NTYPE].tolist() == [0] * 4 + [1] * 3
    assert joined.ndata[dgl.NID].tolist() == [0, 1, 2, 3, 0, 1, 2]
    assert joined.ndata[dgl.NID].dtype is idtype
    assert joined.edata[dgl.ETYPE].tolist() == [0, 0, 1, 1, 1, 1]
    assert joined.edata[dgl.EID].tolist() == [0, 1, 0, 1, 2, 3]
    assert joined.ndata["x"].tolist() == [0, 1, 2, 3, 0, 1, 2]
    assert set(joined.edata) == {dgl.EID, dgl.ETYPE}
    assert dgl.NTYPE not in dgl.to_homogeneous(shop(), store_type=False).ndata


def test_columns_that_cannot_be_joined_are_refused():
    graph = shop()
    with pytest.raises(FeatureError, match='"age"'):
        dgl.to_homogeneous(graph, ndata=["age"])
    with pytest.raises(FeatureError, match='"w"'):
        dgl.to_homogeneous(graph, edata=["w"])
    graph.nodes["item"].data["x"] = torch.ones(4, 2)
    with pytest.raises(ShapeError, match="in all types, got"):
        dgl.to_homogeneous(graph, ndata=["x"])


def test_types_without_nodes_need_no_columns():
    graph = dgl.heterograph({("u", "r", "i"): ([], []), ("u", "f", "u"): ([0], [1])}, {"u": 2, "i": 0})
    graph.nodes["u"].data["x"], graph.edges["f"].data["w"] = torch.ones(2), torch.ones(1)
    joined = dgl.to_homogeneous(graph, ndata=["x"], edata=["w"])
    assert joined.ndata["x"].tolist() == [1, 1]
    assert joined.ndata[dgl.NTYPE].tolist() == [1, 1]


def test_a_block_is_joined_with_sources_and_targets_apart():
    joined = dgl.to_homogeneous(dgl.create_block(([0, 1], [1, 0])))
    assert joined.num_nodes() == 4
    assert edges_of(joined) == [(0, 3), (1, 2)]


def test_what_was_joined_can_be_taken_apart():
    graph = shop()
    back = dgl.to_heterogeneous(dgl.to_homogeneous(graph, ndata=["x"]), graph.ntypes, graph.etypes)
    assert back.canonical_etypes == graph.canonical_etypes
    assert back.ntypes == graph.ntypes
    for name in graph.etypes:
        assert edges_of(back, name) == edges_of(graph, name)
    assert back.nodes["user"].data["x"].tolist() == [0, 1, 2]
    assert back.nodes["user"].data[dgl.NID].tolist() == [4, 5, 6]
    assert dgl.NTYPE not in back.nodes["user"].data


def typed():
    graph = dgl.graph(([0, 1, 2, 3, 0, 2], [2, 3, 3, 0, 0, 1]), num_nodes=5)
    graph.ndata[dgl.NTYPE], graph.edata[dgl.ETYPE] = torch.tensor([1, 0, 1, 0, 1]), torch.tensor([0, 1, 1, 0, 2, 0])
    graph.ndata["x"] = torch.arange(5.0)
    return graph


def test_edge_types_are_found_from_ends_and_relations():
    found = dgl.to_heterogeneous(typed(), ["a", "b", "c"], ["r", "s", "t", "never"])
    assert found.canonical_etypes == [
        ("a", "r", "b"), ("a", "s", "a"), ("b", "r", "a"), ("b", "r", "b"), ("b", "s", "a"), ("b", "t", "b"),
    ]  # fmt: skip
    assert found.num_nodes("c") == 0
    assert found.nodes["b"].data["x"].tolist() == [0, 2, 4]
    assert edges_of(found, ("b", "s", "a")) == [(1, 1)]
    assert found.edges["b", "s", "a"].data[dgl.EID].tolist() == [2]


def test_a_metagraph_tells_which_edge_types_there_are():
    meta = nx.MultiDiGraph([("a", "b", "r"), ("c", "a", "s")])
    found = dgl.to_heterogeneous(typed(), ["a", "b", "c"], ["r", "s", "t"], metagraph=meta)
    assert found.canonical_etypes == [("a", "r", "b"), ("c", "s", "a")]
    assert found.num_edges(("a", "r", "b")) == 1
    assert found.num_edges(("c", "s", "a")) == 0
    with pytest.raises(FeatureError, match="metagraph"):
        dgl.to_heterogeneous(typed(), ["a", "b"], ["r", "s", "t"], metagraph=meta)


def test_types_that_cannot_be_told_are_an_error():
    with pytest.raises(IdError, match="holds 1"):
        dgl.to_heterogeneous(typed(), ["a"], ["r", "s", "t"])
    with pytest.raises(IdError, match="holds 2"):
        dgl.to_heterogeneous(typed(), ["a", "b"], ["r", "s"])
    with pytest.raises(FeatureError, match="_TYPE"):
        dgl.to_heterogeneous(dgl.graph(([0], [1])), ["a"], ["r"])
    with pytest.raises(OptionError, match="one node type and one edge type"):
        dgl.to_heterogeneous(shop(), ["a"], ["r"])
    empty = dgl.graph(([], []), num_nodes=1)
    empty.ndata[dgl.NTYPE], empty.edata[dgl.ETYPE] = torch.zeros(1).long(), torch.zeros(0).long()
    with pytest.raises(OptionError, match="metagraph"):
        dgl.to_heterogeneous(empty, ["a"], ["r"])


def test_types_may_stand_in_other_columns():
    graph = dgl.graph(([0], [1]))
    graph.ndata["kind"], graph.edata["sort"] = torch.tensor([0, 1]), torch.tensor([0])
    found = dgl.to_heterogeneous(graph, ["a", "b"], ["r"], ntype_field="kind", etype_field="sort")
    assert found.canonical_etypes == [("a", "r", "b")]
    assert "kind" not in found.nodes["a"].data


def test_a_block_becomes_a_graph_of_two_types():
    block = dgl.create_block({("A", "r", "B"): ([0], [1]), ("B", "s", "A"): ([0], [1])})
    block.srcnodes["A"].data["x"], block.edges["r"].data["w"] = torch.ones(1), torch.ones(1)
    found = dgl.block_to_graph(block)
    assert found.ntypes == ["A_src", "B_src", "A_dst", "B_dst"]
    assert not found.is_block
    assert found.canonical_etypes == [("A_src", "r", "B_dst"), ("B_src", "s", "A_dst")]
    assert found.nodes["A_src"].data["x"].tolist() == [1]
    assert found.edges["r"].data["w"].tolist() == [1]
    found.nodes["A_src"].data["new"] = torch.ones(1)
    assert "new" not in block.srcnodes["A"].data
    with pytest.raises(OptionError, match="block"):
        dgl.block_to_graph(shop())


def matrix():
    return scipy.sparse.coo_matrix(([1.0, 2.0, 3.0, 0.0], ([0, 2, 1, 1], [1, 0, 2, 2])), shape=(3, 3))


@pytest.mark.parametrize("idtype", [None, torch.int32])
def test_entries_of_a_matrix_become_edges(idtype):
    graph = dgl.from_scipy(matrix(), "w", idtype=idtype)
    assert edges_of(graph) == [(0, 1), (2, 0), (1, 2), (1, 2)]
    assert graph.idtype == (idtype or torch.int64)
    assert graph.edata["w"].tolist() == [1, 2, 3, 0]
    assert graph.edata["w"].dtype is torch.float64
    assert not dgl.from_scipy(matrix().tocsr()).edata
    assert dgl.from_scipy(scipy.sparse.coo_matrix((0, 0))).num_nodes() == 0


def test_a_matrix_may_have_two_ends():
    wide = scipy.sparse.csr_matrix(np.array([[0, 2.0, 0, 1], [3, 0, 0, 0]]))
    graph = dgl.bipartite_from_scipy(wide, "u", "r", "i", eweight_name="w")
    assert graph.num_nodes("u") == 2
    assert graph.num_nodes("i") == 4
    assert edges_of(graph) == [(0, 1), (0, 3), (1, 0)]
    assert graph.edata["w"].tolist() == [2, 1, 3]
    assert dgl.bipartite_from_scipy(matrix(), "u", "r", "u").ntypes == ["u"]
    with pytest.raises(OptionError, match="bipartite_from_scipy"):
        dgl.from_scipy(wide)
    with pytest.raises(OptionError, match="square"):
        dgl.bipartite_from_scipy(wide, "u", "r", "u")
    for take in (dgl.from_scipy, lambda given: dgl.bipartite_from_scipy(given, "u", "r", "i")):
        with pytest.raises(DtypeError, match="sparse"):
            take(np.eye(2))


def named():
    graph = nx.DiGraph([("c", "a"), ("a", "b"), ("b", "c")])
    for at, name in enumerate("abc"):
        graph.nodes[name].update(x=float(at), pair=[at, at + 1], row=torch.ones(2) * at, array=np.ones(2) * at)
    for at, edge in enumerate(graph.edges):
        graph.edges[edge].update(w=at * 2, id=[2, 0, 1][at])
    return graph


def test_nodes_of_networkx_stand_in_the_order_of_their_names():
    graph = dgl.from_networkx(named(), node_attrs=["x", "pair", "row", "array"], edge_attrs=["w"])
    assert edges_of(graph) == [(2, 0), (0, 1), (1, 2)]
    assert graph.edata["w"].tolist() == [0, 2, 4]
    assert graph.ndata["x"].tolist() == [0, 1, 2]
    assert graph.ndata["pair"].tolist() == [[0, 1], [1, 2], [2, 3]]
    assert graph.ndata["row"].tolist() == graph.ndata["array"].tolist() == [[0, 0], [1, 1], [2, 2]]


def test_edges_of_networkx_can_bring_their_ids():
    graph = dgl.from_networkx(named(), edge_attrs=["w"], edge_id_attr_name="id", idtype=torch.int32)
    assert edges_of(graph) == [(0, 1), (1, 2), (2, 0)]
    assert graph.edata["w"].tolist() == [2, 4, 0]
    assert graph.idtype is torch.int32


def test_undirected_edges_become_two():
    graph = nx.Graph([(0, 1), (1, 2), (2, 2)])
    assert edges_of(dgl.from_networkx(graph)) == [(0, 1), (1, 0), (1, 2), (2, 1), (2, 2)]
    assert dgl.from_networkx(nx.MultiGraph([(0, 1), (0, 1)])).num_edges() == 4
    assert dgl.from_networkx(nx.empty_graph(3)).num_nodes() == 3


def test_what_networkx_does_not_have_is_an_error():
    for arguments, error in (
        ({"node_attrs": ["none"]}, FeatureError),
        ({"edge_attrs": ["none"]}, FeatureError),
        ({"edge_id_attr_name": "none"}, FeatureError),
        ({"edge_id_attr_name": "w"}, OptionError),
    ):
        with pytest.raises(error):
            dgl.from_networkx(named(), **arguments)
    with pytest.raises(OptionError, match="undirected"):
        dgl.from_networkx(nx.Graph([(0, 1)]), edge_attrs=["w"])
    with pytest.raises(OptionError, match="sorted"):
        dgl.from_networkx(nx.DiGraph([(0, "a")]))
    with pytest.raises(DtypeError, match="NetworkX"):
        dgl.from_networkx([(0, 1)])


def two_ends():
    graph = nx.DiGraph()
    graph.add_nodes_from([3, 1], bipartite=0)
    graph.add_nodes_from([2, 4, 5], bipartite=1)
    graph.add_edges_from([(1, 4), (1, 5), (3, 2)])
    for at, name in enumerate(sorted(graph)):
        graph.nodes[name]["x"] = at
    for at, edge in enumerate(graph.edges):
        graph.edges[edge].update(w=float(at), id=[1, 2, 0][at])
    return graph


def test_two_ends_are_told_by_an_attribute():
    graph = dgl.bipartite_from_networkx(two_ends(), "u", "r", "i", ["x"], ["w"], ["x"], edge_id_attr_name="id")
    assert graph.nodes["u"].data["x"].tolist() == [0, 2]
    assert graph.nodes["i"].data["x"].tolist() == [1, 3, 4]
    assert edges_of(graph) == [(0, 2), (1, 0), (0, 1)]
    assert graph.edata["w"].tolist() == [2, 0, 1]


def test_edges_that_do_not_lead_from_end_to_end_are_refused():
    graph = two_ends()
    graph.add_edge(4, 1)
    with pytest.raises(OptionError, match="bipartite=0"):
        dgl.bipartite_from_networkx(graph, "u", "r", "i")
    with pytest.raises(OptionError, match="directed"):
        dgl.bipartite_from_networkx(two_ends().to_undirected(), "u", "r", "i")
    with pytest.raises(FeatureError, match="bipartite"):
        dgl.bipartite_from_networkx(named(), "u", "r", "i")


def test_networkx_gets_rows_as_attributes():
    graph = dgl.graph(([0, 2, 0], [1, 0, 1]), num_nodes=4)
    graph.ndata["x"], graph.edata["w"] = torch.arange(8.0).reshape(4, 2), torch.arange(3.0)
    found = graph.to_networkx(node_attrs=["x"], edge_attrs=["w"])
    assert isinstance(found, nx.MultiDiGraph)
    assert list(found) == [0, 1, 2, 3]
    assert found.nodes[2]["x"].tolist() == [4, 5]
    assert [(u, v, data["id"], float(data["w"])) for u, v, data in found.edges(data=True)] == [
        (0, 1, 0, 0.0), (0, 1, 2, 2.0), (2, 0, 1, 1.0),
    ]  # fmt: skip
    back = dgl.from_networkx(found, node_attrs=["x"], edge_attrs=["w"], edge_id_attr_name="id")
    assert edges_of(back) == edges_of(graph)
    assert torch.equal(back.ndata["x"], graph.ndata["x"])
    assert torch.equal(back.edata["w"], graph.edata["w"])
    with pytest.raises(FeatureError, match="none"):
        dgl.to_networkx(graph, node_attrs=["none"])
    with pytest.raises(OptionError, match="block"):
        dgl.to_networkx(dgl.create_block(([0], [0])))


def test_networkx_is_told_the_types():
    found = dgl.to_networkx(shop(), ["age"], ["w"], ntype_attr="kind", etype_attr="sort", eid_attr="edge")
    assert [found.nodes[at]["kind"] for at in range(7)] == ["item"] * 4 + ["user"] * 3
    assert "age" not in found.nodes[0]
    assert float(found.nodes[4]["age"]) == 1
    (data,) = found.get_edge_data(4, 0).values()
    assert data["edge"] == 5
    assert data["sort"] == ("user", "rates", "item")
    assert float(data["w"]) == 3


def test_the_metagraph_has_an_edge_for_each_type():
    found = shop().metagraph()
    assert set(found.edges(keys=True)) == {("user", "user", "follows"), ("user", "item", "rates")}
    assert isinstance(found, nx.MultiDiGraph)
    assert set(found) == {"user", "item"}


def test_what_weft_does_otherwise_says_what_to_use():
    graph = dgl.graph(([0], [1]))
    for call, hint in (
        (lambda: dgl.to_cugraph(graph), "adj_tensors"),
        (lambda: graph.to_cugraph(), "adj_tensors"),
        (lambda: dgl.from_cugraph(object()), "edge list"),
        (lambda: dgl.hetero_from_shared_memory("name"), "torch.multiprocessing"),
        (lambda: graph.shared_memory("name"), "torch.multiprocessing"),
    ):
        with pytest.raises(OptionError, match=hint):
            call()
