"""The highest values of each segment, and the rows with the highest scores."""

from .segment_topk import segment_topk as segment_topk
from .segment_topk import top_rows as top_rows
