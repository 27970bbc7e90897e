"""Neighbours by chance, or the latest."""

from collections.abc import Sequence
from typing import Literal, final

from ..errors import check_choice
from ..graph import Graph
from ..ops import Drawing
from ._hop_sampler import HopSampler
from ._hops import Fanout, Form, Hops


@final
class NeighborSampler(HopSampler):
    """Draw some neighbours of each seed, some of each of those, and so on.

    Args:
        graph: of one type or many. Edges are drawn against their direction: a target draws its sources. Batches are drawn
            where the graph is, on a GPU the same ones as on the CPU.
        fanouts: how many edges a node draws in each hop, from the seeds outward: a number for all types, or a mapping from edge
            types or relations to numbers. -1 takes all edges.
        weight: the name of a feature of edges: one that weighs more is drawn more often, one of 0 or False never. Edges of types
            without the feature are all alike.
        time: the name of a feature of edges, nodes or both, int64: an edge is drawn only if it, and its source, are there when
            the seed asks; edges of types without times are always there. Every seed then has nodes of its own.
        choice: "chance", or "recent" for the latest edges, the latest first; among edges without times by chance.
        replace: put back what was drawn, so that an edge can come several times.
        strict: with times, only what was there before the seed asks, not at that moment.
        window: with times, how long before it may have happened.
        disjoint: give each seed nodes of its own, as a tree, even where two seeds meet the same node: at most 65,536 seeds a
            batch, and 500 draws a node. Draws then depend on the place of a seed in its batch, too.
        form: "blocks", where every node draws again in each hop, for layers that run one after the other on less and less;
            "graph", where every node draws once, on which all layers run; or "induced", the graph of all edges between the nodes
            that were met: with `disjoint` it is ShaDow, with fan-outs of -1 it has all that is so many hops away, and without
            fan-outs it is that of the seeds alone.
        keeps_edges: give original ids of edges; without them a batch takes less time.
        seed: of 64 bits.

    Raises:
        FeatureError, DtypeError, DeviceError, OptionError: if arguments are of another kind or do not fit each other.

    *Source* Hamilton, Ying, Leskovec (2017), Inductive Representation Learning on Large Graphs, arXiv 1706.02216; Zeng and others
    (2021), Decoupling the Depth and Scope of Graph Neural Networks, arXiv 2201.07858, for induced graphs. Draws have the key
    that `weft.ops.draw_neighbors` states: seed, epoch, batch, hop, edge type, node, tree and number of the draw.

    *Cost* the edges by target, kept by the graph; 8 bytes more an edge for weights, and for times the edges in their order. One
    native call on several threads draws a batch, and a second one copies it.

    >>> import weft
    >>> ring = weft.Graph([0, 1, 2, 3], [1, 2, 3, 0])
    >>> batch = NeighborSampler(ring, [1, 1]).sample([2])
    >>> [block.node_ids["node"].tolist() for block in batch.blocks]
    [[2, 1, 0], [2, 1]]
    """

    def __init__(
        self, graph: Graph, fanouts: Sequence[Fanout], *, weight: str | None = None, time: str | None = None,
        choice: Literal["chance", "recent"] = "chance", replace: bool = False, strict: bool = False,
        window: int | None = None, disjoint: bool = False, form: Form = "blocks",
        keeps_edges: bool = True, seed: int = 0,
    ) -> None:  # fmt: skip
        check_choice("NeighborSampler", "choice", choice, ("chance", "recent"))
        how = Drawing(
            choice, replace=replace, trees=disjoint or time is not None, strict=strict,
            window=window, keeps_edges=keeps_edges,
        )  # fmt: skip
        self._hops = Hops(
            "NeighborSampler", graph, fanouts, how, form=form, seed=seed, weight=weight, time=time, on_devices=True
        )
