"""Graphs of edge lists, matrices, other graphs and other libraries, and the other way round."""

from __future__ import annotations

from typing import Any, NoReturn

from ..errors import OptionError
from ._create import create_block as create_block
from ._create import graph as graph
from ._create import heterograph as heterograph
from ._exports import to_cugraph as to_cugraph
from ._exports import to_networkx as to_networkx
from ._from_networkx import bipartite_from_networkx as bipartite_from_networkx
from ._from_networkx import from_networkx as from_networkx
from ._from_scipy import bipartite_from_scipy as bipartite_from_scipy
from ._from_scipy import from_scipy as from_scipy
from ._homogeneous import block_to_graph as block_to_graph
from ._homogeneous import to_heterogeneous as to_heterogeneous
from ._homogeneous import to_homogeneous as to_homogeneous


def from_cugraph(cugraph_graph: Any) -> NoReturn:
    """Refuse a graph of cuGraph.

    Raises:
        OptionError: always; it says what to call.
    """
    hint = (
        "graph((sources, targets)) makes a graph of the columns of its edge list, read as tensors by torch.from_dlpack"
    )
    raise OptionError(f"from_cugraph: cuGraph is not supported; hint: {hint}")


def hetero_from_shared_memory(name: str) -> NoReturn:
    """Refuse to look for a graph under a name.

    Raises:
        OptionError: always; it says what to do.
    """
    hint = "pass the graph itself to the process: torch.multiprocessing moves its tensors into shared memory"
    raise OptionError(
        f"hetero_from_shared_memory: no graph lies in shared memory by name, {name!r} neither; hint: {hint}"
    )
