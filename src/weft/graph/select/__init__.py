"""Parts of graphs: chosen nodes, edges or types, what lies around nodes, and connected components.

Everything here gives a `Subgraph`: a graph, with the original ids of its nodes and edges beside it. Nodes and edges keep
their order unless ids were given in another, features come along (`features="copy"`, `"lazy"` or `"none"`), masks serve
wherever ids do, and of a graph of several types each argument is a mapping from types.
"""

from ._component import largest_component as largest_component
from ._edges import edge_subgraph as edge_subgraph
from ._edges import in_subgraph as in_subgraph
from ._edges import out_subgraph as out_subgraph
from ._hops import ego_networks as ego_networks
from ._hops import khop_subgraph as khop_subgraph
from ._nodes import node_subgraph as node_subgraph
from ._types import type_subgraph as type_subgraph
