"""Heterogeneous graph transformer with DGL's arguments."""

from __future__ import annotations

from torch import Tensor, nn

from ...._graph import DGLGraph
from ..._translated import Translated, adjacency_of, both_ends, translated


class HGTConv(Translated):
    """Attention over typed edges, with keys, queries and values by the types of nodes: `weft.nn.HGTConv`.

    *Shapes* `x: (num_nodes, in_size) -> (num_nodes, num_heads * head_size)`, of a block a row for each source; `ntype:
    (num_nodes,)`, `etype: (num_edges,)`.

    Args:
        dropout: probability of dropping values of the result before the residual.
        use_norm: normalises the result.

    Raises:
        OptionError: if `dropout` is no probability.
        ShapeError, IdError: in the call, if arguments do not fit the graph or a type is not there.

    >>> import torch, weft.dgl as dgl
    >>> layer = HGTConv(4, 2, num_heads=2, num_ntypes=2, num_etypes=1)
    >>> layer(dgl.graph(([0, 1], [1, 0])), torch.ones(2, 4), torch.tensor([0, 1]), torch.tensor([0, 0])).shape
    torch.Size([2, 4])
    """

    def __init__(
        self,
        in_size: int,
        head_size: int,
        num_heads: int,
        num_ntypes: int,
        num_etypes: int,
        dropout: float = 0.2,
        use_norm: bool = False,
    ) -> None:
        super().__init__(translated("HGTConv", locals()))

    def forward(self, g: DGLGraph, x: Tensor, ntype: Tensor, etype: Tensor, *, presorted: bool = False) -> Tensor:
        """Compute the new features of all targets; whether types are sorted makes no difference."""
        ends = both_ends(g, x, nn.Identity())
        types = (ntype, ntype[: g.num_dst_nodes()]) if isinstance(ends, tuple) else ntype
        found: Tensor = self._layer(adjacency_of(g), ends, node_type=types, edge_type=etype)
        return found
