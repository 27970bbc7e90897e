"""Unfolded descent of a graph energy with DGL's arguments."""

from __future__ import annotations

from torch import Tensor

from ...._graph import DGLGraph
from ....transforms import add_self_loop, remove_self_loop
from ..._translated import Translated, adjacency_of, translated


class TWIRLSUnfoldingAndAttention(Translated):
    """Steps of descent of the energy of a graph: `weft.nn.TWIRLSUnfoldingAndAttention`.

    *Shapes* `X: (num_nodes, d) -> (num_nodes, d)`

    Args:
        d: width.
        alp, lam: size of a step, and weight of smoothness.
        attn_aft: number of steps before attention; -1 for none.
        tau, T, p: thresholds and power of attention; T below 0 for none.
        use_eta: learns a factor for each feature in distances.
        init_att: attention before the first step, too.

    Raises:
        OptionError: if the number of steps is negative.
        ShapeError: in the call, if features do not fit.

    >>> import torch, weft.dgl as dgl
    >>> g = dgl.graph(([0, 1, 0, 1], [1, 0, 0, 1]))
    >>> TWIRLSUnfoldingAndAttention(4, 1, 1, prop_step=3)(g, torch.ones(2, 4)).shape
    torch.Size([2, 4])
    """

    def __init__(
        self,
        d: int,
        alp: float,
        lam: float,
        prop_step: int,
        attn_aft: int = -1,
        tau: float = 0.2,
        T: float = -1,  # noqa: N803
        p: float = 1,
        use_eta: bool = False,
        init_att: bool = False,
        attn_dropout: float = 0,
        precond: bool = True,
    ) -> None:
        given = {"d": d, "alp": alp, "lam": lam, "prop_step": prop_step, "attn_aft": attn_aft, "tau": tau, "p": p,
                 "use_eta": use_eta, "init_att": init_att, "attn_dropout": attn_dropout, "precond": precond}  # fmt: skip
        super().__init__(translated("TWIRLSUnfoldingAndAttention", given, upper=_bound(T)))

    def forward(self, g: DGLGraph, X: Tensor) -> Tensor:  # noqa: N803
        """Compute the new features of all nodes."""
        return self._layer(adjacency_of(g), X)  # type: ignore[no-any-return]


class TWIRLSConv(Translated):
    """A network, steps of descent of the energy of a graph, and another network: `weft.nn.TWIRLSConv`.

    Self loops are made anew in the call.

    *Shapes* `feat: (num_nodes, input_d) -> (num_nodes, output_d)`

    Args:
        norm: "batch", "layer" or "none".
        alp: size of a step; 0 for 1 / (1 + lam).
        attention: attention after half of the steps; `attn_bef` before the first one, too.
        tau, T, p, use_eta: as in `TWIRLSUnfoldingAndAttention`.

    Raises:
        OptionError: if options do not exist or exclude each other.
        ShapeError: in the call, if features do not fit.

    >>> import torch, weft.dgl as dgl
    >>> layer = TWIRLSConv(4, 2, 8, prop_step=3)
    >>> layer(dgl.graph(([0, 1], [1, 0])), torch.ones(2, 4)).shape
    torch.Size([2, 2])
    """

    def __init__(
        self,
        input_d: int,
        output_d: int,
        hidden_d: int,
        prop_step: int,
        num_mlp_before: int = 1,
        num_mlp_after: int = 1,
        norm: str = "none",
        precond: bool = True,
        alp: float = 0,
        lam: float = 1,
        attention: bool = False,
        tau: float = 0.2,
        T: float = -1,  # noqa: N803
        p: float = 1,
        use_eta: bool = False,
        attn_bef: bool = False,
        dropout: float = 0.0,
        attn_dropout: float = 0.0,
        inp_dropout: float = 0.0,
    ) -> None:
        given = {"input_d": input_d, "output_d": output_d, "hidden_d": hidden_d, "prop_step": prop_step,
                 "num_mlp_before": num_mlp_before, "num_mlp_after": num_mlp_after, "norm": norm, "precond": precond,
                 "lam": lam, "attention": attention, "tau": tau, "p": p, "use_eta": use_eta, "attn_bef": attn_bef,
                 "dropout": dropout, "attn_dropout": attn_dropout, "inp_dropout": inp_dropout}  # fmt: skip
        super().__init__(translated("TWIRLSConv", given, alpha=alp or None, upper=_bound(T)))

    def forward(self, graph: DGLGraph, feat: Tensor) -> Tensor:
        """Compute the new features of all nodes."""
        with_loops = add_self_loop(remove_self_loop(graph))
        return self._layer(adjacency_of(with_loops), feat)  # type: ignore[no-any-return]


def _bound(t: float) -> float:
    return float("inf") if t < 0 else t
