"""What every part of a graph has to be, in plain Python, and graphs large enough that few nodes are few."""

import torch
from hypothesis import strategies as st

from weft.graph import Graph


def assert_part(part, graph, nodes, edges):
    """The part has these nodes and edges, in this order, with their ends and features."""
    assert {name: ids.tolist() for name, ids in part.node_ids.items()} == nodes
    assert {name: ids.tolist() for name, ids in part.edge_ids.items()} == edges
    made = part.graph
    assert made.node_types == tuple(nodes)
    assert made.edge_types == tuple(edges)
    for name, ids in nodes.items():
        assert made.node_sets[name].count == len(ids)
        assert_rows(made.node_sets[name], graph.node_sets[name], ids)
    for name, ids in edges.items():
        adjacency, whole = made.edge_sets[name].adjacency, graph.edge_sets[name].adjacency
        assert (adjacency.num_sources, adjacency.num_targets) == (len(nodes[name[0]]), len(nodes[name[2]]))
        assert (adjacency.source.dtype, adjacency.target.dtype) == (whole.source.dtype, whole.target.dtype)
        assert [nodes[name[0]][at] for at in adjacency.source.tolist()] == whole.source[ids].tolist()
        assert [nodes[name[2]][at] for at in adjacency.target.tolist()] == whole.target[ids].tolist()
        assert_rows(made.edge_sets[name], graph.edge_sets[name], ids)


def assert_rows(found, expected, ids):
    """The features of a set are these rows of those of another."""
    assert set(found) == set(expected)
    for name, feature in found.items():
        torch.testing.assert_close(feature, expected[name][ids], rtol=0, atol=0)


def ends_of(graph):
    """(source, target) of every edge by edge type."""
    return {
        name: list(zip(edges.adjacency.source.tolist(), edges.adjacency.target.tolist(), strict=True))
        for name, edges in graph.edge_sets.items()
    }


@st.composite
def larger_graphs(draw):
    """Random graphs of up to 200 users and items of which some have no edge, with a feature on each set."""
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**16)))
    users, items = draw(st.sampled_from([200, 40, 7, 1])), draw(st.sampled_from([60, 9, 1]))
    counts = {"user": users, "item": items}
    dtype = draw(st.sampled_from([torch.int32, torch.int64]))

    def ends(first, last):
        count = draw(st.sampled_from([4 * users, users, 1, 0]))
        return tuple(torch.randint(counts[end], (count,), generator=generator).to(dtype) for end in (first, last))

    types = ("user", "follows", "user"), ("user", "rates", "item")
    graph = Graph({name: ends(name[0], name[2]) for name in types}, num_nodes=counts)
    for found in [*graph.node_sets.values(), *graph.edge_sets.values()]:
        found["x"] = torch.randn(found.count, 2, generator=generator)
    return graph


@st.composite
def choices(draw, count, *, is_ordered=False):
    """A few or many ids below a count, each once, in any order unless they are to ascend."""
    size = draw(st.sampled_from([0, 1, 2, count // 20, count // 2, count]))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**16)))
    found = torch.randperm(count, generator=generator)[:size]
    return found.sort().values if is_ordered else found
