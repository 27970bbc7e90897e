"""Algorithms on graphs: search, components, paths, ranks, cores, triangles, labels, homophily, forests, partition.

Each takes a `Graph` or an `Adjacency`, with `edge_type=` where a graph has several types of edges, and gives tensors, or a
small tuple of them. Features are neither read nor changed: weights and labels are arguments. Results are the same on any
number of threads.
"""

from ._colors import refine_colors as refine_colors
from ._components import connected_components as connected_components
from ._components import strongly_connected_components as strongly_connected_components
from ._cores import core_numbers as core_numbers
from ._forest import minimum_spanning_forest as minimum_spanning_forest
from ._grouping import Grouping as Grouping
from ._homophily import homophily as homophily
from ._labels import label_communities as label_communities
from ._labels import propagate_labels as propagate_labels
from ._order import topological_generations as topological_generations
from ._pagerank import pagerank as pagerank
from ._partition import PartitionQuality as PartitionQuality
from ._partition import partition as partition
from ._partition import partition_quality as partition_quality
from ._paths import ShortestPaths as ShortestPaths
from ._paths import shortest_paths as shortest_paths
from ._search import BreadthFirst as BreadthFirst
from ._search import DepthFirst as DepthFirst
from ._search import bfs as bfs
from ._search import dfs as dfs
from ._spread import spread_values as spread_values
from ._triangles import clustering as clustering
from ._triangles import transitivity as transitivity
from ._triangles import triangles as triangles
