"""Names of what `graph.ndata`, `graph.nodes["user"]` and their kin give, for programs that annotate or ask for classes."""

from ._later import absent
from ._views import Columns as HeteroEdgeDataView
from ._views import Columns as HeteroNodeDataView
from ._views import EdgeSpace as EdgeSpace
from ._views import EdgeView as HeteroEdgeView
from ._views import NodeSpace as NodeSpace
from ._views import NodeView as HeteroNodeView

__all__ = ["EdgeSpace", "HeteroEdgeDataView", "HeteroEdgeView", "HeteroNodeDataView", "HeteroNodeView", "NodeSpace"]

__getattr__ = absent("view", globals())
