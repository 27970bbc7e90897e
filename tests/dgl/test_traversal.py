"""Orders of nodes and edges, compared with searches written as loops, and messages along them."""

from collections import deque

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import weft.dgl as dgl
import weft.dgl.function as fn
from weft.errors import IdError, OptionError, ShapeError, StructureError

FORWARD, REVERSE, NONTREE = 0, 1, 2


@st.composite
def graphs(draw, acyclic=False):
    num_nodes = draw(st.integers(1, 8))
    node = st.integers(0, num_nodes - 1)
    pairs = draw(st.lists(st.tuples(node, node), max_size=20))
    if acyclic:
        place = draw(st.permutations(range(num_nodes)))
        pairs = [(u, v) if place[u] < place[v] else (v, u) for u, v in pairs if u != v]
    idtype = draw(st.sampled_from([torch.int32, torch.int64]))
    graph = dgl.graph(([u for u, _ in pairs], [v for _, v in pairs]), num_nodes=num_nodes, idtype=idtype)
    reverse = draw(st.booleans())
    leaving = [[] for _ in range(num_nodes)]
    for edge, (u, v) in enumerate(pairs):
        leaving[v if reverse else u].append((edge, u if reverse else v))
    sources = draw(st.lists(node, min_size=1, max_size=3, unique=True))
    return graph, leaving, sources, reverse


def listed(steps):
    return [step.tolist() for step in steps]


@given(graphs())
def test_search_in_breadth_goes_step_by_step(drawn):
    graph, leaving, sources, reverse = drawn
    level, edges, queue, order = dict.fromkeys(sources, 0), {}, deque(sources), []
    while queue:
        node = queue.popleft()
        order.append(node)
        for edge, other in leaving[node]:
            if other not in level:
                level[other], edges[other] = level[node] + 1, edge
                queue.append(other)
    steps = range(max(level.values()) + 1)
    nodes = dgl.bfs_nodes_generator(graph, sources, reverse)
    assert listed(nodes) == [[node for node in order if level[node] == step] for step in steps]
    found = dgl.bfs_edges_generator(graph, sources, reverse)
    assert listed(found) == [[edges[node] for node in order if level[node] == step] for step in steps[1:]]
    assert all(step.dtype == graph.idtype for step in (*nodes, *found))


@given(graphs(acyclic=True))
def test_topological_order_frees_nodes_one_by_one(drawn):
    graph, leaving, _, reverse = drawn
    waits_for = [0] * len(leaving)
    for row in leaving:
        for _, other in row:
            waits_for[other] += 1
    steps = [[node for node, count in enumerate(waits_for) if count == 0]]
    while steps[-1]:
        freed = []
        for node in steps[-1]:
            for _, other in leaving[node]:
                waits_for[other] -= 1
                if waits_for[other] == 0:
                    freed.append(other)
        steps.append(freed)
    assert listed(dgl.topological_nodes_generator(graph, reverse)) == steps[:-1]


def walk(leaving, node, seen):
    seen.add(node)
    for edge, other in leaving[node]:
        if other in seen:
            yield edge, NONTREE
        else:
            yield edge, FORWARD
            yield from walk(leaving, other, seen)
            yield edge, REVERSE


@given(graphs(), st.booleans(), st.booleans())
def test_search_in_depth_lists_edges_as_it_comes_to_them(drawn, has_reverse, has_nontree):
    graph, leaving, sources, reverse = drawn
    wanted = {FORWARD} | ({REVERSE} if has_reverse else set()) | ({NONTREE} if has_nontree else set())
    walks = [[step for step in walk(leaving, node, set()) if step[1] in wanted] for node in sources]
    steps = [[one[at] for one in walks if at < len(one)] for at in range(max(map(len, walks)))]
    edges, labels = dgl.dfs_labeled_edges_generator(graph, sources, reverse, has_reverse, has_nontree)
    assert listed(edges) == [[edge for edge, _ in step] for step in steps]
    assert listed(labels) == [[label for _, label in step] for step in steps]
    assert all(step.dtype is torch.int64 for step in labels)
    bare = dgl.dfs_labeled_edges_generator(graph, sources, reverse, has_reverse, has_nontree, return_labels=False)
    assert listed(bare) == listed(edges)


@given(graphs())
def test_tree_edges_are_those_labeled_forward(drawn):
    graph, _, sources, reverse = drawn
    expected = dgl.dfs_labeled_edges_generator(graph, sources, reverse, return_labels=False)
    found = dgl.dfs_edges_generator(graph, sources, reverse)
    assert listed(found) == listed(expected)
    assert all(step.dtype == graph.idtype for step in found)


def test_sources_may_be_a_number_a_tensor_or_none():
    graph = dgl.graph(([0, 1], [1, 2]))
    assert listed(dgl.bfs_nodes_generator(graph, torch.tensor(1))) == [[1], [2]]
    assert listed(dgl.dfs_edges_generator(graph, [1, 1])) == [[1, 1]]
    for take in (dgl.bfs_nodes_generator, dgl.bfs_edges_generator, dgl.dfs_edges_generator):
        assert take(graph, []) == ()
    assert dgl.dfs_labeled_edges_generator(graph, []) == ((), ())
    assert dgl.topological_nodes_generator(dgl.graph(([], []))) == ()
    assert listed(dgl.topological_nodes_generator(dgl.graph(([], []), num_nodes=2))) == [[0, 1]]


def test_what_cannot_be_searched_is_an_error():
    graph = dgl.graph(([0, 1], [1, 0]))
    bipartite = dgl.heterograph({("u", "r", "i"): ([0, 1], [1, 2])})
    both = dgl.heterograph({("u", "r", "u"): ([0], [0]), ("u", "s", "u"): ([0], [0])})
    for take in (
        dgl.bfs_nodes_generator, dgl.bfs_edges_generator, dgl.dfs_edges_generator, dgl.dfs_labeled_edges_generator,
    ):  # fmt: skip
        for source in (2, -1, [0, 5]):
            with pytest.raises(IdError, match="from 0 to 1"):
                take(graph, source)
        with pytest.raises(ShapeError, match="one set of nodes"):
            take(bipartite, 0)
        with pytest.raises(OptionError, match="expected the name of an edge type"):
            take(both, 0)
    with pytest.raises(StructureError, match="cycle"):
        dgl.topological_nodes_generator(graph)
    with pytest.raises(ShapeError):
        dgl.topological_nodes_generator(bipartite)


def tree():
    made = dgl.graph(([0, 1, 2, 3, 2, 4, 0], [1, 2, 4, 4, 3, 5, 5]))
    made.ndata["h"] = torch.arange(6.0) + 1
    return made


def step_by_step(graph, steps, update):
    for step in steps:
        update(graph, step)
    return graph.ndata["h"]


COPY, ADD = fn.copy_u("h", "m"), fn.sum("m", "h")


def test_nodes_are_pulled_in_the_order_of_a_traversal():
    for run, steps in (
        (lambda g: dgl.prop_nodes_topo(g, COPY, ADD), dgl.topological_nodes_generator(tree())),
        (lambda g: dgl.prop_nodes_topo(g, COPY, ADD, reverse=True), dgl.topological_nodes_generator(tree(), True)),
        (lambda g: dgl.prop_nodes_bfs(g, 0, COPY, ADD), dgl.bfs_nodes_generator(tree(), 0)),
        (lambda g: dgl.prop_nodes_bfs(g, 5, COPY, ADD, reverse=True), dgl.bfs_nodes_generator(tree(), 5, True)),
        (lambda g: dgl.prop_nodes(g, [[1], [2, 4]], COPY, ADD), [[1], [2, 4]]),
        (lambda g: g.prop_nodes([[1], [2, 4]], COPY, ADD), [[1], [2, 4]]),
    ):
        graph = tree()
        run(graph)
        expected = step_by_step(tree(), steps, lambda g, step: g.pull(step, COPY, ADD))
        assert torch.equal(graph.ndata["h"], expected)


def test_edges_are_sent_in_the_order_of_a_traversal():
    walked = dgl.dfs_labeled_edges_generator(tree(), 0, False, True, True, return_labels=False)
    for run, steps in (
        (lambda g: dgl.prop_edges_dfs(g, 0, COPY, ADD), dgl.dfs_edges_generator(tree(), 0)),
        (lambda g: dgl.prop_edges_dfs(g, 0, COPY, ADD, False, True, True), walked),
        (lambda g: dgl.prop_edges(g, [[1], ([2], [4])], COPY, ADD), [[1], ([2], [4])]),
    ):
        graph = tree()
        run(graph)
        expected = step_by_step(tree(), steps, lambda g, step: g.send_and_recv(step, COPY, ADD))
        assert torch.equal(graph.ndata["h"], expected)


def test_a_function_of_nodes_is_applied_at_each_step():
    graph = tree()
    dgl.prop_nodes(graph, [[1], [2]], COPY, ADD, lambda nodes: {"h": nodes.data["h"] * 2})
    assert graph.ndata["h"].tolist() == [1, 2, 4, 4, 5, 6]
    graph = tree()
    dgl.prop_edges_dfs(graph, 0, COPY, ADD, apply_node_func=lambda nodes: {"h": nodes.data["h"] + 1})
    assert graph.ndata["h"].tolist() == [1, 2, 3, 4, 4, 5]


def test_gradients_flow_through_all_steps():
    graph = dgl.graph(([0, 1], [1, 2]))
    x = torch.ones(3, requires_grad=True)
    graph.ndata["h"] = x
    reduce = lambda nodes: {"h": nodes.mailbox["m"].sum(1) * 2 + nodes.data["h"]}  # noqa: E731
    dgl.prop_nodes_topo(graph, COPY, reduce)
    graph.ndata["h"][2].backward()
    assert x.grad.tolist() == [4, 2, 1]
