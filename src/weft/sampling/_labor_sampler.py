"""Neighbours that targets share."""

from collections.abc import Sequence
from typing import final

from ..graph import Graph
from ..ops import Drawing
from ._hop_sampler import HopSampler
from ._hops import Fanout, Form, Hops


@final
class LaborSampler(HopSampler):
    """Keep each neighbour with a chance that one draw for its node decides, so that targets keep the same ones.

    `edge (s, t) is kept if r_s < c_t w_st`, with r_s uniform on [0, 1) and `sum over s of min(1, c_t w_st) = fanout`

    A node has about `fanout` neighbours in the mean, and a batch meets fewer nodes than with `NeighborSampler`.

    Args:
        graph, fanouts, weight, time, strict, window, disjoint, form, keeps_edges, seed: as for `NeighborSampler`.
        shares_layers: let a node have the same draw in all hops.

    Raises:
        FeatureError, DtypeError, DeviceError, OptionError: if arguments are of another kind or do not fit each other.

    *Source* Balin, Çatalyürek (2023), Layer-Neighbor Sampling, Defusing Neighborhood Explosion in GNNs, arXiv 2210.13339:
    LABOR-0. Draws have the key that `weft.ops.draw_neighbors` states, with the source in place of the target.

    *Cost* reads all edges of the nodes that draw.

    >>> import weft
    >>> ring = weft.Graph([0, 1, 2, 3], [1, 2, 3, 0])
    >>> LaborSampler(ring, [1]).sample([2]).blocks[0].node_ids["node"].tolist()
    [2, 1]
    """

    def __init__(
        self, graph: Graph, fanouts: Sequence[Fanout], *, weight: str | None = None, time: str | None = None,
        strict: bool = False, window: int | None = None, disjoint: bool = False,
        form: Form = "blocks", shares_layers: bool = False, keeps_edges: bool = True,
        seed: int = 0,
    ) -> None:  # fmt: skip
        how = Drawing(
            "source", trees=disjoint or time is not None, strict=strict, window=window,
            shares_layers=shares_layers, keeps_edges=keeps_edges,
        )  # fmt: skip
        self._hops = Hops(
            "LaborSampler", graph, fanouts, how, form=form, seed=seed, weight=weight, time=time, on_devices=True
        )
