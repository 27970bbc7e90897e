"""The contract of a sampler, as checks. `check_sampler(sampler, seeds)` runs them all."""

import threading
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree

from ..errors import WeftError
from ..graph import Batch, EdgeType
from ..sampling import Sampler

_BATCHES = 4


def check_sampler(
    sampler: Sampler, seeds: Any, *, times: Any = None, draws: bool = True, names_edges: bool = True
) -> None:
    """Run every check of the contract on a sampler.

    Args:
        seeds: at least two of them, in the form that the sampler takes.
        times: for a sampler with times, in the form of the seeds.
        draws: whether batches of another number are other batches, for these seeds.
        names_edges: whether edges of batches are edges of the graph, whose ids are known.

    Raises:
        AssertionError: naming the check.

    >>> import weft
    >>> ring = weft.Graph([0, 1, 2, 3], [1, 2, 3, 0])
    >>> check_sampler(weft.sampling.NeighborSampler(ring, [2]), [0, 3], draws=False)
    """
    assert sampler.timed == (times is not None), f"check_sampler: give `times`, and only if {sampler.timed=}"

    def sample(epoch: int = 0, batch: int = 0) -> Batch:
        return sampler.sample(seeds, epoch=epoch, batch=batch, times=times)

    check_numbers(sample(), sampler, names_edges)
    check_keys(sample, draws)
    check_threads(sample)
    check_default_device(sample)
    check_moves(sample())
    if not sampler.timed:
        check_rows_of_seeds(sampler, seeds)
        check_refusals(sampler, seeds)


def check_numbers(batch: Batch, sampler: Sampler, names_edges: bool) -> None:
    """Ids name what is there, numbers lie within the batch, and edges are those of the graph."""
    counts = {kind: nodes.count for kind, nodes in sampler.graph.node_sets.items()}
    for kind, ids in batch.node_ids.items():
        assert ids.dtype is torch.int64, f"check_numbers: ids of {kind} are {ids.dtype}"
        assert ids.numel() == 0 or (ids.min() >= 0 and ids.max() < counts[kind]), f"check_numbers: {kind} is not there"
    for block in batch.blocks:
        for kind, count in block.num_targets.items():
            assert count <= block.num_sources[kind], f"check_numbers: more targets than nodes of {kind}"
        _check_edges(sampler, block.adjacencies, block.node_ids, block.edge_ids, names_edges)
    for outer, inner in zip(batch.blocks, batch.blocks[1:], strict=False):
        for kind, ids in inner.node_ids.items():
            assert torch.equal(outer.target_ids(kind), ids), "check_numbers: a block does not feed the next one"
    if batch.graph is not None:
        adjacencies = {name: edges.adjacency for name, edges in batch.graph.edge_sets.items()}
        _check_edges(sampler, adjacencies, batch.node_ids, batch.edge_ids, names_edges)
    for of_seeds, rows in batch.seed_rows.items():
        asked = batch.seeds[of_seeds]
        assert rows.shape == asked.shape, f"check_numbers: rows of the seeds of {of_seeds} are {tuple(rows.shape)}"
        ends = [of_seeds] if isinstance(of_seeds, str) else [of_seeds[0], of_seeds[2]]
        for end, column, wanted in zip(
            ends, rows.reshape(-1, len(ends)).T, asked.reshape(-1, len(ends)).T, strict=True
        ):
            found = batch.node_ids[end][column.long()]
            assert torch.equal(found, wanted), f"check_numbers: rows of the seeds of {of_seeds} name other nodes"


def _check_edges(
    sampler: Sampler, adjacencies: Mapping[EdgeType, Any], node_ids: Mapping[str, Tensor],
    edge_ids: Mapping[EdgeType, Tensor], names_edges: bool,
) -> None:  # fmt: skip
    for name, part in adjacencies.items():
        if not names_edges:
            continue
        whole, edges = sampler.graph.edge_sets[name].adjacency, edge_ids[name]
        assert edges.shape == (part.num_edges,), f"check_numbers: {edges.shape[0]} ids for {part.num_edges} edges"
        for kind, of_whole, of_part in ((name[0], whole.source, part.source), (name[2], whole.target, part.target)):
            same = torch.equal(of_whole[edges].long(), node_ids[kind][of_part.long()])
            assert same, f"check_numbers: edges of {name} are no edges of the graph"


def check_keys(sample: Callable[..., Batch], draws: bool) -> None:
    """The same numbers give the same batch, whatever came before; others give another one."""
    first = [sample(epoch=1, batch=number) for number in range(_BATCHES)]
    for number in reversed(range(_BATCHES)):
        assert _same(sample(epoch=1, batch=number), first[number]), "check_keys: a batch depends on those before it"
    if draws:
        others = [*first[1:], sample(epoch=2)]
        assert not all(_same(first[0], other) for other in others), "check_keys: epochs and batches draw alike"


def check_threads(sample: Callable[..., Batch]) -> None:
    """Batches are the same on any number of threads, and for several threads at once."""
    expected = [sample(batch=number) for number in range(_BATCHES)]
    before = torch.get_num_threads()
    try:
        for threads in (1, 3):
            torch.set_num_threads(threads)
            assert _same(sample(), expected[0]), f"check_threads: another batch on {threads} threads"
    finally:
        torch.set_num_threads(before)
    found: dict[int, Batch] = {}
    threads_at_once = [
        threading.Thread(target=lambda number=number: found.update({number: sample(batch=number)}), daemon=True)
        for number in range(_BATCHES)
    ]
    for thread in threads_at_once:
        thread.start()
    for thread in threads_at_once:
        thread.join()
    for number, batch in enumerate(expected):
        assert number in found, "check_threads: a thread failed"
        assert _same(found[number], batch), "check_threads: another batch beside other threads"


def check_default_device(sample: Callable[..., Batch]) -> None:
    """Where tensors are made elsewhere by default, batches are made on the CPU all the same."""
    expected = sample()
    with torch.device("meta"):
        found = sample()
    assert _same(found, expected), "check_default_device: another batch where tensors are made elsewhere by default"


def check_moves(batch: Batch) -> None:
    """A batch goes to a device, and apart and together again, whole."""
    leaves, spec = _pytree.tree_flatten(batch)
    assert _same(_pytree.tree_unflatten(leaves, spec), batch), "check_moves: a batch is not its parts"
    assert _same(batch.to("cpu"), batch), "check_moves: a batch changes on its way"


def check_rows_of_seeds(sampler: Sampler, seeds: Any) -> None:
    """Seeds by type have a row for each; some of them, none, and one several times give batches, too."""
    by_type = sampler.seeds_by_type(seeds)
    for kind, rows in by_type.items():
        for what, some in (
            ("one", rows[:1]),
            ("none", rows[:0]),
            ("one twice", rows[[0, 0]]),
            ("turned", rows.flip(0)),
        ):
            batch = sampler.sample({**by_type, kind: some})
            assert isinstance(batch, Batch), f"check_rows_of_seeds: {what} of {kind} give no batch"
    nothing = sampler.sample({kind: rows[:0] for kind, rows in by_type.items()})
    nodes = sum(ids.numel() for ids in nothing.node_ids.values())
    assert nodes == 0, f"check_rows_of_seeds: no seeds give {nodes} nodes"


def check_refusals(sampler: Sampler, seeds: Any) -> None:
    """Seeds that are not there, and times where there are none, get typed errors, and the sampler goes on."""
    by_type = sampler.seeds_by_type(seeds)
    before = sampler.sample(seeds)
    for kind, rows in by_type.items():
        for wrong in (-1, 2**40):
            bad = torch.full_like(rows, wrong)
            for call in (sampler.seeds_by_type, sampler.sample):
                _refuses(call, {**by_type, kind: bad}, f"the seed {wrong}")
        _refuses(sampler.sample, {**by_type, kind: rows.double()}, "seeds that are no whole numbers")
    _refuses(lambda given: sampler.sample(given, times=by_type), seeds, "times where edges have none")
    _refuses(lambda given: sampler.sample(given, epoch=-1), seeds, "a negative epoch")
    assert _same(sampler.sample(seeds), before), "check_refusals: errors changed what comes afterwards"


def _refuses(call: Callable[[Any], object], given: Any, what: str) -> None:
    try:
        call(given)
    except WeftError:
        return
    raise AssertionError(f"check_refusals: {what} went through")


def _same(one: Batch, other: Batch) -> bool:
    (ours, of_ours), (theirs, of_theirs) = (_pytree.tree_flatten(batch) for batch in (one, other))
    return of_ours == of_theirs and all(torch.equal(*pair) for pair in zip(ours, theirs, strict=True))
