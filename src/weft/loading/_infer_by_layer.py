"""A model on a whole graph, one layer after the other, in memory for two layers' features."""

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import torch
from torch import Tensor

from ..errors import DeviceError, OptionError, ShapeError, message
from ..graph import Block, Graph, by_node_type
from ..ops import gather_rows
from ..sampling import NeighborSampler
from ._ahead import ahead, batches_ahead, is_elsewhere
from ._epochs import Epochs

Rows: TypeAlias = Tensor | Mapping[str, Tensor]
Step: TypeAlias = Callable[[Block, Any], Rows]


def infer_by_layer(
    graph: Graph,
    steps: Sequence[Step],
    x: Rows,
    *,
    batch_size: int = 8192,
    edge_budget: int = 2**20,
    folder: str | Path | None = None,
    device: torch.device | str | int | None = None,
    prefetch: int | None = None,
    num_threads: int = 1,
    on_batch: Callable[[int, int], None] | None = None,
) -> Rows:
    """Compute the result of a model for all nodes, layer by layer, on blocks of all edges that enter some nodes.

    Every node is computed once for each layer, where a sampler with all neighbours would compute those that are far again and
    again. In memory are the features of all nodes before and after a layer, and a few blocks; with `folder` those features are
    in mapped files, which the system keeps in memory as far as there is room.

    *Shapes* `x: (num_nodes, *)` -> `(num_nodes, *)`; for many types mappings from node types.

    Args:
        graph: on the CPU.
        steps: for each layer a function from a block and the features of its sources to rows for its targets, such as a layer
            with what follows it, or `LayerStack.steps(graph)`. `block.edge_ids` finds what is known of edges.
        batch_size: the most targets of a block.
        edge_budget: about how many edges a block has at most; a node with more of them has a block of its own.
        folder: where to put the features between layers and the result, as files; by default they are in memory.
        device: where steps run.
        prefetch, num_threads: of blocks that are made ahead in threads, see `Loader`.
        on_batch: called after each block with the number of blocks done and of all, for a progress bar.

    Raises:
        ShapeError: if there are not as many features as nodes, or a step gives another number of rows than targets.
        OptionError, FeatureError, DeviceError: if arguments are of another kind or do not fit each other.

    The result is that of the model on the whole graph if steps look at the edges that enter a target alone. `GraphConv` with
    `norm="both"` counts those that leave a source, too: `LayerStack.steps(graph)` gives it weights instead, and so can you,
    those of `EdgeWeightNorm`, with `norm="none"`.

    >>> import weft
    >>> graph = weft.Graph([0, 1, 2, 3], [1, 2, 3, 0])
    >>> layers = [weft.nn.SAGEConv(4, 8, "mean"), weft.nn.SAGEConv(8, 2, "mean")]
    >>> infer_by_layer(graph, layers, torch.randn(4, 4)).shape
    torch.Size([4, 2])
    """
    prefetch = batches_ahead("infer_by_layer", prefetch, num_threads, waits=is_elsewhere(device))
    if graph.device.type != "cpu":
        hint = "steps run on `device`, and results come to the CPU; call graph.to('cpu')"
        raise DeviceError(message("infer_by_layer", "a graph on the CPU", str(graph.device), hint))
    sampler = NeighborSampler(graph, [-1])
    kinds = {kind: nodes.count for kind, nodes in graph.node_sets.items()}
    given: dict[str, Tensor] = by_node_type("infer_by_layer", "x", graph, given=x)
    for kind, features in given.items():
        if features.shape[:1] != (kinds[kind],):
            expected = f'features of {kinds[kind]} "{kind}" nodes'
            raise ShapeError(message("infer_by_layer", expected, str(tuple(features.shape))))
    if not steps:
        raise OptionError(message("infer_by_layer", "at least one step", "none"))
    blocks = _blocks(graph, batch_size, edge_budget)
    place = torch.device("cpu") if device is None else torch.empty(0, device=device).device
    is_typed = isinstance(x, Mapping)
    for layer, step in enumerate(steps):
        after: dict[str, Tensor] = {}
        make = functools.partial(_made, sampler, given, place)
        made = ahead(make, blocks, prefetch=prefetch, num_threads=num_threads)
        for at, (asked, (block, rows)) in enumerate(zip(blocks, made, strict=True)):
            with torch.no_grad():
                out = step(block, rows if is_typed else next(iter(rows.values())))
            for kind, part in _checked(out, asked).items():
                if kind not in after:
                    after[kind] = _room(folder, f"{layer}-{kind}", (kinds[kind], *part.shape[1:]), part.dtype)
                first = int(asked[kind][0])
                after[kind][first : first + part.shape[0]] = part
            if on_batch is not None:
                on_batch(layer * len(blocks) + at + 1, len(blocks) * len(steps))
        given = after
    return given if is_typed else next(iter(given.values()), torch.empty(0, device="cpu"))


def _made(
    sampler: NeighborSampler, before: Mapping[str, Tensor], place: torch.device, asked: Mapping[str, Tensor]
) -> tuple[Block, dict[str, Tensor]]:
    """The block of some targets, and the features of its sources."""
    block = sampler.sample(asked).blocks[0]
    rows = {kind: gather_rows(before[kind], ids) for kind, ids in block.node_ids.items() if kind in before}
    return block.to(place), {kind: of_type.to(place) for kind, of_type in rows.items()}


def _checked(out: Rows, asked: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What a step gave for the targets that were asked for, of the types for which it gave something."""
    found = out if isinstance(out, Mapping) else dict.fromkeys(asked, out)
    parts = {kind: found[kind].detach().cpu() for kind in asked if kind in found}
    for kind, part in parts.items():
        if part.shape[:1] != asked[kind].shape:
            expected = f'{asked[kind].shape[0]} rows for the targets, "{kind}"'
            raise ShapeError(message("infer_by_layer", expected, str(tuple(part.shape))))
    return parts


def _blocks(graph: Graph, batch_size: int, edge_budget: int) -> list[dict[str, Tensor]]:
    """All nodes, one type after the other, in pieces of bounded size."""
    if edge_budget < 1:
        raise OptionError(message("infer_by_layer", "`edge_budget` of at least 1", str(edge_budget)))
    pieces = []
    for kind, nodes in graph.node_sets.items():
        cost = torch.ones(nodes.count, dtype=torch.int64, device="cpu")
        for name, edges in graph.edge_sets.items():
            if name[2] == kind:
                cost += edges.adjacency.in_degrees()
        budget = max(edge_budget, int(cost.max()) if nodes.count else 0)
        epochs = Epochs(
            "infer_by_layer", nodes.count, batch_size=batch_size, shuffle=False, drop_last=False, seed=0, rank=0,
            num_ranks=1, cost=cost, budget=budget,
        )  # fmt: skip
        pieces += [{kind: ids} for _, ids in epochs.batches(0)]
    return pieces


def _room(folder: str | Path | None, name: str, shape: Sequence[int], dtype: torch.dtype) -> Tensor:
    count = math.prod(shape)
    if folder is None or count == 0:
        return torch.empty(tuple(shape), dtype=dtype, device="cpu")
    Path(folder).mkdir(parents=True, exist_ok=True)
    return torch.from_file(str(Path(folder) / name), shared=True, size=count, dtype=dtype).reshape(tuple(shape))
