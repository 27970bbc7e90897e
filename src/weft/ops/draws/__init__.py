"""Neighbours drawn at random, hop after hop, and the nodes met on the way numbered."""

from .candidates import Candidates as Candidates
from .candidates import in_time_order as in_time_order
from .candidates import weight_sums as weight_sums
from .draw_neighbors import check_drawing as check_drawing
from .draw_neighbors import draw_neighbors as draw_neighbors
from .draw_neighbors import has_times as has_times
from .request import Drawing as Drawing
from .request import Drawn as Drawn
from .request import DrawnEdges as DrawnEdges
from .request import Draws as Draws
