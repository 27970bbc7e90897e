"""Neighbours of neighbours of seeds, drawn in one call: all hops and types, and the numbers of all nodes."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ...errors import OptionError, ShapeError, check_choice, message
from .. import _backend
from . import engine, on_device, reference
from .candidates import Candidates
from .checks import CPU, NEIGHBOR_STREAMS, check_candidates, check_draws, check_lists, check_number, refuse_traces
from .request import CHOICES, Drawing, Drawn, Draws, Request

MOST_TREES = 2**16
MOST_DRAWS, MOST_IN_TREES = 2**25, 500


def draw_neighbors(
    candidates: Sequence[Candidates],
    seeds: Sequence[Tensor],
    fanouts: Sequence[Sequence[int]],
    *,
    num_nodes: Sequence[int],
    draws: Draws | None = None,
    how: Drawing | None = None,
    tree_ids: Sequence[Tensor] | None = None,
    times: Sequence[Tensor] | None = None,
    excluded: Sequence[Tensor | None] | None = None,
) -> Drawn:
    """Draw neighbours of seeds, then neighbours of those, and number all nodes in the order in which they are met.

    In a hop, each node of a relation's target type draws among the edges that enter it: types in their order, nodes in the
    order of their numbers. Without replacement no edge comes twice, and a node with no more edges than the fan-out takes all
    of them. Edges of weight 0, edges that are excluded and edges outside the time of the seed are not there.

    *Shapes* for each node type `seeds: (num_seeds,)`, int64, and `num_nodes`; for each hop, from the seeds outward, and each
    relation a fan-out, -1 for all edges; for each node type `times: (num_seeds,)`, int64; for each relation
    `excluded: (any,)`, int64, positions that ascend. Where several seeds share a tree, for each node type
    `tree_ids: (num_seeds,)`, int64, and one tensor of `times: (num_trees,)`.

    Args:
        draws: see `Draws`. Philox-4x32-10 with the seed as key gives the bits. The counter holds, from its highest bits down, the
            epoch (20 bits), the batch (28), stream + hop * number of relations + relation (16), the node that draws, or for
            "source" the source (40), the place of the seed in a batch of trees (16), and the number of the draw (8; 24 without
            trees). A number below n is the high half of n times a word of 32 bits, or of 64 for weights.
        how: see `Drawing`.

    Raises:
        OptionError, ShapeError, DtypeError, DeviceError: if arguments are of another kind or do not fit each other.
        IdError, StructureError: if a seed is not there, or where sources or pointers that are read contradict themselves.
        MemoryError: if what is drawn does not fit.

    Where the candidates are on a GPU, all tensors are, and so is what comes out, the same bit for bit.

    *Source* Hamilton, Ying, Leskovec (2017), Inductive Representation Learning on Large Graphs, arXiv 1706.02216; Balin,
    Çatalyürek (2023), Layer-Neighbor Sampling, arXiv 2210.13339; Bentley, Floyd (1987), A sample of brilliance, for draws that
    are all alike. Weighted draws have the distribution of Efraimidis, Spirakis (2006), Weighted random sampling with a reservoir.

    *Cost* for each node that draws its pointers, and for each draw a source and an edge id, all of them anywhere; for "source"
    all edges of the nodes that draw. A draw is compared with those of its node before it, and a weighted one is led past all
    edges of the node that are excluded: fan-outs of ten thousands take their square. The memory of the largest batch is kept
    for the next one, once for each thread that calls.

    >>> import torch
    >>> from weft.ops import Structure
    >>> ring = Structure(torch.arange(5), torch.tensor([3, 0, 1, 2]))
    >>> drawn = draw_neighbors([Candidates(ring, 0, 0)], [torch.tensor([2])], [[5], [5]], num_nodes=[4])
    >>> drawn.node_ids[0].tolist(), drawn.edges[1][0].source.tolist()
    ([2, 1, 0], [1, 2])
    """
    refuse_traces("draw_neighbors")
    excluded = [None] * len(candidates) if excluded is None else excluded
    request = Request(
        candidates, seeds, fanouts, num_nodes, draws or Draws(), how or Drawing(), tree_ids, times, excluded
    )
    first = candidates[0].rows.indptr if candidates else next(iter(seeds), None)
    device = first.device if isinstance(first, Tensor) else CPU
    _check(request, device)
    if device.type != "cpu" or _backend.active == "triton":
        return on_device.draw(request, device)
    return reference.draw(request) if _backend.active == "reference" else engine.draw(request)


def _check(request: Request, device: torch.device) -> None:
    name = "draw_neighbors"
    candidates, seeds, fanouts, num_nodes, draws, how, tree_ids, times, excluded = request
    relations, types = len(candidates), len(num_nodes)
    check_drawing(name, candidates, fanouts, how=how, draws=draws)
    check_lists(name, "seeds", seeds, types, device)
    if tree_ids is not None:
        _check_tree_ids(name, seeds, tree_ids, how, device)
    if has_times(candidates) != (times is not None):
        got = "times of edges alone" if times is None else "times of seeds alone"
        raise OptionError(message(name, "times of edges and of seeds, or neither", got))
    if times is not None:
        check_lists(name, "times", times, types if tree_ids is None else 1, device)
        for of_seeds, of_times in zip(seeds, times, strict=True) if tree_ids is None else ():
            if of_seeds.shape != of_times.shape:
                got = f"{of_times.shape[0]} for {of_seeds.shape[0]} seeds"
                raise ShapeError(message(name, "a time for each seed", got))
    if how.trees:
        check_number(name, "number of trees", request.num_trees(), 0, MOST_TREES + 1)
    if len(excluded) != relations:
        raise ShapeError(message(name, f"{relations} of `excluded`", str(len(excluded))))
    named = [positions for positions in excluded if positions is not None]
    check_lists(name, "excluded", named, len(named), device)
    for positions, relation in zip(excluded, candidates, strict=True):
        _check_ascending(name, positions, relation.rows.num_edges)
    check_candidates(name, candidates, num_nodes, device)


def _check_tree_ids(
    name: str, seeds: Sequence[Tensor], tree_ids: Sequence[Tensor], how: Drawing, device: torch.device
) -> None:
    check_lists(name, "tree_ids", tree_ids, len(seeds), device)
    if not how.trees:
        raise OptionError(message(name, "`trees`, since there are `tree_ids`", "one node for all seeds"))
    for of_seeds, of_trees in zip(seeds, tree_ids, strict=True):
        if of_seeds.shape != of_trees.shape:
            raise ShapeError(
                message(name, "a tree for each seed", f"{of_trees.shape[0]} for {of_seeds.shape[0]} seeds")
            )


def _check_ascending(name: str, positions: Tensor | None, num_edges: int) -> None:
    if positions is None or positions.numel() == 0:
        return
    if int(positions[0]) < 0 or int(positions[-1]) >= num_edges or bool((positions.diff() <= 0).any()):
        expected = f"`excluded` to ascend, each position once, among {num_edges}"
        raise OptionError(
            message(name, expected, f"{int(positions.min())} to {int(positions.max())}", "take .unique()")
        )


def has_times(candidates: Sequence[Candidates]) -> bool:
    """Whether edges of some type have times, so that seeds need them, too."""
    return any(relation.times is not None for relation in candidates)


def check_drawing(
    name: str, candidates: Sequence[Candidates], fanouts: Sequence[Sequence[int]], *, how: Drawing, draws: Draws
) -> None:
    """Refuse options that contradict each other or the edges, in the name of whoever was given them.

    Raises:
        OptionError, ShapeError: if they do.
    """
    check_draws(name, draws)
    streams = draws.stream + len(fanouts) * len(candidates)
    check_number(name, "stream, plus hops times edge types,", streams, 0, NEIGHBOR_STREAMS + 1)
    check_choice(name, "choice", how.choice, CHOICES)
    timed = has_times(candidates)
    if how.replace and how.choice != "chance":
        got = f'"{how.choice}", which draws no edge twice'
        raise OptionError(message(name, '`replace` only for choice "chance"', got))
    if how.shares_layers and how.choice != "source":
        raise OptionError(message(name, '`shares_layers` only for choice "source"', f'"{how.choice}"'))
    if (how.choice == "recent" or how.strict or how.window is not None) and not timed:
        raise OptionError(message(name, 'times of edges for choice "recent", `strict` and `window`', "none"))
    if timed and not how.trees:
        expected = "trees where edges have times, since a node may be met at several"
        raise OptionError(message(name, expected, "one node for all seeds"))
    if how.window is not None:
        check_number(name, "window", how.window, 0, 2**63)
    most = MOST_IN_TREES if how.trees and how.choice != "source" else MOST_DRAWS
    for of_hop in fanouts:
        if len(of_hop) != len(candidates):
            raise ShapeError(message(name, f"a fan-out for each of {len(candidates)} edge types", str(list(of_hop))))
        for fanout in of_hop:
            check_number(name, "fanouts", fanout, -1, most + 1)
