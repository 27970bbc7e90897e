"""Links with their negatives, and what lies around both."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal, final

import torch
from torch import Tensor

from ..errors import DtypeError, OptionError, ShapeError, check_choice, message
from ..graph import Batch, EdgeType, Graph, as_ids, by_edge_type, chosen_ids, edge_ids_between, find_edges
from ..ops import Draws
from ._candidates import check_sampled
from ._negatives import NegativeDraws, Negatives
from ._sampler import Edges, Sampler, Seeds, Times


@final
class LinkSampler(Sampler):
    """Draw negatives of links, and the piece of the graph around the ends of both.

    The batch has, for each edge type of the links, the pairs in `seeds`, the links first and then the negatives, which rows
    their ends are in `seed_rows`, 1 and 0 in `labels`, and the link of each negative in `negative_of`.

    Args:
        sampler: draws the piece around the ends. If it is disjoint, both ends of a pair share a tree, and pairs share none.
        negatives: how negatives are drawn; for many types, a mapping from edge types or relations.
        exclude: the edges between both ends of a link that are not drawn, so that nobody sees what is to be predicted: "both"
            those of its type in both directions, and those of the reverse type; "same" those in its direction alone; "none".
            Parallel edges are left out, too, and edges of links that are given as pairs.
        reverse: for each edge type the one whose edges lead back, where there is one.
        seed: of the negatives.

    Raises:
        FeatureError, DtypeError, OptionError: if arguments are of another kind or do not fit each other.

    *Cost* that of the sampler for both ends of all pairs, and for each link a binary search for its edges, and for each
    negative one.

    >>> import weft
    >>> graph = weft.Graph([0, 1, 2, 1], [1, 2, 3, 0])
    >>> sampler = LinkSampler(weft.sampling.NeighborSampler(graph, [-1]), negatives=Negatives())
    >>> batch = sampler.sample([0])
    >>> batch.seeds["node", "edge", "node"][0].tolist(), batch.labels["node", "edge", "node"].tolist()
    ([0, 1], [1.0, 0.0])
    >>> batch.blocks[0].adjacency.num_edges
    1
    """

    def __init__(
        self,
        sampler: Sampler,
        *,
        negatives: Negatives | Mapping[str | EdgeType, Negatives] | None = None,
        exclude: Literal["both", "same", "none"] = "both",
        reverse: Mapping[str | EdgeType, str | EdgeType] | None = None,
        seed: int = 0,
    ) -> None:
        check_choice("LinkSampler", "exclude", exclude, ("both", "same", "none"))
        self._sampler, self._exclude, self._seed = sampler, exclude, seed
        graph = sampler.graph
        check_sampled("LinkSampler", graph, None, on_devices=True)
        given = {} if negatives is None else by_edge_type("LinkSampler", "negatives", graph, given=negatives)
        self._negatives = {name: NegativeDraws("LinkSampler", graph, name, how) for name, how in given.items()}
        if reverse is not None and exclude != "both":
            raise OptionError(message("LinkSampler", '`exclude="both"` for `reverse`', f'"{exclude}"'))
        self._reverse = self._reverse_types(reverse or {})

    def _reverse_types(self, reverse: Mapping[str | EdgeType, str | EdgeType]) -> dict[EdgeType, EdgeType]:
        named: dict[EdgeType, Any] = by_edge_type("LinkSampler", "reverse", self.graph, given=reverse)
        found: dict[EdgeType, EdgeType] = {}
        for name, back in named.items():
            of_back: dict[EdgeType, bool] = by_edge_type("LinkSampler", "reverse", self.graph, given={back: True})
            (found[name],) = of_back
            if (found[name][0], found[name][2]) != (name[2], name[0]):
                raise OptionError(
                    message("LinkSampler", f"a reverse type that leads back for {name}", str(found[name]))
                )
        return found

    @property
    def graph(self) -> Graph:
        """The graph that is drawn from."""
        return self._sampler.graph

    @property
    def disjoint(self) -> bool:
        """Whether every pair has nodes of its own, as a tree."""
        return self._sampler.disjoint

    @property
    def timed(self) -> bool:
        """Whether links have to say when they are asked for."""
        return self._sampler.timed or any(negatives.how.time is not None for negatives in self._negatives.values())

    def seeds_by_type(self, seeds: Seeds) -> dict[Any, Tensor]:
        """Check links, and give ids of edges (of a mask, too) or both ends by edge type."""
        named: dict[EdgeType, Any] = by_edge_type("LinkSampler", "seeds", self.graph, given=seeds)
        return {name: self._checked(name, given) for name, given in named.items()}

    def sample(
        self, seeds: Seeds, *, epoch: int = 0, batch: int = 0, times: Times = None, exclude: Edges | None = None,
        trees: Seeds | None = None,
    ) -> Batch:  # fmt: skip
        """Draw negatives of links, and the piece around the ends of both.

        Args:
            seeds: links, for many edge types by type: ids of edges, `(num_links,)`, or both ends, `(num_links, 2)`.
            epoch, batch: see `Sampler.sample`.
            times: when each link is asked for, with times of edges or of negatives; in the form of the links.
            exclude: further edges that are not drawn.
            trees: none, since a pair is a tree of a disjoint sampler.
        """
        if trees is not None:
            raise OptionError(message("LinkSampler", "no `trees`, since each pair is one", "some"))
        links = {name: self._pairs(name, given) for name, given in self.seeds_by_type(seeds).items()}
        clocks = self._clocks(links, times)
        pairs: dict[Any, Tensor] = dict(links)
        labels: dict[str | EdgeType, Tensor] = {}
        negative_of: dict[EdgeType, Tensor] = {}
        for name, of_type in links.items():
            if name not in self._negatives:
                continue
            draws = Draws(self._seed, epoch, batch, self.graph.edge_types.index(name))
            drawn, negative_of[name] = self._negatives[name].draw(of_type, clocks.get(name), draws)
            pairs[name] = torch.cat((of_type, drawn))
            labels[name] = (torch.arange(pairs[name].shape[0], device=drawn.device) < of_type.shape[0]).float()
            if name in clocks:
                clocks[name] = torch.cat((clocks[name], clocks[name][negative_of[name]]))
        ends = _Ends(pairs)
        piece = self._sampler.sample(
            ends.seeds, epoch=epoch, batch=batch, exclude=self._excluded(links, exclude),
            times=torch.cat([clocks[name] for name in pairs]) if clocks and self._sampler.timed else None,
            trees=ends.trees if self.disjoint else None,
        )  # fmt: skip
        rows = ends.rows(piece.seed_rows)
        return replace(piece, seeds=pairs, seed_rows=rows, labels=labels, negative_of=negative_of, times=clocks)

    def _checked(self, name: EdgeType, given: Any) -> Tensor:
        given = given.cpu() if isinstance(given, Tensor) else given  # where loaders shuffle them
        links = torch.as_tensor(given, device="cpu")
        if links.dim() != 2:
            num_edges = self.graph.edge_sets[name].adjacency.num_edges
            return chosen_ids("LinkSampler", "seeds", given, count=num_edges, device=links.device)
        if links.shape[1] != 2:
            expected = "ids of edges, or both ends of links, (num_links, 2)"
            raise ShapeError(message("LinkSampler", expected, str(tuple(links.shape))))
        if links.dtype not in (torch.int32, torch.int64):
            raise DtypeError(message("LinkSampler", "int32 or int64 `seeds`", str(links.dtype)))
        counts = [self.graph.node_sets[kind].count for kind in (name[0], name[2])]
        ends = zip(links.unbind(1), counts, strict=True)
        return torch.stack(
            [chosen_ids("LinkSampler", "seeds", end, count=count, device=links.device) for end, count in ends], 1
        )

    def _pairs(self, name: EdgeType, links: Tensor) -> Tensor:
        """Both ends of links, where the graph is."""
        links = links.to(self.graph.device)
        if links.dim() == 2:
            return links
        return torch.stack([end.long() for end in find_edges(self.graph, links, edge_type=name)], 1)

    def _clocks(self, links: Mapping[EdgeType, Tensor], times: Times) -> dict[Any, Tensor]:
        if self.timed != (times is not None):
            expected = (
                "`times` of the links, since there are some" if self.timed else "no `times`, since nothing has any"
            )
            raise OptionError(message("LinkSampler", expected, "none" if self.timed else "some"))
        if times is None:
            return {}
        named: dict[EdgeType, Any] = by_edge_type("LinkSampler", "times", self.graph, given=times)
        clocks = {name: self._ids("times", given) for name, given in named.items()}
        wanted, got = ({name: each.shape[0] for name, each in of.items()} for of in (links, clocks))
        if wanted != got:
            raise ShapeError(message("LinkSampler", f"times for the links {wanted}", str(got)))
        return clocks

    def _excluded(self, links: Mapping[EdgeType, Tensor], further: Edges | None) -> dict[EdgeType, Tensor] | None:
        """Ids of the edges between the ends of links, by type."""
        lists: dict[EdgeType, list[Tensor]] = {}
        if further is not None:
            named: dict[EdgeType, Any] = by_edge_type("LinkSampler", "exclude", self.graph, given=further)
            lists = {name: [self._ids("exclude", given)] for name, given in named.items()}
        for name, (source, target) in ((name, of_type.unbind(1)) for name, of_type in links.items()):
            if self._exclude == "none":
                break
            lists.setdefault(name, []).append(edge_ids_between(self.graph, source, target, edge_type=name).ids)
            back = self._reverse.get(name, name if name[0] == name[2] else None)
            if self._exclude == "both" and back is not None:
                lists.setdefault(back, []).append(edge_ids_between(self.graph, target, source, edge_type=back).ids)
        return {name: torch.cat(ids) for name, ids in lists.items()} or None

    def _ids(self, option: str, given: Any) -> Tensor:
        ids: Tensor = as_ids(given, option, where="LinkSampler", device=self.graph.device).long()
        return ids


class _Ends:
    """The ends of pairs by node type, one type of pairs after the other, sources before targets."""

    def __init__(self, pairs: Mapping[Any, Tensor]) -> None:
        self._pairs = pairs
        seeds: dict[str, list[Tensor]] = {}
        trees: dict[str, list[Tensor]] = {}
        begin = 0
        for name, of_type in pairs.items():
            numbers = torch.arange(begin, begin + of_type.shape[0], device=of_type.device)
            begin += of_type.shape[0]
            for end, kind in enumerate((name[0], name[2])):
                seeds.setdefault(kind, []).append(of_type[:, end])
                trees.setdefault(kind, []).append(numbers)
        self.seeds = {kind: torch.cat(ids) for kind, ids in seeds.items()}
        self.trees = {kind: torch.cat(numbers) for kind, numbers in trees.items()}

    def rows(self, of_seeds: Mapping[Any, Tensor]) -> dict[str | EdgeType, Tensor]:
        """The rows of both ends of each pair, from those of the seeds."""
        left, found = dict(of_seeds), {}
        for name, of_type in self._pairs.items():
            ends = []
            for kind in (name[0], name[2]):
                mine = left.get(kind, torch.empty(0, dtype=torch.int32, device=of_type.device))
                ends.append(mine[: of_type.shape[0]])
                left[kind] = mine[of_type.shape[0] :]
            found[name] = torch.stack(ends, 1)
        return found
