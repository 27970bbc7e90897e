"""Draws from a graph: neighbours hop after hop, with the nodes met on the way numbered, walks, and
negatives.
"""

from .candidates import Candidates as Candidates
from .candidates import in_source_order as in_source_order
from .candidates import in_time_order as in_time_order
from .candidates import list_sums as list_sums
from .candidates import weight_sums as weight_sums
from .draw_negatives import draw_negatives as draw_negatives
from .draw_neighbors import check_drawing as check_drawing
from .draw_neighbors import draw_neighbors as draw_neighbors
from .draw_neighbors import has_times as has_times
from .draw_rows import draw_rows as draw_rows
from .draw_rows import split_by_list as split_by_list
from .draw_walks import check_walking as check_walking
from .draw_walks import draw_walks as draw_walks
from .on_device import draws_there as draws_there
from .request import Corrupting as Corrupting
from .request import Drawing as Drawing
from .request import Drawn as Drawn
from .request import DrawnEdges as DrawnEdges
from .request import Draws as Draws
from .request import Ends as Ends
from .request import Traces as Traces
from .request import Walking as Walking
