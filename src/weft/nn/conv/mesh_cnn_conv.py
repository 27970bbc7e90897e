"""MeshCNN: a convolution on the edges of a triangle mesh and the four edges around each."""

from typing import final

import torch
from torch import Tensor, nn

from ...errors import OptionError, ShapeError, StructureError, message
from .._arguments import Edges, resolve_sources
from .._reset import reset_inside

NUM_NEIGHBOURS, NUM_KERNELS = 4, 5


@final
class MeshCNNConv(nn.Module):
    """Linear maps of a mesh edge's features and of what does not depend on the side from which its neighbours are seen.

    With a, b, c, d the edges around mesh edge i, in turn, of which a and b belong to one face:

    `out[i] = K0 x[i] + K1 |x[a] - x[c]| + K2 (x[a] + x[c]) + K3 |x[b] - x[d]| + K4 (x[b] + x[d])`

    where each K is a linear map with a bias, or another module.

    The nodes of the graph are the edges of the mesh: of the four edges that enter node i, in the order of their ids, the
    first comes from a, the second from b, the others from c and d.

    *Shapes* `x: (num_nodes, in_features) -> (num_nodes, out_features)`; square graphs of 4 * num_nodes edges.

    Args:
        kernels: five modules that map in_features to out_features, in place of linear maps.

    Raises:
        OptionError: in the constructor, if there are not five kernels.
        ShapeError: in the call, if features do not fit the graph or the layer, or the graph is bipartite.
        StructureError: in the call, if a node has other than four edges.

    *Source* Hanocka, Hertz, Fish, Giryes, Fleishman and Cohen-Or, 2019, MeshCNN: A Network with an Edge, arXiv:1809.05910,
    equations 1 and 2.

    *Differs from the source* no pooling; edges at the rim of a mesh, which have two neighbours, need two more of the caller's.
    *Differs from PyG* nothing in what it computes; its text shows the two rows of the index the other way round.

    *Cost* reads of 4 x num_nodes x in_features; five tensors of num_nodes x in_features.

    >>> import torch
    >>> from weft.graph import Graph
    >>> around = torch.tensor([[1, 2, 3, 4], [2, 0, 4, 3], [0, 1, 3, 4], [4, 0, 1, 2], [0, 3, 2, 1]])
    >>> graph = Graph(around.flatten(), torch.arange(5).repeat_interleave(4), num_nodes=5)
    >>> MeshCNNConv(6, 8)(graph, torch.randn(5, 6)).shape
    torch.Size([5, 8])
    """

    def __init__(self, in_features: int, out_features: int, *, kernels: nn.ModuleList | None = None) -> None:
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        if kernels is not None and len(kernels) != NUM_KERNELS:
            raise OptionError(message("MeshCNNConv", f"{NUM_KERNELS} `kernels`", str(len(kernels))))
        self.kernels = kernels or nn.ModuleList(nn.Linear(in_features, out_features) for _ in range(NUM_KERNELS))

    def reset_parameters(self) -> None:
        """Draw the weights of all kernels anew, as torch draws those of linear maps."""
        reset_inside(*self.kernels.children())

    def forward(self, graph: Edges, x: Tensor) -> Tensor:
        """Compute the new features of all edges of the mesh."""
        adjacency, x = resolve_sources("MeshCNNConv", graph, x, self.in_features)
        num_nodes = adjacency.num_targets
        if adjacency.num_sources != num_nodes:
            got = f"{adjacency.num_sources} sources and {num_nodes} targets"
            raise ShapeError(message("MeshCNNConv", "a square graph", got))
        rows = adjacency.by_target
        is_regular = adjacency.num_edges == NUM_NEIGHBOURS * num_nodes
        if is_regular and not torch.compiler.is_compiling():
            is_regular = bool((rows.indptr.diff() == NUM_NEIGHBOURS).all())
        if not is_regular:
            hint = "they are the edges around each edge of a mesh, in turn"
            raise StructureError(message("MeshCNNConv", "four edges into each node", "another number", hint))
        a, b, c, d = rows.source.reshape(num_nodes, NUM_NEIGHBOURS).unbind(1)
        first, second, third, fourth = x[a], x[b], x[c], x[d]
        seen = (x, (first - third).abs(), first + third, (second - fourth).abs(), second + fourth)
        out: Tensor = sum(kernel(each) for kernel, each in zip(self.kernels, seen, strict=True))
        return out

    def extra_repr(self) -> str:
        """Sizes, as in the constructor."""
        return f"{self.in_features}, {self.out_features}"
