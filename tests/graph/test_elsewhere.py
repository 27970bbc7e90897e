"""Functions of graphs on a device give what they give on the CPU, and keep it there."""

import pytest
import torch

from tests.elsewhere import assert_alike, elsewhere
from weft.graph import (
    Graph,
    add_edges,
    add_nodes,
    add_reverse_edges,
    add_self_loops,
    batch,
    broadcast_readout,
    compact,
    edge_ids_between,
    edge_subgraph,
    ego_networks,
    find_edges,
    has_edges,
    in_edges,
    in_subgraph,
    khop_graph,
    khop_subgraph,
    largest_component,
    levi_graph,
    line_graph,
    metagraph,
    metapath_graph,
    node_subgraph,
    out_edges,
    out_subgraph,
    pad,
    predecessors,
    readout,
    readout_softmax,
    readout_topk,
    remove_edges,
    remove_nodes,
    remove_self_loops,
    reorder,
    reverse,
    simplify,
    slice_batch,
    successors,
    to_bidirected,
    to_edge_index,
    to_heterogeneous,
    to_homogeneous,
    type_subgraph,
    unbatch,
)
from weft.graph import algorithms as of
from weft.graph import transforms as change

FEW = change.Powers((0.5, 0.3, 0.2))
RATES, RATED = ("user", "rates", "item"), ("item", "rated", "user")


def plain(device):
    draw = torch.Generator().manual_seed(3)
    made = Graph(*torch.randint(12, (2, 40), generator=draw), num_nodes=14)
    made.nodes["x"], made.nodes["y"] = torch.rand(14, 3, generator=draw), torch.randint(3, (14,), generator=draw)
    made.edges["w"] = torch.rand(40, generator=draw)
    return made.to(device)


def shop(device):
    ends = torch.randint(8, (2, 20), generator=torch.Generator().manual_seed(0))
    return Graph({RATES: tuple(ends), RATED: tuple(ends.flip(0))}, num_nodes={"user": 8, "item": 8}).to(device)


def several(device, count=3):
    draw = torch.Generator().manual_seed(count)
    graphs = [Graph(*torch.randint(5, (2, 9), generator=draw), num_nodes=5) for _ in range(count)]
    for each in graphs:
        each.nodes["x"] = torch.rand(5, 2, generator=draw)
    return [each.to(device) for each in graphs]


def ids(device, *values):
    return torch.tensor(values, device=device)


def path(device):
    return Graph([0, 1, 2], [1, 2, 3]).to(device)


def facts(graph):
    known = graph.adjacency
    return [known.is_symmetric, known.has_self_loops, known.has_parallel_edges, known.is_sorted_by_target]


# Of the graph and the device. What draws at random does so on the CPU, by its seed.
STRUCTURE = [
    lambda g, on: [add_nodes(g, 3), add_edges(g, ids(on, 1, 2), [3, 4]), remove_edges(g, [1, 2]), remove_nodes(g, ids(on, 1))],
    lambda g, on: [add_reverse_edges(g), reverse(g), add_self_loops(g), add_self_loops(g, only_missing=True)],
    lambda g, on: [remove_self_loops(g), compact(g), simplify(g), simplify(g, reduce="sum"), facts(g)],
    lambda g, on: [to_bidirected(g), to_bidirected(g, parallel="keep"), to_edge_index(g)],
    lambda g, on: [edge_ids_between(g, ids(on, 1, 2), [3, 4]), has_edges(g, [1, 2], [3, 4]), find_edges(g, ids(on, 3, 9))],
    lambda g, on: [in_edges(g, ids(on, 1, 2)), out_edges(g, [1, 2]), predecessors(g, [1, 2]), successors(g, ids(on, 1))],
    lambda g, on: [in_subgraph(g, [1]), out_subgraph(g, ids(on, 1)), edge_subgraph(g, [1, 5]), ego_networks(g, [1, 2], 2)],
    lambda g, on: [node_subgraph(g, ids(on, 1, 2, 5)), node_subgraph(g, torch.arange(14, device=on) % 2 == 0)],
    lambda g, on: [khop_subgraph(g, ids(on, 1), 2), khop_subgraph(g, [1], 2, direction="both"), khop_graph(g, 2)],
    lambda g, on: [largest_component(g), levi_graph(g), line_graph(g), line_graph(g, backtracking=False), pad(g, 20, 50)],
    lambda g, on: [reorder(g, "degree"), reorder(g, "rcm"), reorder(g, torch.arange(13, -1, -1, device=on))],
    lambda g, on: [metagraph(shop(on)), metapath_graph(shop(on), ["rates", "rated"]), to_homogeneous(shop(on))],
    lambda g, on: [type_subgraph(shop(on), edge_types=["rates"]), to_heterogeneous(to_homogeneous(shop(on)))],
    lambda g, on: [batch(several(on)), unbatch(batch(several(on))), slice_batch(batch(several(on, 4)), [0, 2])],
]  # fmt: skip
VALUES = [
    lambda g, on: [readout(b := batch(several(on)), b.nodes["x"], how) for how in ("sum", "mean", "max", "mul", "var")],
    lambda g, on: [readout_softmax(b := batch(several(on)), b.nodes["x"], b.nodes["x"][:, 0])],
    lambda g, on: [readout_topk(b := batch(several(on)), b.nodes["x"], b.nodes["x"][:, 0], k=2)],
    lambda g, on: [broadcast_readout(batch(several(on)), torch.ones(3, 2, device=on))],
    lambda g, on: [change.add_virtual_nodes(g), change.encode_degrees(g), change.encode_distances(g, [1, 2])],
    lambda g, on: [change.drop_edges(g, 0.3, seed=1), change.drop_nodes(g, 0.3, seed=1), change.split_links(g, seed=1)],
    lambda g, on: [change.split_classes(g, per_class=1, val=2, test=2, seed=1), change.split_random(g, seed=1)],
    lambda g, on: [change.diffuse(g, FEW), change.gdc(g, FEW), change.normalise_edges(g), change.propagate_features(g, 2)],
    lambda g, on: [change.encode_heat(g, [1.0]), change.encode_svd(g, 2), change.encode_walks(g, 3)],
    lambda g, on: [change.encode_laplacian(to_bidirected(g), 2), change.number_pairs(to_bidirected(g))],
    lambda g, on: [change.apply_scaling(g, change.fit_scaling(g)), change.normalise_rows(g)],
]  # fmt: skip
ALGORITHMS = [
    lambda g, on: [of.bfs(g, [1]), of.bfs(g, ids(on, 1)), of.dfs(g, [1]), of.shortest_paths(g, [1], weight=g.edges["w"])],
    lambda g, on: [of.connected_components(g), of.strongly_connected_components(g), of.topological_generations(path(on))],
    lambda g, on: [of.core_numbers(g), of.triangles(g), of.clustering(g), of.transitivity(g)],
    lambda g, on: [of.homophily(g, g.nodes["y"], measure=how) for how in ("edge", "node", "class_insensitive", "adjusted")],
    lambda g, on: [of.label_communities(g), of.partition(g, 3), of.partition_quality(g, torch.arange(14, device=on) % 3)],
    lambda g, on: [of.minimum_spanning_forest(g, g.edges["w"]), of.refine_colors(g)],
    lambda g, on: [of.pagerank(g, tolerance=0.05), of.spread_values(g, g.nodes["x"], num_iterations=3)],
    lambda g, on: [of.propagate_labels(g, g.nodes["y"], num_iterations=3)],
]  # fmt: skip


@pytest.mark.parametrize("job", [*STRUCTURE, *VALUES, *ALGORITHMS])
def test_functions_of_graphs_give_on_a_device_what_they_give_on_the_cpu(job):
    expected = job(plain("cpu"), torch.device("cpu"))
    with elsewhere() as device:
        assert_alike(job(plain(device), device), expected, within=0.0 if job in STRUCTURE else 1e-5)
