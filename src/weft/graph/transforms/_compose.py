"""Several transforms in one."""

from collections.abc import Callable
from functools import partial, reduce

from .._graph import Graph


def compose(*steps: Callable[[Graph], Graph]) -> Callable[[Graph], Graph]:
    """Make one transform of several, which run from first to last.

    Options are bound with functools.partial. What comes back is a transform as well, can be pickled if its steps can,
    and of no steps gives the graph itself. A bound seed draws the same on each call: compose anew for another.

    >>> from functools import partial
    >>> from weft.graph import transforms
    >>> prepare = compose(transforms.normalise_edges, partial(transforms.encode_degrees, name="d"))
    >>> prepare(Graph([0, 1], [1, 2]))
    Graph(3 nodes, 5 edges, on cpu; nodes: d (3, 1) float32; edges: weight (5,) float32)
    """
    return partial(_run, steps)


def _run(steps: tuple[Callable[[Graph], Graph], ...], graph: Graph) -> Graph:
    return reduce(lambda made, step: step(made), steps, graph)
