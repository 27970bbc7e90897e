"""Edges sorted by tags, nodes and edges numbered anew."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.dgl.graphs_of_dgl import messy, pairs, random_graphs, typed
from weft.dgl import DGLError, graph, heterograph
from weft.dgl.transforms import reorder_graph, sort_csc_by_tag, sort_csr_by_tag


@given(random_graphs(), st.sampled_from(["node", "edge"]), st.sampled_from(["csr", "csc"]), st.integers(0, 9))
def test_rows_are_sorted_by_tags_and_keep_ties_in_order(g, kind, fmt, seed):
    count = g.num_nodes() if kind == "node" else g.num_edges()
    tag = torch.randint(3, (count,), generator=torch.Generator().manual_seed(seed))
    made = (sort_csr_by_tag if fmt == "csr" else sort_csc_by_tag)(g, tag, tag_type=kind)
    near, far = (0, 1) if fmt == "csr" else (1, 0)
    edges = pairs(g)

    def tag_of(edge):
        return int(tag[edges[edge][far] if kind == "node" else edge])

    indptr, other, ids = (part.tolist() for part in made.adj_tensors(fmt))
    offsets = made.ndata["_TAG_OFFSET"]
    for node in range(g.num_nodes()):
        row = ids[indptr[node] : indptr[node + 1]]
        assert row == sorted((e for e in range(len(edges)) if edges[e][near] == node), key=lambda e: (tag_of(e), e))
        assert other[indptr[node] : indptr[node + 1]] == [edges[e][far] for e in row]
        for t in range(offsets.shape[1] - 1):
            assert all(tag_of(e) == t for e in row[offsets[node, t] : offsets[node, t + 1]])
    assert pairs(made) == edges
    assert offsets.dtype == g.idtype
    assert (
        made.adj_tensors("csc" if fmt == "csr" else "csr")[2].tolist()
        == g.adj_tensors("csc" if fmt == "csr" else "csr")[2].tolist()
    )


def test_offsets_belong_to_the_end_that_is_sorted():
    g = heterograph({("a", "t", "b"): ([0, 1, 1], [1, 0, 1])})
    assert sort_csr_by_tag(g, torch.tensor([1, 0])).srcdata["_TAG_OFFSET"].tolist() == [[0, 1, 1], [0, 1, 2]]
    made = sort_csc_by_tag(g, torch.tensor([1, 0]), "off")
    assert made.dstdata["off"].tolist() == [[0, 1, 1], [0, 1, 2]]
    assert not made.srcdata


@pytest.mark.parametrize(
    "call",
    [
        lambda: sort_csr_by_tag(typed(), torch.zeros(3)),
        lambda: sort_csr_by_tag(messy(), torch.zeros(3, dtype=torch.int64)),
        lambda: sort_csr_by_tag(messy(), torch.zeros(6)),
        lambda: sort_csc_by_tag(messy(), torch.full((6,), -1)),
        lambda: sort_csc_by_tag(messy(), torch.zeros(6, dtype=torch.int64), tag_type="zz"),
        lambda: reorder_graph(typed()),
        lambda: reorder_graph(messy(), "zz"),
        lambda: reorder_graph(messy(), "custom"),
        lambda: reorder_graph(messy(), "metis"),
        lambda: reorder_graph(messy(), edge_permute_algo="zz"),
        lambda: reorder_graph(messy(), edge_permute_algo="custom"),
        lambda: reorder_graph(messy(), "custom", permute_config={"nodes_perm": [0, 1]}),
        lambda: reorder_graph(messy(), "custom", permute_config={"nodes_perm": [0, 1, 2, 3, 4, 4]}),
        lambda: reorder_graph(messy(), edge_permute_algo="custom", permute_config={"edges_perm": [0, 1]}),
    ],
)
def test_what_does_not_fit_is_refused(call):
    with pytest.raises(DGLError):
        call()


@given(
    random_graphs(), st.sampled_from([None, "custom", "rcmk"]), st.sampled_from(["src", "dst", "custom"]), st.randoms()
)
def test_what_was_reordered_is_the_same_graph(g, nodes, edges, rng):
    config = {
        "nodes_perm": rng.sample(range(g.num_nodes()), g.num_nodes()),
        "edges_perm": rng.sample(range(g.num_edges()), g.num_edges()),
    }
    made = reorder_graph(g, nodes, edges, permute_config=config)
    node_ids, edge_ids = made.ndata["_ID"].tolist(), made.edata["_ID"].tolist()
    assert sorted(node_ids) == list(range(g.num_nodes()))
    assert [(node_ids[u], node_ids[v]) for u, v in pairs(made)] == [pairs(g)[e] for e in edge_ids]
    assert made.edata["w"].tolist() == [e + 1.0 for e in edge_ids]
    if nodes == "custom":
        assert node_ids == config["nodes_perm"]
    if edges == "custom":
        assert edge_ids == config["edges_perm"]
    else:
        end = [pair[0 if edges == "src" else 1] for pair in pairs(made)]
        assert end == sorted(end)


def test_ids_are_left_out_on_demand():
    made = reorder_graph(messy(), store_ids=False)
    assert sorted(made.ndata) == ["x"]
    assert sorted(made.edata) == ["i", "w"]


def test_the_nodes_of_a_part_stand_together():
    pytest.importorskip("pymetis")
    g = graph(([0, 2, 4, 1, 3, 5, 0, 1], [2, 4, 0, 3, 5, 1, 4, 5]))
    made = reorder_graph(g, "metis", permute_config={"k": 2})
    assert {frozenset(part.tolist()) for part in made.ndata["_ID"].split(3)} == {
        frozenset({0, 2, 4}),
        frozenset({1, 3, 5}),
    }
