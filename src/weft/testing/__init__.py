"""Checks for operators, layers, samplers and stores, those of weft and those of its users."""

from ._layer_case import Input as Input
from ._layer_case import LayerCase as LayerCase
from .layers import check_layer as check_layer
from .operators import check_operator as check_operator
from .samplers import check_sampler as check_sampler
from .stores import check_store as check_store
from .structures import sample_structures as sample_structures
from .typed_layers import TypedLayerCase as TypedLayerCase
from .typed_layers import check_typed_layer as check_typed_layer
