"""Random numbers from one generator, drawn one after the other, and the graph of the edges that they make."""

import torch
from torch import Tensor

from ...errors import OptionError, message
from .._adjacency import Adjacency
from .._graph import Graph


def generator_of(seed: int) -> torch.Generator:
    """A generator of its own, whose draws no other call sees."""
    return torch.Generator().manual_seed(seed)


def uniform(count: int, below: int | Tensor, generator: torch.Generator) -> Tensor:
    """Draw `count` ids from 0 to `below` - 1, int64.

    Of 63 bits, since torch.randint takes 32 for smaller ranges, which leaves some ids of a range of 2^31 twice as likely.
    """
    return torch.empty(count, dtype=torch.int64).random_(generator=generator).remainder_(below)


def graph_of(source: Tensor, target: Tensor, num_nodes: int, *, directed: bool) -> Graph:
    """The graph of these edges; for an undirected one all but the self loops follow the other way round."""
    if not directed:
        turned = source != target
        back = (target, source) if bool(turned.all()) else (target[turned], source[turned])
        source, target = torch.cat((source, back[0])), torch.cat((target, back[1]))
    return Graph(Adjacency._trusted(source, target, num_nodes, num_nodes))


def check_at_least(where: str, least: int, **given: int) -> None:
    """Refuse numbers that are too small, by name.

    Raises:
        OptionError: if one is below `least`.
    """
    for name, number in given.items():
        if number < least:
            raise OptionError(message(where, f"`{name}` of at least {least}", str(number)))
