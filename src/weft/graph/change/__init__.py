"""Graphs made of a graph by a change: nodes, edges and self loops added or taken away, edges turned round or merged, other
orders, and graphs whose edges are walks or whose nodes are edges.

Nothing is changed in place. Nodes and edges keep their order and their features unless a function says otherwise. What
removes nodes or edges, or numbers them anew, gives a `Subgraph` with their original ids; functions whose result tells more
have a result type of their own; the others give a `Graph`. A batch stays a batch.
"""

from ._compact import compact as compact
from ._compact import compact_together as compact_together
from ._edges import add_edges as add_edges
from ._edges import remove_edges as remove_edges
from ._edges_as_nodes import levi_graph as levi_graph
from ._edges_as_nodes import line_graph as line_graph
from ._merge import Simplified as Simplified
from ._merge import simplify as simplify
from ._merge import to_bidirected as to_bidirected
from ._nodes import add_nodes as add_nodes
from ._nodes import remove_nodes as remove_nodes
from ._products import Walks as Walks
from ._products import khop_graph as khop_graph
from ._products import metapath_graph as metapath_graph
from ._reorder import reorder as reorder
from ._reverse import Reversible as Reversible
from ._reverse import add_reverse_edges as add_reverse_edges
from ._reverse import reverse as reverse
from ._self_loops import add_self_loops as add_self_loops
from ._self_loops import remove_self_loops as remove_self_loops
