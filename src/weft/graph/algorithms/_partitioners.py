"""Partitioners of other packages."""

import torch
from torch import Tensor

from ...ops import Structure
from ...settings import require


def metis(indptr: Tensor, neighbor: Tensor, num_parts: int, *, imbalance: float, seed: int) -> Tensor:
    """Partition with METIS, k-way; its answer depends on the seed alone.

    Raises:
        MissingExtraError: if pymetis is not installed.
    """
    pymetis = require("pymetis", "partition")
    options = pymetis.Options(seed=seed, ufactor=max(1, round(1000 * imbalance)))
    neighbors = pymetis.CSRAdjacency(indptr.cpu().numpy(), neighbor.cpu().numpy())
    _, part = pymetis.part_graph(num_parts, neighbors, recursive=False, options=options)
    return torch.as_tensor(part, dtype=torch.int64)


def kahypar(indptr: Tensor, neighbor: Tensor, num_parts: int, *, imbalance: float, seed: int) -> Tensor:
    """Partition with Mt-KaHyPar on all threads, in the way that gives the same answer on any number of them.

    Raises:
        MissingExtraError: if mtkahypar is not installed.
    """
    package = require("mtkahypar", "partition")
    indptr, neighbor = indptr.cpu(), neighbor.cpu()
    row = Structure(indptr, neighbor).targets()
    is_once = row < neighbor
    edges = list(zip(row[is_once].tolist(), neighbor[is_once].tolist(), strict=True))
    session = package.initialize(torch.get_num_threads(), False)
    package.set_seed(seed)
    context = session.context_from_preset(package.PresetType.DETERMINISTIC)
    context.set_partitioning_parameters(num_parts, imbalance, package.Objective.CUT)
    context.logging = False
    graph = session.create_graph(context, indptr.shape[0] - 1, len(edges), edges)
    return torch.tensor(graph.partition(context).get_partition(), dtype=torch.int64)
