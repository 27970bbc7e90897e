"""What transforms compute, as dense matrices in numpy."""

import numpy as np
import torch


def dense(graph, weight=None, edge_type=None):
    """A[i, j] is the sum of the weights of the edges j -> i."""
    edges = graph.edges if edge_type is None else graph[edge_type]
    adjacency = edges.adjacency
    matrix = np.zeros((adjacency.num_targets, adjacency.num_sources))
    values = np.ones(edges.count) if weight is None else edges[weight].double().numpy()
    np.add.at(matrix, (adjacency.target.numpy(), adjacency.source.numpy()), values)
    return matrix


def looped(graph, weight=None):
    """A with a loop of weight 1 at each node that has none."""
    adjacency = graph.adjacency
    has = set(adjacency.source[adjacency.source == adjacency.target].tolist())
    return dense(graph, weight) + np.diag([float(node not in has) for node in range(graph.num_nodes)])


def normalised(matrix, norm):
    """Each entry over the degrees of its ends; 0 where a degree is not positive."""
    leaves, enters = matrix.sum(0), matrix.sum(1)
    power = -0.5 if norm == "both" else -1.0
    left, right = (np.where(d > 0, d, np.inf) ** power for d in (leaves, enters))
    if norm in ("both", "left"):
        matrix = matrix * left[None]
    return matrix * right[:, None] if norm in ("both", "right") else matrix


def assert_matrix(found, expected, tolerance=1e-5):
    torch.testing.assert_close(
        *(torch.tensor(np.asarray(part, dtype=np.float64)) for part in (found, expected)),
        rtol=tolerance,
        atol=tolerance,
    )
