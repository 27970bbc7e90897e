"""Sets of nodes that edges join."""

from .connected_components import connected_components as connected_components
from .spanning_forest import spanning_forest as spanning_forest
from .strong_components import strong_components as strong_components
