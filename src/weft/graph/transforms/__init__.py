"""Transforms: a graph before a training, or in each of its steps. Users write `from weft.graph import transforms`.

A transform is a plain function `f(graph, ...) -> Graph` that mutates nothing and shares what it does not change;
options are bound with functools.partial and `compose` puts steps together, because functions then need no registry, no
base class and no second way to be called. Results go where features are: weights and encodings are features of the new
graph, splits are masks. Two functions give something else: `split_links`, whose parts are graphs themselves and which
comes last in a chain, a `LinkSplit`; `fit_scaling` the `Scaling` that `apply_scaling` takes.

Whatever is random takes a `seed` and draws on the CPU, in one thread, so that the same is drawn on every device and for
any number of threads.
"""

from ._compose import compose as compose
from ._diffuse import diffuse as diffuse
from ._diffuse import gdc as gdc
from ._drop import drop_edges as drop_edges
from ._drop import drop_features as drop_features
from ._drop import drop_nodes as drop_nodes
from ._encode_spectra import encode_laplacian as encode_laplacian
from ._encode_spectra import encode_svd as encode_svd
from ._encode_structure import encode_degrees as encode_degrees
from ._encode_structure import encode_distances as encode_distances
from ._encode_walks import encode_heat as encode_heat
from ._encode_walks import encode_walks as encode_walks
from ._kernels import PPR as PPR
from ._kernels import Heat as Heat
from ._kernels import Kernel as Kernel
from ._kernels import Powers as Powers
from ._normalise_edges import Norm as Norm
from ._normalise_edges import normalise_edges as normalise_edges
from ._normalise_features import Scaling as Scaling
from ._normalise_features import apply_scaling as apply_scaling
from ._normalise_features import fit_scaling as fit_scaling
from ._normalise_features import normalise_rows as normalise_rows
from ._pairs import number_pairs as number_pairs
from ._propagate import propagate_features as propagate_features
from ._split_links import LinkPart as LinkPart
from ._split_links import LinkSplit as LinkSplit
from ._split_links import split_links as split_links
from ._split_rows import split_by_time as split_by_time
from ._split_rows import split_classes as split_classes
from ._split_rows import split_random as split_random
from ._virtual_nodes import add_virtual_nodes as add_virtual_nodes
from ._with_features import with_features as with_features
