"""Parts of graphs, compared with loops over the edges."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import weft.dgl as dgl
from weft.errors import DtypeError, FeatureError, IdError, OptionError, ShapeError


def loop(idtype=torch.int64):
    made = dgl.graph(([0, 1, 2, 2, 3, 0, 0], [1, 2, 0, 0, 2, 3, 0]), num_nodes=6, idtype=idtype)
    made.ndata["x"], made.edata["w"] = torch.arange(6.0), torch.arange(7.0)
    return made


def shop():
    made = dgl.heterograph(
        {
            ("user", "rates", "item"): ([0, 1, 2, 0], [1, 2, 2, 0]),
            ("user", "follows", "user"): ([0, 2], [1, 1]),
            ("item", "like", "item"): ([0, 3], [3, 1]),
        },
        {"user": 3, "item": 4},
    )
    made.nodes["user"].data["x"], made.edges["rates"].data["w"] = torch.arange(3.0), torch.arange(4.0)
    return made


def edges_of(graph, etype=None):
    return list(zip(*(end.tolist() for end in graph.edges(etype=etype)), strict=True))


@st.composite
def graphs(draw):
    num_nodes = draw(st.integers(1, 8))
    node = st.integers(0, num_nodes - 1)
    pairs = draw(st.lists(st.tuples(node, node), max_size=20))
    idtype = draw(st.sampled_from([torch.int32, torch.int64]))
    graph = dgl.graph(([u for u, _ in pairs], [v for _, v in pairs]), num_nodes=num_nodes, idtype=idtype)
    graph.ndata["x"], graph.edata["w"] = torch.arange(num_nodes) * 10, torch.arange(len(pairs)) * 10
    return graph, pairs


def check(part, nodes, edges, pairs):
    """The part has these nodes and edges, by their old ids, and their columns."""
    assert part.num_nodes() == len(nodes)
    assert part.edata[dgl.EID].tolist() == edges
    assert part.ndata["x"].tolist() == [10 * node for node in nodes]
    assert part.edata["w"].tolist() == [10 * edge for edge in edges]
    assert [(nodes[u], nodes[v]) for u, v in edges_of(part)] == [pairs[edge] for edge in edges]


@given(graphs(), st.data())
def test_node_subgraph_takes_what_is_between_nodes(drawn, data):
    graph, pairs = drawn
    nodes = data.draw(st.lists(st.integers(0, graph.num_nodes() - 1), unique=True))
    inner = [at for node in nodes for at, (u, v) in enumerate(pairs) if u == node and v in nodes]
    part = dgl.node_subgraph(graph, nodes)
    check(part, nodes, inner, pairs)
    assert part.ndata[dgl.NID].tolist() == nodes
    assert part.ndata[dgl.NID].dtype == part.idtype == graph.idtype
    whole = dgl.node_subgraph(graph, nodes, relabel_nodes=False)
    check(whole, list(range(graph.num_nodes())), inner, pairs)
    assert dgl.NID not in whole.ndata


@given(graphs(), st.data())
def test_edge_subgraph_takes_edges_and_their_ends(drawn, data):
    graph, pairs = drawn
    edges = data.draw(st.lists(st.integers(0, len(pairs) - 1))) if pairs else []
    touched = list(dict.fromkeys([pairs[edge][0] for edge in edges] + [pairs[edge][1] for edge in edges]))
    part = dgl.edge_subgraph(graph, edges)
    check(part, touched, edges, pairs)
    assert part.ndata[dgl.NID].tolist() == touched
    check(dgl.edge_subgraph(graph, edges, relabel_nodes=False), list(range(graph.num_nodes())), edges, pairs)


@pytest.mark.parametrize("end", [0, 1])
@given(graphs(), st.data())
def test_in_and_out_subgraph_take_the_edges_of_nodes(end, drawn, data):
    graph, pairs = drawn
    take = (dgl.out_subgraph, dgl.in_subgraph)[end]
    nodes = data.draw(st.lists(st.integers(0, graph.num_nodes() - 1)))
    edges = [at for node in nodes for at, pair in enumerate(pairs) if pair[end] == node]
    check(take(graph, nodes), list(range(graph.num_nodes())), edges, pairs)
    touched = list(dict.fromkeys([pairs[edge][0] for edge in edges] + [pairs[edge][1] for edge in edges]))
    check(take(graph, nodes, relabel_nodes=True), touched, edges, pairs)


@pytest.mark.parametrize("end", [0, 1])
@given(graphs(), st.integers(0, 3), st.data())
def test_khop_subgraph_takes_what_is_near(end, drawn, hops, data):
    graph, pairs = drawn
    take = (dgl.khop_out_subgraph, dgl.khop_in_subgraph)[end]
    seeds = data.draw(st.lists(st.integers(0, graph.num_nodes() - 1), min_size=1))
    near = set(seeds)
    for _ in range(hops):
        near |= {pair[1 - end] for pair in pairs if pair[end] in near}
    nodes = sorted(near)
    part, places = take(graph, seeds, hops)
    check(part, nodes, [at for node in nodes for at, (u, v) in enumerate(pairs) if u == node and v in near], pairs)
    assert part.ndata[dgl.NID][places].tolist() == seeds
    assert take(graph, seeds, hops, relabel_nodes=False).num_nodes() == graph.num_nodes()


def test_ids_are_stored_only_if_wanted():
    for part in (
        dgl.node_subgraph(loop(), [2, 0], store_ids=False),
        dgl.edge_subgraph(loop(), [2, 0], store_ids=False),
        dgl.in_subgraph(loop(), [2], store_ids=False),
        dgl.khop_in_subgraph(loop(), [2], 1, store_ids=False)[0],
    ):
        assert dgl.NID not in part.ndata
        assert dgl.EID not in part.edata


def test_a_node_that_is_given_twice_is_two_nodes():
    part = dgl.node_subgraph(loop(), [0, 0])
    assert edges_of(part) == [(0, 0), (1, 0)]
    assert part.edata[dgl.EID].tolist() == [6, 6]


def test_edges_lead_to_the_right_node_behind_one_that_is_given_twice():
    part = dgl.node_subgraph(dgl.graph(([0, 1], [1, 0])), [0, 0, 1])
    assert edges_of(part) == [(0, 2), (1, 2), (2, 0)]


def test_masks_numbers_and_tensors_are_ids():
    mask = torch.tensor([True, False, True, False, False, False])
    for nodes in (mask, [0, 2], torch.tensor([0, 2]), torch.tensor([0, 2], dtype=torch.int32), {"_N": (0, 2)}):
        assert dgl.node_subgraph(loop(), nodes).ndata["x"].tolist() == [0.0, 2.0]
    assert dgl.node_subgraph(loop(), 3).ndata["x"].tolist() == [3.0]
    assert dgl.edge_subgraph(loop(), torch.arange(7) == 4).edata["w"].tolist() == [4.0]


def test_nothing_chosen_gives_an_empty_graph():
    for part in (dgl.node_subgraph(loop(), []), dgl.edge_subgraph(loop(), []), dgl.khop_in_subgraph(loop(), [], 2)[0]):
        assert part.num_nodes() == part.num_edges() == 0
        assert part.ndata["x"].shape == (0,)
    assert dgl.in_subgraph(loop(), []).num_nodes() == 6
    empty = dgl.graph(([], []))
    assert dgl.khop_out_subgraph(empty, [], 1)[0].num_nodes() == 0


def test_columns_of_parts_are_their_own_unless_only_types_are_chosen():
    whole = shop()
    dgl.in_subgraph(whole, {"item": [1]}).nodes["user"].data["new"] = torch.ones(3)
    assert "new" not in whole.nodes["user"].data
    dgl.edge_type_subgraph(whole, ["rates"]).nodes["user"].data["new"] = torch.ones(3)
    assert "new" in whole.nodes["user"].data


def test_types_are_chosen_by_name():
    part = dgl.node_subgraph(shop(), {"user": [2, 0], "item": [2, 1]})
    assert edges_of(part, "rates") == [(0, 0), (1, 1)]
    assert part.edges["rates"].data["w"].tolist() == [2.0, 0.0]
    assert part.num_edges("follows") == part.num_edges("like") == 0
    assert part.nodes["item"].data[dgl.NID].tolist() == [2, 1]
    alone = dgl.node_subgraph(shop(), {"user": [0, 1]})
    assert alone.num_nodes("item") == 0
    assert edges_of(alone, "follows") == [(0, 1)]


def test_nodes_of_typed_edges_come_type_after_type():
    part = dgl.edge_subgraph(shop(), {("user", "rates", "item"): [0], "follows": [1]})
    assert part.nodes["user"].data[dgl.NID].tolist() == [2, 1, 0]
    assert edges_of(part, "rates") == [(2, 0)]
    assert edges_of(part, "follows") == [(0, 1)]


def test_typed_neighbourhoods():
    part = dgl.in_subgraph(shop(), {"item": [1]})
    assert edges_of(part, "rates") == [(0, 1)]
    assert edges_of(part, "like") == [(3, 1)]
    assert part.num_edges("follows") == 0
    near, places = dgl.khop_in_subgraph(shop(), {"item": [1]}, 2)
    assert near.nodes["item"].data[dgl.NID].tolist() == [0, 1, 3]
    assert near.nodes["user"].data[dgl.NID].tolist() == [0]
    assert places["item"].tolist() == [1]
    assert list(places) == ["item"]


def test_node_types_bring_the_edges_between_them():
    assert dgl.node_type_subgraph(shop(), ["user"]).canonical_etypes == [("user", "follows", "user")]
    both = dgl.node_type_subgraph(shop(), ["user", "item"])
    assert both.ntypes == ["item", "user"]
    assert both.etypes == shop().etypes
    with pytest.raises(OptionError, match="with edges between them"):
        dgl.node_type_subgraph(shop(), [])
    with pytest.raises(FeatureError):
        dgl.node_type_subgraph(shop(), ["none"])


def test_edge_types_bring_their_ends():
    part = dgl.edge_type_subgraph(shop(), ["follows", ("item", "like", "item")])
    assert part.etypes == ["follows", "like"]
    assert part.ntypes == ["item", "user"]
    assert dgl.edge_type_subgraph(shop(), ["follows"]).ntypes == ["user"]
    with pytest.raises(OptionError, match="at least one"):
        dgl.edge_type_subgraph(shop(), [])


def test_a_block_gives_edges_and_types_but_no_nodes():
    block = dgl.create_block(([0, 1, 2], [0, 0, 1]))
    block.edata["w"] = torch.arange(3.0)
    part = dgl.edge_subgraph(block, [2, 0], relabel_nodes=False)
    assert part.is_block
    assert part.edata["w"].tolist() == [2.0, 0.0]
    assert part.num_src_nodes() == 3
    assert dgl.edge_type_subgraph(block, ["_E"]).is_block
    for take in (dgl.node_subgraph, dgl.edge_subgraph, dgl.in_subgraph, dgl.out_subgraph):
        with pytest.raises(OptionError, match="block"):
            take(block, [0])
    with pytest.raises(OptionError, match="block"):
        dgl.khop_in_subgraph(block, [0], 1)
    with pytest.raises(OptionError, match="block"):
        dgl.node_type_subgraph(block, ["_N"])


def test_wrong_ids_are_named():
    graph = loop()
    for nodes in ([9], [-1], {"_N": [6]}):
        for take in (dgl.node_subgraph, dgl.in_subgraph, dgl.out_subgraph):
            with pytest.raises(IdError, match="from 0 to 5"):
                take(graph, nodes)
        with pytest.raises(IdError, match="from 0 to 5"):
            dgl.khop_in_subgraph(graph, nodes, 1)
    with pytest.raises(IdError, match="9"):
        dgl.edge_subgraph(graph, [9])
    with pytest.raises(DtypeError, match="integers"):
        dgl.node_subgraph(graph, [0.5])
    with pytest.raises(ShapeError, match="edge_ids"):
        dgl.edge_subgraph(graph, ([2], [0]))
    with pytest.raises(ShapeError, match="edge_ids"):
        dgl.edge_subgraph(graph, (torch.tensor([2]), torch.tensor([0])))
    with pytest.raises(OptionError, match="at least 0"):
        dgl.khop_out_subgraph(graph, [0], -1)
    for take, what in ((dgl.node_subgraph, "node"), (dgl.edge_subgraph, "edge"), (dgl.in_subgraph, "node")):
        with pytest.raises(OptionError, match=f"a mapping from {what} types"):
            take(shop(), [0])
        with pytest.raises(FeatureError):
            take(shop(), {"none": [0]})


def test_methods_are_the_functions():
    graph = loop()
    assert edges_of(graph.subgraph([2, 0])) == edges_of(dgl.node_subgraph(graph, [2, 0]))
    assert edges_of(graph.edge_subgraph([5])) == [(0, 1)]
    assert graph.in_subgraph([2]).num_edges() == 2
    assert graph.out_subgraph([2]).num_edges() == 2
    assert graph.khop_in_subgraph([1], 1)[1].tolist() == [1]
    assert graph.khop_out_subgraph([1], 1)[1].tolist() == [0]
    assert shop().node_type_subgraph(["user"]).ntypes == shop().edge_type_subgraph(["follows"]).ntypes == ["user"]


def test_the_result_goes_to_the_device_asked_for():
    assert dgl.node_subgraph(loop(), [0], output_device="cpu").device.type == "cpu"
    part, places = dgl.khop_in_subgraph(loop(), [0], 1, output_device="meta")
    assert part.device.type == places.device.type == "meta"


def test_gradients_flow_through_the_columns_of_a_part():
    graph = loop()
    graph.ndata["x"] = x = torch.arange(6.0, requires_grad=True)
    dgl.node_subgraph(graph, [2, 0]).ndata["x"].sum().backward()
    assert x.grad.tolist() == [1, 0, 1, 0, 0, 0]
