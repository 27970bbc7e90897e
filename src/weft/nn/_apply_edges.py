"""Values of edges that are kept: a formula without a reduction."""

from torch import Tensor

from ..graph import adjacency_of
from ._arguments import Edges
from ._formula import Formula
from ._given import Named, Shared
from ._plan import named_values, plan


def apply_edges(
    graph: Edges,
    formula: Formula,
    *,
    source: Named | None = None,
    target: Named | None = None,
    edge: Named | None = None,
    shared: Shared | None = None,
) -> Tensor | tuple[Tensor, ...]:
    """Compute a formula on every edge and keep what it gives.

    `out[e] = formula(source[j], target[i], edge[e], shared)` for each edge e = j -> i

    *Shapes* named tensors as in `aggregate` -> `(num_edges, *F)` by edge id; a tuple if the formula returns several values.

    Raises:
        what `aggregate` raises.

    *Cost* reads what the formula reads once an edge, writes the result; nothing else of size E. In chunks as there.

    >>> import torch, weft
    >>> graph = weft.Graph(torch.tensor([0, 1]), torch.tensor([1, 2]), num_nodes=3)
    >>> position = torch.tensor([[0.0], [3.0], [10.0]])
    >>> distance = weft.formula(lambda source, target, edge: (source["x"] - target["x"]).abs())
    >>> apply_edges(graph, distance, source={"x": position}, target={"x": position})
    tensor([[3.],
            [7.]])
    """
    results = plan(adjacency_of(graph), formula, named_values(source, target, edge, shared), None).run()
    return results[0] if len(results) == 1 else tuple(results)
