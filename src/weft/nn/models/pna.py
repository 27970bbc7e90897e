"""PNA: a stack of layers of several aggregators and scalers by degree."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from ..conv import PNAConv
from ..conv._towers import Aggregator, Scaler
from .layer_stack import LayerStack


@final
@dataclass(eq=False, repr=False, kw_only=True)
class PNA(LayerStack):
    """Layers of several aggregates of learned messages, each scaled by functions of the degree, one after the other.

    *Shapes* and further arguments are those of `LayerStack`.

    Args:
        delta: mean of log(degree + 1) over the nodes of the training graphs.
        mean_degree: mean of the degree over them, for the scalers "linear" and "inverse_linear".
        aggregators, scalers: as `PNAConv` has them.
        edge_features: width of the features of edges, which every layer reads; None if edges have none.

    *Source* Corso, Cavalleri, Beaini, Liò and Veličković, 2020, Principal Neighbourhood Aggregation for Graph Nets,
    arXiv:2004.05718, which has `norm=torch.nn.BatchNorm1d, residual=True`.

    *Differs from the source* layers have one tower; the last one neither normalises nor has an activation.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0]), num_nodes=3)
    >>> delta = torch.log1p(graph.adjacency.in_degrees()).mean().item()
    >>> PNA(4, 8, 2, delta=delta, num_layers=2, norm=torch.nn.BatchNorm1d)(graph, torch.randn(3, 4)).shape
    torch.Size([3, 2])
    """

    delta: float
    mean_degree: float = 1.0
    aggregators: Sequence[Aggregator] = ("mean", "max", "min", "std")
    scalers: Sequence[Scaler] = ("identity", "amplification", "attenuation")
    edge_features: int | None = None

    def make_layer(self, in_features: int, out_features: int, is_last: bool) -> PNAConv:
        """Make a layer; norm, residual and activation stand between layers."""
        return PNAConv(
            in_features,
            out_features,
            self.delta,
            aggregators=self.aggregators,
            scalers=self.scalers,
            mean_degree=self.mean_degree,
            edge_features=self.edge_features or 0,
            batch_norm=False,
            residual=False,
            negative_slope=1.0,
        )
