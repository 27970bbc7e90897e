"""Which row of a segment is highest or lowest."""

from .segment_argreduce import segment_argmax as segment_argmax
from .segment_argreduce import segment_argmin as segment_argmin
from .segment_argreduce import segment_argreduce as segment_argreduce
