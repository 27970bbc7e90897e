"""Structures that have broken a kernel somewhere: empty, isolated, parallel, one hub, both id dtypes."""

from ..ops._samples import hub_structure as hub_structure
from ..ops._samples import random_structure as random_structure
from ..ops._samples import sample_structures as sample_structures
from ..ops._samples import structure as structure
