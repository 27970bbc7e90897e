"""All rows of the table."""

from .graph_sets import GRAPH_SETS
from .heterophilous import HETEROPHILOUS
from .pitfalls import PITFALLS
from .planetoid import PLANETOID
from .typed import TYPED

EXPERIMENTS = (*PLANETOID, *PITFALLS, *HETEROPHILOUS, *GRAPH_SETS, *TYPED)
REMARKS = {experiment.name: experiment.remark for experiment in EXPERIMENTS}
