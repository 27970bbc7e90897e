"""Thousands of steps of change, selection, batching and conversion, each beside a model in plain Python."""

import torch
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from weft.graph import (
    Graph,
    add_edges,
    add_nodes,
    add_reverse_edges,
    add_self_loops,
    batch,
    edge_subgraph,
    from_networkx,
    from_scipy,
    khop_subgraph,
    node_subgraph,
    remove_edges,
    remove_nodes,
    remove_self_loops,
    reorder,
    reverse,
    simplify,
    to_bidirected,
    to_networkx,
    to_scipy,
    unbatch,
)

MOST_NODES, MOST_EDGES = 12, 40


class ChangingGraph(RuleBasedStateMachine):
    """The model: a number for each node, and (source, target, number) for each edge, in their order."""

    nodes: list[int]
    edges: list[tuple[int, int, int]]
    graph: Graph

    @initialize(count=st.integers(0, 4))
    def begin(self, count):
        self.next = count
        self.nodes, self.edges = list(range(count)), []
        self.graph = Graph([], [], count)
        self.graph.nodes["x"] = torch.tensor(self.nodes, dtype=torch.int64)
        self.graph.edges["w"] = torch.zeros(0, dtype=torch.int64)

    def fresh(self, count):
        """Numbers that no node or edge has had, and never 0, which is what a new row without a number gets."""
        self.next += count
        return list(range(self.next - count + 1, self.next + 1))

    def chosen(self, data, count, **options):
        return data.draw(st.lists(st.integers(0, count - 1), unique=True, **options)) if count else []

    @rule(count=st.integers(0, 3))
    def add_some_nodes(self, count):
        if len(self.nodes) + count <= MOST_NODES:
            numbers = self.fresh(count)
            self.graph = add_nodes(self.graph, count, features={"x": torch.tensor(numbers, dtype=torch.int64)})
            self.nodes += numbers

    @rule(data=st.data(), count=st.integers(0, 5))
    def add_some_edges(self, data, count):
        if self.nodes and len(self.edges) + count <= MOST_EDGES:
            end = st.integers(0, len(self.nodes) - 1)
            ends = [(data.draw(end), data.draw(end)) for _ in range(count)]
            numbers = self.fresh(count)
            source, target = ([pair[at] for pair in ends] for at in (0, 1))
            self.graph = add_edges(self.graph, source, target, features={"w": torch.tensor(numbers, dtype=torch.int64)})
            self.edges += [(*pair, number) for pair, number in zip(ends, numbers, strict=True)]

    @rule(data=st.data())
    def remove_some_edges(self, data):
        gone = self.chosen(data, len(self.edges), max_size=4)
        self.graph = remove_edges(self.graph, gone).graph
        self.edges = [edge for at, edge in enumerate(self.edges) if at not in gone]

    @rule(data=st.data())
    def remove_some_nodes(self, data):
        gone = self.chosen(data, len(self.nodes), max_size=2)
        self.graph = remove_nodes(self.graph, gone).graph
        self.keep([at for at in range(len(self.nodes)) if at not in gone])

    def keep(self, kept):
        new = {node: at for at, node in enumerate(kept)}
        self.nodes = [self.nodes[node] for node in kept]
        self.edges = [(new[u], new[v], w) for u, v, w in self.edges if u in new and v in new]

    @rule(data=st.data())
    def take_nodes(self, data):
        kept = data.draw(st.permutations(range(len(self.nodes))))[: max(len(self.nodes) - 1, 0)]
        self.graph = node_subgraph(self.graph, list(kept), features=data.draw(st.sampled_from(["copy", "lazy"]))).graph
        self.keep(list(kept))

    @rule(data=st.data())
    def take_edges(self, data):
        kept = self.chosen(data, len(self.edges), min_size=min(len(self.edges), 6))
        self.graph = edge_subgraph(self.graph, kept, keep_nodes=True).graph
        self.edges = [self.edges[at] for at in kept]

    @rule(data=st.data(), hops=st.integers(0, 3))
    def take_what_is_near(self, data, hops):
        if not self.nodes:
            return
        near = {data.draw(st.integers(0, len(self.nodes) - 1))}
        seeds = list(near)
        for _ in range(hops):
            near |= {u for u, v, _ in self.edges if v in near}
        found = khop_subgraph(self.graph, seeds, hops)
        assert set(found.node_ids["node"].tolist()) == near
        inside = sorted(w for u, v, w in self.edges if u in near and v in near)
        assert sorted(found.graph.edges["w"].tolist()) == inside

    @rule()
    def turn_round(self):
        self.graph = reverse(self.graph)
        self.edges = [(v, u, w) for u, v, w in self.edges]

    @rule(data=st.data())
    def number_anew(self, data):
        order = data.draw(st.permutations(range(len(self.nodes))))
        self.graph = reorder(self.graph, list(order)).graph
        self.keep(list(order))

    @rule()
    def close_loops(self):
        if len(self.edges) + len(self.nodes) <= MOST_EDGES:
            self.graph = add_self_loops(self.graph, only_missing=True)
            looped = {u for u, v, _ in self.edges if u == v}
            self.edges += [(node, node, 0) for node in range(len(self.nodes)) if node not in looped]

    @rule()
    def open_loops(self):
        self.graph = remove_self_loops(self.graph).graph
        self.edges = [edge for edge in self.edges if edge[0] != edge[1]]

    @rule()
    def merge_parallel(self):
        found = simplify(self.graph)
        first: dict[tuple[int, int], int] = {}
        for u, v, w in self.edges:
            first.setdefault((u, v), w)
        self.graph = found.graph
        assert self.listed() == sorted((u, v, w) for (u, v), w in first.items())
        self.edges = self.listed(in_order=True)

    @rule()
    def both_ways(self):
        found = to_bidirected(self.graph)
        ends = {(u, v) for u, v, _ in self.edges}
        pairs = list(zip(found.adjacency.source.tolist(), found.adjacency.target.tolist(), strict=True))
        assert len(pairs) == len(set(pairs))
        assert set(pairs) == ends | {(v, u) for u, v in ends}

    @rule()
    def add_reverses(self):
        found = add_reverse_edges(self.graph).graph
        back = sorted((v, u) for u, v, _ in self.edges)
        pairs = sorted(zip(found.adjacency.source.tolist(), found.adjacency.target.tolist(), strict=True))
        turned = [(v, u) for u, v in back if u != v]  # a self loop is its own reverse
        assert pairs == sorted([*back, *turned])

    @rule(copies=st.integers(1, 3))
    def batch_and_back(self, copies):
        parts = unbatch(batch([self.graph] * copies))
        assert len(parts) == copies
        self.graph = parts[-1]

    @rule()
    def through_networkx(self):
        found = to_networkx(self.graph, node_features=["x"], edge_features=["w"])
        if self.edges:
            back = from_networkx(found, node_features=["x"], edge_features=["w"])
            assert self.listed(back) == self.listed()
            assert back.nodes["x"].tolist() == self.nodes

    @rule()
    def through_scipy(self):
        back = from_scipy(to_scipy(self.graph, weight=self.graph.edges["w"]), weight="w")
        assert self.listed(back, in_order=True) == self.listed(in_order=True)

    def listed(self, graph=None, in_order=False):
        graph = self.graph if graph is None else graph
        ends = graph.adjacency.source.tolist(), graph.adjacency.target.tolist()
        rows = list(zip(*ends, graph.edges["w"].tolist(), strict=True))
        return rows if in_order else sorted(rows)

    @invariant()
    def graph_is_as_the_model(self):
        if not hasattr(self, "graph"):
            return
        assert self.graph.num_nodes == len(self.nodes)
        assert self.graph.nodes["x"].tolist() == self.nodes
        assert self.listed(in_order=True) == self.edges
        degrees = [sum(v == node for _, v, _ in self.edges) for node in range(len(self.nodes))]
        assert self.graph.adjacency.by_target.indptr.diff().tolist() == degrees


TestChangingGraph = ChangingGraph.TestCase
TestChangingGraph.settings = settings(stateful_step_count=50)
