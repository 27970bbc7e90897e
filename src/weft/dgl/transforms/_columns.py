"""Transforms of columns: rows normalised, features masked or shuffled, encodings, weights and diffused features.

Like DGL's they set columns of the graph that they get, and give it back; `NodeShuffle` alone makes another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from ...errors import FeatureError, OptionError, check_choice, message
from ...graph import EdgeType
from ...ops import segment_reduce
from .. import function
from .._frames import Frame
from .._graph import DGLGraph
from . import functional
from ._base import BaseTransform


class RowFeatNormalizer(BaseTransform):
    """Divide each row of columns by its sum, or by 1 where that is less.

    Args:
        subtract_min: subtract the least number of the column first.
        node_feat_names, edge_feat_names: the columns; none if None. Types without one are left.

    >>> import torch
    >>> from weft.dgl import graph
    >>> g = graph(([0], [1]))
    >>> g.ndata["h"] = torch.tensor([[1.0, 3.0], [0.0, 0.5]])
    >>> RowFeatNormalizer(node_feat_names=["h"])(g).ndata["h"]
    tensor([[0.2500, 0.7500],
            [0.0000, 0.5000]])
    """

    def __init__(
        self,
        subtract_min: bool = False,
        node_feat_names: Sequence[str] | None = None,
        edge_feat_names: Sequence[str] | None = None,
    ) -> None:
        self.subtract_min = subtract_min
        self.node_feat_names, self.edge_feat_names = node_feat_names, edge_feat_names

    def row_normalize(self, feat: Tensor) -> Tensor:
        """Normalise the rows of one column."""
        if self.subtract_min and feat.numel():
            feat = feat - feat.min()
        return feat / feat.sum(-1, keepdim=True).clamp(min=1)

    def __call__(self, g: DGLGraph) -> DGLGraph:
        """Normalise the columns."""
        for frame, name in _columns(g, self.node_feat_names, self.edge_feat_names):
            frame[name] = self.row_normalize(frame[name])
        return g


class FeatMask(BaseTransform):
    """Set features (columns of a tensor) of all nodes, or edges, to 0, each with probability p.

    Args:
        node_feat_names, edge_feat_names: the columns of the graph; none if None. Types without one are left.

    Raises:
        OptionError: if p is no probability.

    >>> import torch
    >>> from weft.dgl import graph
    >>> g = graph(([0], [1]))
    >>> g.ndata["h"] = torch.ones(2, 1)
    >>> FeatMask(1.0, ["h"])(g).ndata["h"].sum()
    tensor(0.)
    """

    def __init__(
        self,
        p: float = 0.5,
        node_feat_names: Sequence[str] | None = None,
        edge_feat_names: Sequence[str] | None = None,
    ) -> None:
        self.p, self.node_feat_names, self.edge_feat_names = p, node_feat_names, edge_feat_names

    def __call__(self, g: DGLGraph) -> DGLGraph:
        """Mask the columns."""
        for frame, name in _columns(g, self.node_feat_names, self.edge_feat_names):
            column = frame[name]
            shape = (1,) * (column.dim() - 1) + column.shape[-1:] if column.dim() > 1 else (1,)
            frame[name] = column.where(torch.rand(shape).to(column.device) >= self.p, 0)
        return g


class NodeShuffle(BaseTransform):
    """Give the columns of the nodes of each type to other nodes of the type, at random; edges stay.

    >>> from weft.dgl import graph
    >>> NodeShuffle()(graph(([0], [1]))).num_nodes()
    2
    """

    def __call__(self, g: DGLGraph) -> DGLGraph:
        """Shuffle the nodes in a copy."""
        made = g.clone()
        for at, frame in enumerate(g._nodes):
            made._nodes[at] = frame.taken(torch.randperm(frame.count).to(g.device))
        return made


class RandomWalkPE(BaseTransform):
    """Write how likely a random walk is back at each node: see `random_walk_pe`.

    >>> from weft.dgl import graph
    >>> RandomWalkPE(2)(graph(([0, 1], [1, 0]))).ndata["PE"]
    tensor([[0., 1.],
            [0., 1.]])
    """

    def __init__(self, k: int, feat_name: str = "PE", eweight_name: str | None = None) -> None:
        self.k, self.feat_name, self.eweight_name = k, feat_name, eweight_name

    def __call__(self, g: DGLGraph) -> DGLGraph:
        """Set the column."""
        g.ndata[self.feat_name] = functional.random_walk_pe(g, self.k, self.eweight_name)
        return g


class LapPE(BaseTransform):
    """Write eigenvectors of the Laplacian: see `lap_pe`.

    Args:
        eigval_name: the column that takes the eigenvalues, the same for all nodes; none if None.

    >>> from weft.dgl import graph
    >>> LapPE(1)(graph(([0, 1], [1, 0]))).ndata["PE"].abs()
    tensor([[0.7071],
            [0.7071]])
    """

    def __init__(self, k: int, feat_name: str = "PE", eigval_name: str | None = None, padding: bool = False) -> None:
        self.k, self.feat_name, self.eigval_name, self.padding = k, feat_name, eigval_name, padding

    def __call__(self, g: DGLGraph) -> DGLGraph:
        """Set the columns."""
        vectors, values = functional.lap_pe(g, self.k, padding=self.padding, return_eigval=True)
        g.ndata[self.feat_name] = vectors
        if self.eigval_name:
            g.ndata[self.eigval_name] = values.repeat(g.num_nodes(), 1)
        return g


class LaplacianPE(LapPE):
    """Write eigenvectors of the Laplacian: an older name of `LapPE`."""


class SVDPE(BaseTransform):
    """Write singular vectors of the adjacency: see `svd_pe`.

    >>> from weft.dgl import graph
    >>> SVDPE(1)(graph(([0, 1], [1, 0]))).ndata["svd_pe"].shape
    torch.Size([2, 2])
    """

    def __init__(self, k: int, feat_name: str = "svd_pe", padding: bool = False, random_flip: bool = True) -> None:
        self.k, self.feat_name, self.padding, self.random_flip = k, feat_name, padding, random_flip

    def __call__(self, g: DGLGraph) -> DGLGraph:
        """Set the column."""
        g.ndata[self.feat_name] = functional.svd_pe(g, self.k, self.padding, self.random_flip)
        return g


class GCNNorm(BaseTransform):
    """Write GCN's weight of each edge, in all edge types that run within one node type.

    `w(u, v) / sqrt(d(u) d(v))`, d the sum of the weights of the edges that enter a node; 0 where either is 0

    Args:
        eweight_name: the column of weights w, 1 for each if there is none; it takes the result.

    *Source* Kipf and Welling, 2017, arXiv:1609.02907.

    >>> from weft.dgl import graph
    >>> GCNNorm()(graph(([0, 1, 1], [1, 0, 1]))).edata["w"]
    tensor([0.7071, 0.7071, 0.5000])
    """

    def __init__(self, eweight_name: str = "w") -> None:
        self.eweight_name = eweight_name

    def calc_etype(self, c_etype: EdgeType, g: DGLGraph) -> None:
        """Set the column of one edge type."""
        frame = g._edges[g._types.edge(c_etype)]
        frame[self.eweight_name] = gcn_weights(g, c_etype, self.eweight_name)

    def __call__(self, g: DGLGraph) -> DGLGraph:
        """Set the columns."""
        for c_etype in g.canonical_etypes:
            if c_etype[0] == c_etype[2]:
                self.calc_etype(c_etype, g)
        return g


class SIGNDiffusion(BaseTransform):
    """Write a column diffused 1 to k times, as `out_feat_name` with "_1" to "_k" behind it.

    `x_i = T x_(i - 1)`; "raw": T is the adjacency; "rw": its rows are divided by their sums; "gcn": GCN's weights, as
    `GCNNorm` has them; "ppr": `x_i = (1 - alpha) T x_(i - 1) + alpha x_0` with GCN's weights. Row v of T are the edges
    that enter v.

    Args:
        eweight_name: the column of weights of the edges; 1 for each if None.

    Raises:
        OptionError: if there is no such operator.

    *Source* Frasca, Rossi, Eynard, Chamberlain, Bronstein and Monti, 2020, arXiv:2004.11198.

    >>> import torch
    >>> from weft.dgl import graph
    >>> g = graph(([0, 1], [1, 2]))
    >>> g.ndata["feat"] = torch.tensor([1.0, 2.0, 3.0])
    >>> SIGNDiffusion(2)(g).ndata["out_feat_2"]
    tensor([0., 0., 1.])
    """

    def __init__(
        self,
        k: int,
        in_feat_name: str = "feat",
        out_feat_name: str = "out_feat",
        eweight_name: str | None = None,
        diffuse_op: str = "raw",
        alpha: float = 0.2,
    ) -> None:
        check_choice("SIGNDiffusion", "diffuse_op", diffuse_op, ("raw", "rw", "gcn", "ppr"))
        self.k, self.in_feat_name, self.out_feat_name = k, in_feat_name, out_feat_name
        self.eweight_name, self.diffuse_op, self.alpha = eweight_name, diffuse_op, alpha

    def __call__(self, g: DGLGraph) -> DGLGraph:
        """Set the columns."""
        operators: dict[str, Callable[[DGLGraph], list[dict[str, Tensor]]]]
        operators = {"raw": self.raw, "rw": self.rw, "gcn": self.gcn, "ppr": self.ppr}
        for i, columns in enumerate(operators[self.diffuse_op](g)):
            for ntype, column in columns.items():
                g.nodes[ntype].data[f"{self.out_feat_name}_{i + 1}"] = column
        return g

    def raw(self, g: DGLGraph) -> list[dict[str, Tensor]]:
        """Diffuse along the adjacency."""
        weights = [frame[self.eweight_name] if self.eweight_name else _ones(frame) for frame in g._edges]
        return self._diffused(g, weights)

    def rw(self, g: DGLGraph) -> list[dict[str, Tensor]]:
        """Diffuse along the adjacency with rows that add up to 1."""
        weights = []
        for frame, adjacency in zip(g._edges, g._adjacencies, strict=True):
            w = frame[self.eweight_name] if self.eweight_name else _ones(frame)
            rows = adjacency.by_target
            sums = segment_reduce(rows.indptr, w, rows.edge, "sum")
            weights.append(w / sums.where(sums != 0, 1)[adjacency.target])
        return self._diffused(g, weights)

    def gcn(self, g: DGLGraph) -> list[dict[str, Tensor]]:
        """Diffuse along GCN's weights."""
        return self._diffused(g, [gcn_weights(g, name, self.eweight_name) for name in g.canonical_etypes])

    def ppr(self, g: DGLGraph) -> list[dict[str, Tensor]]:
        """Diffuse along GCN's weights, with a share of the column itself in each step."""
        weights = [gcn_weights(g, name, self.eweight_name) for name in g.canonical_etypes]
        return self._diffused(g, weights, self.alpha)

    def _diffused(self, g: DGLGraph, weights: list[Tensor], alpha: float = 0.0) -> list[dict[str, Tensor]]:
        made = g.local_var()
        x = {name: frame[self.in_feat_name] for name, frame in zip(g.ntypes, g._nodes, strict=True)}
        start, steps = x, []
        for frame, w in zip(made._edges, weights, strict=True):
            frame["weft_w"] = w
        for _ in range(self.k):
            for name, column in x.items():
                made.nodes[name].data["weft_x"] = column
            made.update_all(function.u_mul_e("weft_x", "weft_w", "m"), function.sum("m", "weft_x"))
            x = {name: made.nodes[name].data["weft_x"] for name in x}
            if alpha:
                x = {name: (1 - alpha) * column + alpha * start[name] for name, column in x.items()}
            steps.append(x)
        return steps


def gcn_weights(g: DGLGraph, c_etype: EdgeType, weight: str | None) -> Tensor:
    """GCN's weight of each edge of a type, (num_edges,).

    Raises:
        OptionError: if the type runs between two node types.
    """
    at = g._types.edge(c_etype)
    if c_etype[0] != c_etype[2]:
        raise OptionError(message("GCN's weights", "an edge type within one node type", str(c_etype)))
    frame, adjacency = g._edges[at], g._adjacencies[at]
    w = frame[weight] if weight is not None and weight in frame else _ones(frame)
    rows = adjacency.by_target
    sums = segment_reduce(rows.indptr, w, rows.edge, "sum")
    root = sums.where(sums > 0, torch.inf).rsqrt()
    return w * root[adjacency.source] * root[adjacency.target]


def _ones(frame: Frame) -> Tensor:
    return torch.ones(frame.count, device=frame.device)


def _columns(
    g: DGLGraph, node_names: Sequence[str] | None, edge_names: Sequence[str] | None
) -> Iterator[tuple[Frame, str]]:
    """The frames that have a column, for each of the names.

    Raises:
        FeatureError: if none has it.
    """
    for frames, names in ((g._nodes, node_names), (g._edges, edge_names)):
        for name in names or ():
            found = [frame for frame in frames if name in frame]
            if not found:
                known = sorted({known for frame in frames for known in frame})
                raise FeatureError(message("transforms", f"columns among {known}", repr(name)))
            yield from ((frame, name) for frame in found)
