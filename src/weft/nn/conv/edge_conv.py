"""Edge convolution: a network of a node and its difference to each neighbour, of which the highest counts."""

from typing import final

from torch import Tensor, nn
from torch.nn import functional

from ...errors import OptionError, check_choice, message
from .._arguments import Edges, Features, Reduce, resolve_ends
from .._differences import reduce_behind, reduce_differences
from .._reset import reset_inside

AGGREGATORS = ("max", "mean", "sum")


@final
class EdgeConv(nn.Module):
    """Maximum over the neighbours of a map of each node and its difference to the neighbour.

    `out[i] = max over edges e = j -> i of norm(theta (x[j] - x[i]) + phi x[i])`, or with a network

    `out[i] = max over edges e = j -> i of network([x[i], x[j] - x[i]])`

    where theta and phi are linear maps with biases, and norm is batch normalisation over all edges, or nothing.

    *Shapes* `x: (num_nodes, *, in_features) -> (num_targets, *, out_features)`, or a pair `(x_source, x_target)` of one
    width; with batch normalisation or a network that has one, there are no dimensions between. Without an edge the result
    is 0.

    Args:
        network: a module from 2 * in_features to out_features in place of theta and phi.
        aggregator: "max", "mean" or "sum".
        batch_norm: normalises over edges in training, and by running statistics afterwards.
        reverses: theta maps x[i] - x[j], as in DGL; not for a network.

    Raises:
        OptionError: in the constructor, if the aggregator does not exist, or both `network` and `batch_norm` are given.
        ShapeError: in the call, if features do not fit the graph or the layer.
        FormulaError: in the call, if a network in training normalises a batch other than right behind its first map.

    *Source* Wang, Sun, Liu, Sarma, Bronstein and Solomon, 2019, Dynamic Graph CNN for Learning on Point Clouds,
    arXiv:1801.07829, equations 7 and 8.

    *Differs from the source* no relu, which may follow the maximum; other aggregators; a network of any depth.
    *Differs from DGL* a node without edges is no error and gets 0. DGL computes theta of x[i] - x[j], other than it says:
    its weights need `reverses=True`. Parameters are DGL's: `theta.*`, `phi.*`, `bn.*`.
    *Differs from PyG* the network's parameters are `network.*`.

    *Cost* linear maps are per node: theta x[j] of a neighbour and (phi - theta) x[i] of the node itself, and so is the
    first map of a `torch.nn.Sequential` that begins with one. Then E x out_features reads in one pass without a tensor
    of that size: statistics of the batch need one more. What follows in a network, if not one activation alone, runs on
    chunks of edges, forward and again in backward; a last linear map stands behind sum and mean.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0]), num_nodes=3)
    >>> EdgeConv(4, 2)(graph, torch.randn(3, 4)).shape
    torch.Size([3, 2])
    >>> network = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 2))
    >>> EdgeConv(4, 2, network)(graph, torch.randn(3, 4)).shape
    torch.Size([3, 2])
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        network: nn.Module | None = None,
        *,
        aggregator: Reduce = "max",
        batch_norm: bool = False,
        reverses: bool = False,
    ) -> None:
        super().__init__()
        check_choice("EdgeConv", "aggregator", aggregator, AGGREGATORS)
        if network is not None and (batch_norm or reverses):
            hint = "put a torch.nn.BatchNorm1d behind the network's first linear map" if batch_norm else ""
            option = "batch_norm" if batch_norm else "reverses"
            raise OptionError(message("EdgeConv", f"a network or `{option}`", "both", hint))
        self.in_features, self.out_features, self.aggregator = in_features, out_features, aggregator
        self.batch_norm, self.reverses = batch_norm, reverses
        if network is None:
            self.theta, self.phi = nn.Linear(in_features, out_features), nn.Linear(in_features, out_features)
            if batch_norm:
                self.bn = nn.BatchNorm1d(out_features)
        self.network = network

    def reset_parameters(self) -> None:
        """Draw anew what can be drawn anew."""
        reset_inside(*self.children())

    def forward(self, graph: Edges, x: Features) -> Tensor:
        """Compute the new features of all targets."""
        adjacency, x_source, x_target = resolve_ends("EdgeConv", graph, x, (self.in_features, self.in_features))
        if self.network is None:
            theta, phi = self.theta, self.phi
            of_difference = -theta.weight if self.reverses else theta.weight
            of_source = functional.linear(x_source, of_difference)
            of_target = functional.linear(x_target, phi.weight - of_difference, theta.bias + phi.bias)
            steps: list[nn.Module] = [self.bn] if self.batch_norm else []
            return reduce_behind(adjacency, of_source, of_target, steps, self.aggregator)
        return reduce_differences("EdgeConv", adjacency, x_source, x_target, self.network, self.aggregator)

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        options = f"aggregator={self.aggregator!r}, batch_norm={self.batch_norm}, reverses={self.reverses}"
        return f"{self.in_features}, {self.out_features}, {options}"
