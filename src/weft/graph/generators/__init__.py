"""Graphs made by rule or by chance: `from weft.graph import generators`.

What is drawn depends on the arguments and the seed alone, never on the number of threads. An undirected graph has each
edge in both directions: first all of them, then all the other way round; a self loop stands once. Ids are int64 and
graphs lie on the CPU; but graphs of points lie where the points do, and `attach_motifs` goes on with the ids, the device
and the order of edges of its graph.
"""

from ._barabasi_albert import barabasi_albert as barabasi_albert
from ._erdos_renyi import erdos_renyi as erdos_renyi
from ._erdos_renyi import random_bipartite as random_bipartite
from ._erdos_renyi import stochastic_block as stochastic_block
from ._grid import grid as grid
from ._motifs import attach_motifs as attach_motifs
from ._motifs import complete as complete
from ._motifs import cycle as cycle
from ._motifs import house as house
from ._motifs import path as path
from ._motifs import star as star
from ._points import knn_graph as knn_graph
from ._points import radius_graph as radius_graph
from ._rmat import rmat as rmat
from ._trees import balanced_tree as balanced_tree
from ._trees import random_tree as random_tree
from ._watts_strogatz import watts_strogatz as watts_strogatz
