"""Sets of ids as marks, one bit for each id that there could be."""

from .id_set import IdSet as IdSet
from .mark import mark_ends as mark_ends
from .mark import mark_rows as mark_rows
from .marked import count_marks as count_marks
from .marked import list_marks as list_marks
from .marked import rank_marks as rank_marks
