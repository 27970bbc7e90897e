"""The edges of one type: who sends to whom, in the order given, with both compressions on demand."""

import hashlib
import operator
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NoReturn, TypeAlias

import torch
from torch import Tensor

from ..errors import DeviceError, DtypeError, IdError, OptionError, ShapeError, message
from ..ops import Structure, coo_to_csc, csr_to_csc, degree, has_numbers, sort_edges, sorted_pointers
from ._naming import counted

Ids: TypeAlias = Any
"""An int32 or int64 tensor, or what `torch.as_tensor` makes integers of: a list, a range, a NumPy array."""

_TURNED = {
    "is_sorted_by_target": "is_sorted_by_source",
    "is_sorted_by_source": "is_sorted_by_target",
}
"""Facts that are told of the other end once edges are turned round."""

_KEPT = (torch.int32, torch.int64)
_WIDENED = (torch.uint8, torch.int8, torch.int16)


class Adjacency:
    """The structure of one edge type: edge i goes from `source[i]` to `target[i]`.

    Sources and targets may be different sets of nodes. Parallel edges, self loops, nodes without edges and zero edges
    are ordinary. Nothing changes after construction: `by_target` and `by_source` are built at their first use and kept,
    two threads that build one at the same time build the same, and `==` is identity.

    *Shapes* `source, target: (num_edges,)`, int32 or int64; tensors are kept as given, not copied.

    Args:
        source: a tensor, or anything that `torch.as_tensor` takes to integers.
        target: likewise.
        num_sources: one more than the largest source if not given.
        num_targets: one more than the largest target if not given.

    Raises:
        IdError: if an id is negative or not below its count; the text names the edge.
        ShapeError, DtypeError, DeviceError, OptionError: if arguments are of another kind or do not fit each other.

    *Cost* one pass over the ids. A compression is a counting sort, O(num_edges + num_nodes). Structures take 4 bytes
    an id if all counts of nodes and edges are below 2^31, else 8.

    >>> adjacency = Adjacency([0, 2, 2], [1, 0, 1], num_sources=3, num_targets=2)
    >>> adjacency
    Adjacency(3 edges from 3 sources to 2 targets, int64 on cpu)
    >>> adjacency.by_target.source.tolist(), adjacency.in_degrees().tolist()
    ([2, 0, 2], [1, 2])
    """

    source: Tensor
    target: Tensor
    num_sources: int
    num_targets: int
    _id_dtype: torch.dtype
    _compressed: tuple[Structure, Structure] | None
    _in_target_order: Structure | None
    _given: tuple[Structure | None, Structure | None]
    _by_target_and_source: Structure | None
    _facts: dict[str, bool]
    _powers: dict[tuple[str, float, torch.dtype], Tensor]

    def __init__(
        self, source: Ids, target: Ids, *, num_sources: int | None = None, num_targets: int | None = None
    ) -> None:
        source, target = as_ids(source, "source"), as_ids(target, "target")
        if source.device != target.device:
            raise DeviceError(
                message("Adjacency", "`source` and `target` on one device", f"{source.device} and {target.device}")
            )
        if source.shape[0] != target.shape[0]:
            got = f"{source.shape[0]} and {target.shape[0]}"
            raise ShapeError(message("Adjacency", "as many sources as targets, one of each for every edge", got))
        num_sources = _checked_count(source, num_sources, "source")
        num_targets = _checked_count(target, num_targets, "target")
        self._fill(source, target, num_sources, num_targets, _smallest_dtype(num_sources, num_targets, source.shape[0]))

    @classmethod
    def _trusted(
        cls, source: Tensor, target: Tensor, num_sources: int, num_targets: int, id_dtype: torch.dtype | None = None
    ) -> "Adjacency":
        """Ids that were checked before, or cannot be looked at now; kernels check what they follow in any case."""
        made = cls.__new__(cls)
        made._fill(
            source,
            target,
            num_sources,
            num_targets,
            id_dtype or _smallest_dtype(num_sources, num_targets, source.shape[0]),
        )
        return made

    @classmethod
    def _sorted_by_source(
        cls,
        indptr: Tensor,
        target: Tensor,
        num_targets: int,
        dtype: torch.dtype,
        facts: Mapping[str, bool] = MappingProxyType({}),
    ) -> "Adjacency":
        """Edges in the order of a compression by source, which is kept; `dtype` is that of their ids."""
        num_sources = indptr.shape[0] - 1
        id_dtype = _smallest_dtype(num_sources, num_targets, target.shape[0])
        rows = Structure(indptr, target.to(id_dtype))
        made = cls._trusted(rows.targets().to(dtype), target.to(dtype), num_sources, num_targets, id_dtype)
        object.__setattr__(made, "_given", (None, rows))
        made._facts.update(facts, is_sorted_by_source=True)
        return made

    @classmethod
    def _sorted_by_target(cls, indptr: Tensor, source: Tensor, target: Tensor, num_sources: int) -> "Adjacency":
        """Edges in the order of a compression by target, which is kept."""
        made = cls._trusted(source, target, num_sources, indptr.shape[0] - 1)
        object.__setattr__(made, "_given", (Structure(indptr, source.to(made._id_dtype)), None))
        made._facts.update(is_sorted_by_target=True)
        return made

    def _fill(self, source: Tensor, target: Tensor, num_sources: int, num_targets: int, id_dtype: torch.dtype) -> None:
        self.__dict__.update(
            source=source, target=target, num_sources=num_sources, num_targets=num_targets, _id_dtype=id_dtype,
            _compressed=None, _in_target_order=None, _given=(None, None), _by_target_and_source=None, _facts={},
            _powers={},
        )  # fmt: skip

    # Structures

    @property
    def num_edges(self) -> int:
        """Number of edges."""
        return self.source.shape[0]

    @property
    def device(self) -> torch.device:
        """Where the ids lie."""
        return self.source.device

    @property
    def by_target(self) -> Structure:
        """Edges compressed by target, `by_source` as its `.transposed`; `edge` is None if targets came in order."""
        return self._both()[0]

    @property
    def by_source(self) -> Structure:
        """Edges compressed by source, `by_target` as its `.transposed`; `edge` is None if sources came in order."""
        return self._both()[1]

    @property
    def in_target_order(self) -> Structure:
        """`by_target` with its edges numbered by position, so that edge values are read one after the other.

        Edge values go along as `values if adjacency.target_order is None else values[adjacency.target_order]`.
        """
        found = self._kept()[1]
        if found is None:
            found = _without_inference_mode(self._number_by_position)
            if _lasts(found.indptr, self.source):
                object.__setattr__(self, "_in_target_order", found)
        return found

    @property
    def target_order(self) -> Tensor | None:
        """Edge at each position of `by_target`, (num_edges,); None where positions are edges."""
        return self.by_target.edge

    @property
    def by_target_and_source(self) -> Structure:
        """`by_target` with the sources of each row ascending, so that a pair can be searched for; `transposed` is None.

        Parallel edges stand side by side, in their order.
        """
        found = self._kept()[2]
        if found is None:
            found = _without_inference_mode(lambda: _ascending(self.by_target, self.num_sources))
            if _lasts(found.indptr, self.source):
                object.__setattr__(self, "_by_target_and_source", found)
        return found

    def _kept(self) -> tuple[tuple[Structure, Structure] | None, Structure | None, Structure | None]:
        """What was built before, unless a trace left fake tensors there, as the strict export of torch 2.4 does."""
        kind = type(self.source)
        ordered, ascending = (
            None if rows is None or type(rows.indptr) is not kind else rows
            for rows in (self._in_target_order, self._by_target_and_source)
        )
        return self._kept_both(), ordered, ascending

    def _kept_both(self) -> tuple[Structure, Structure] | None:
        both = self._compressed
        return None if both is None or type(both[0].indptr) is not type(self.source) else both

    def _both(self) -> tuple[Structure, Structure]:
        found = self._kept_both()
        if found is None:
            found = _without_inference_mode(self._compress)
            if _lasts(found[0].indptr, self.source):
                object.__setattr__(self, "_compressed", found)
                object.__setattr__(self, "_given", (None, None))
        return found

    def _ends(self) -> tuple[Tensor, Tensor]:
        """Sources and targets in the dtype of the structures."""
        return self.source.to(self._id_dtype), self.target.to(self._id_dtype)

    def _compress(self) -> tuple[Structure, Structure]:
        by_target = self._given[0] or self._in_order("is_sorted_by_target", self.target, self.source, self.num_targets)
        by_source = self._given[1] or self._in_order("is_sorted_by_source", self.source, self.target, self.num_sources)
        if by_source is not None:
            by_target = by_target or _turned(by_source, self.num_targets)
        elif by_target is not None:
            by_source = _turned(by_target, self.num_sources)
        else:
            source, target = self._ends()
            by_target = Structure(*coo_to_csc(target, source, self.num_targets))
            by_source = Structure(*coo_to_csc(source, target, self.num_sources))
        is_square = (
            can_read(by_target.source) and self.num_sources == self.num_targets
        )  # sizes of a trace are not compared
        is_symmetric = is_square and torch.equal(by_target.indptr, by_source.indptr)
        if is_symmetric and torch.equal(by_target.source, by_source.source):  # one copy serves both
            by_source = Structure(by_target.indptr, by_target.source, by_source.edge)
        ends = self._listed_ends()
        turned = None if ends is None else (ends[1], ends[0])
        return Structure(*by_target[:3], by_source, ends), Structure(*by_source[:3], by_target, turned)

    def _listed_ends(self) -> tuple[Tensor, Tensor] | None:
        """The ends as operators take them; not where a training would refuse what was made during inference."""
        if not torch.compiler.is_compiling() and (self.source.is_inference() or self.target.is_inference()):
            return None
        source, target = (self.source, self.target) if self.source.dtype is self.target.dtype else self._ends()
        return source.contiguous(), target.contiguous()

    def _in_order(self, fact: str, key: Tensor, other: Tensor, num: int) -> Structure | None:
        """Edges compressed by an end that ascends: it only has to be found where it changes."""
        # A fake mode makes fake tensors of parts of true ones, too.
        if not can_read(key[:1]) or not (self._facts[fact] if fact in self._facts else _begins_ascending(key)):
            return None
        indptr, is_sorted = sorted_pointers(key, num)
        self._facts[fact] = bool(is_sorted)
        return Structure(indptr, other.to(self._id_dtype)) if is_sorted else None

    def _number_by_position(self) -> Structure:
        rows = self.by_target
        if rows.edge is None:
            return rows
        return Structure(rows.indptr, rows.source, None, _turned(rows, self.num_sources))

    # Facts

    @property
    def is_sorted_by_target(self) -> bool:
        """Whether edges came with their targets ascending, so that positions of `by_target` are edges."""
        return self._fact("is_sorted_by_target", lambda: _ascends(self.target))

    @property
    def is_sorted_by_source(self) -> bool:
        """Whether edges came with their sources ascending, so that positions of `by_source` are edges."""
        return self._fact("is_sorted_by_source", lambda: _ascends(self.source))

    @property
    def is_symmetric(self) -> bool:
        """Whether there are as many edges from j to i as from i to j, for all i and j."""
        return self.num_sources == self.num_targets and self._fact("is_symmetric", self._find_symmetry)

    @property
    def has_self_loops(self) -> bool:
        """Whether an edge ends where it begins; never where sources and targets are not as many."""
        return self.num_sources == self.num_targets and self._fact(
            "has_self_loops", lambda: bool((self.source == self.target).any())
        )

    @property
    def has_parallel_edges(self) -> bool:
        """Whether two edges have the same source and the same target."""
        return self._fact("has_parallel_edges", self._find_parallel_edges)

    def _fact(self, name: str, find: Callable[[], bool]) -> bool:
        """What was found before; ids are looked at where they can be.

        Raises:
            OptionError: while compiling or of fake tensors, unless it was found before.
        """
        if name not in self._facts:
            if not can_read(self.source):
                hint = f"ask for `{name}` before; the answer is kept"
                raise OptionError(message(f"Adjacency.{name}", "ids to look at", "a trace, or fake tensors", hint))
            self._facts[name] = find()
        return self._facts[name]

    def _find_symmetry(self) -> bool:
        by_target, by_source = self._both()
        if by_target.source is by_source.source:
            return True
        if not torch.equal(by_target.indptr, by_source.indptr):
            return False
        return torch.equal(self.by_target_and_source.source, _ascending(by_source, self.num_targets).source)

    def _find_parallel_edges(self) -> bool:
        rows = self.by_target_and_source
        return _holds_in_a_row(rows, rows.source[1:] == rows.source[:-1])

    # Degrees

    def in_degrees(self) -> Tensor:
        """Count the edges that enter each target: (num_targets,), int64."""
        both = self._kept_both()
        return degree(self.target, self.num_targets) if both is None else both[0].indptr.diff()

    def out_degrees(self) -> Tensor:
        """Count the edges that leave each source: (num_sources,), int64."""
        both = self._kept_both()
        return degree(self.source, self.num_sources) if both is None else both[1].indptr.diff()

    def in_degree_powers(self, exponent: float, dtype: torch.dtype) -> Tensor:
        """Powers of in-degrees, of which 0 counts as 1: (num_targets,), the factors by which layers normalise.

        They are computed in float32 at least, rounded once, and kept for the next call: do not change them in place.

        >>> Adjacency([0, 1, 2, 0], [0, 0, 0, 1], num_targets=3).in_degree_powers(-1.0, torch.float64).tolist()
        [0.3333333333333333, 1.0, 1.0]
        """
        return self._degree_powers("in", exponent, dtype)

    def out_degree_powers(self, exponent: float, dtype: torch.dtype) -> Tensor:
        """Powers of out-degrees: (num_sources,), as `in_degree_powers`."""
        return self._degree_powers("out", exponent, dtype)

    def _degree_powers(self, way: str, exponent: float, dtype: torch.dtype) -> Tensor:
        def compute() -> Tensor:
            degrees = self.in_degrees() if way == "in" else self.out_degrees()
            return degrees.clamp(min=1).to(torch.promote_types(dtype, torch.float32)).pow_(exponent).to(dtype)

        if torch.compiler.is_compiling():  # which fuses this, and would have to look whether it was kept
            return compute()
        found = self._powers.get((way, exponent, dtype))
        if found is None:
            found = _without_inference_mode(compute)
            if _lasts(found, self.source):
                self._powers[way, exponent, dtype] = found
        return found

    def reversed(self) -> "Adjacency":
        """Turn every edge round; edges keep their order, and what was compressed stays so."""
        made = Adjacency._trusted(self.target, self.source, self.num_targets, self.num_sources, self._id_dtype)
        both = self._kept_both()
        if both is not None:
            object.__setattr__(made, "_compressed", (both[1], both[0]))
        object.__setattr__(made, "_given", (self._given[1], self._given[0]))
        object.__setattr__(made, "_facts", {_TURNED.get(name, name): fact for name, fact in self._facts.items()})
        return made

    # Places

    def to(self, device: torch.device | str | int, *, non_blocking: bool = False) -> "Adjacency":
        """Move to a device, compressions included; the same object if it is there already."""
        made = self._map(lambda tensor: tensor.to(device, non_blocking=non_blocking))
        return self if made.source is self.source else made

    def pin_memory(self) -> "Adjacency":
        """Copy into page-locked memory, from which an accelerator reads faster."""
        return self._map(lambda tensor: tensor.pin_memory())

    def share_memory_(self) -> "Adjacency":
        """Move the tensors, compressions included, into memory that other processes see; gives itself back."""
        self._map(lambda tensor: tensor.share_memory_())
        return self

    def _map(self, change: Callable[[Tensor], Tensor]) -> "Adjacency":
        """The same edges with every tensor changed; a tensor that occurs twice is changed once."""
        done: dict[int, Tensor] = {}

        def once(tensor: Tensor) -> Tensor:
            if id(tensor) not in done:
                done[id(tensor)] = change(tensor)
            return done[id(tensor)]

        def structure(rows: Structure) -> Structure:
            ends = None if rows.ends is None else (once(rows.ends[0]), once(rows.ends[1]))
            edge = None if rows.edge is None else once(rows.edge)
            return Structure(once(rows.indptr), once(rows.source), edge, None, ends)

        def linked(rows: Structure) -> Structure:
            assert rows.transposed is not None, "an adjacency links its structures"
            return structure(rows).with_transposed(structure(rows.transposed))

        made = Adjacency._trusted(
            once(self.source), once(self.target), self.num_sources, self.num_targets, self._id_dtype
        )
        both, ordered, ascending = self._kept()
        if both is not None:
            object.__setattr__(made, "_compressed", (linked(both[0]), linked(both[1])))
        if ordered is not None:
            object.__setattr__(made, "_in_target_order", linked(ordered))
        if ascending is not None:
            object.__setattr__(made, "_by_target_and_source", structure(ascending))
        object.__setattr__(made, "_facts", dict(self._facts))
        return made

    # Comparison

    def same_structure(self, other: "Adjacency") -> bool:
        """Tell whether both have the same counts and the same edges in the same order, whatever the id dtype."""
        return (
            (self.num_sources, self.num_targets, self.num_edges)
            == (other.num_sources, other.num_targets, other.num_edges)
            and torch.equal(self.source.long(), other.source.to(self.device).long())
            and torch.equal(self.target.long(), other.target.to(self.device).long())
        )

    def digest(self) -> str:
        """SHA-256 over counts and ids, 64 hexadecimal digits; independent of id dtype and device."""
        found = hashlib.sha256(f"adjacency {self.num_sources} {self.num_targets} {self.num_edges}\n".encode())
        for ids in (self.source, self.target):
            found.update(ids.detach().cpu().long().contiguous().numpy().astype("<i8", copy=False).data)
        return found.hexdigest()

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"an Adjacency does not change, so `{name}` cannot be set; hint: make a new Adjacency")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"an Adjacency does not change, so `{name}` cannot be deleted; hint: make a new Adjacency")

    def __getstate__(self) -> tuple[Any, ...]:
        return self.source, self.target, self.num_sources, self.num_targets, self._id_dtype

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self._fill(*state)

    def __repr__(self) -> str:
        ids = str(self.source.dtype).removeprefix("torch.")
        ends = f"{counted(self.num_sources, 'source')} to {counted(self.num_targets, 'target')}"
        return f"Adjacency({counted(self.num_edges, 'edge')} from {ends}, {ids} on {self.device})"


def as_ids(given: Ids, name: str, *, where: str = "Adjacency", device: torch.device | str | None = None) -> Tensor:
    """One-dimensional int32 or int64 ids of what was given; an empty list is an empty list of ids.

    Args:
        device: where ids go that are no tensor yet; torch's default without it.

    Raises:
        DtypeError, ShapeError: if it is not a list of integers.
    """
    if isinstance(given, Tensor):
        ids = given
    else:
        try:
            ids = torch.as_tensor(list(given) if isinstance(given, range) else given, device=device)
        except (TypeError, ValueError, RuntimeError) as error:
            raise DtypeError(message(where, f"integers for `{name}`", f"{type(given).__name__} ({error})")) from error
        if ids.numel() == 0 and ids.dim() == 1:
            ids = ids.long()
    if ids.dtype not in _KEPT:
        if ids.dtype not in _WIDENED:
            is_mask = ids.dtype is torch.bool
            hint = "mask.nonzero().flatten() makes ids of a mask" if is_mask else "pass ids as integers"
            raise DtypeError(message(where, f"int32 or int64 ids for `{name}`", str(ids.dtype), hint))
        ids = ids.long()
    if ids.dim() != 1:
        hint = "edges in a (2, num_edges) tensor are passed as Adjacency(edges[0], edges[1])" if ids.dim() == 2 else ""
        raise ShapeError(message(where, f"one-dimensional `{name}`", str(tuple(ids.shape)), hint))
    return ids


def can_read(ids: Tensor) -> bool:
    """Whether the values are there to look at: not while compiling, nor in fake or meta tensors."""
    return not torch.compiler.is_compiling() and has_numbers(ids) and ids.device.type != "meta"


def _checked_count(ids: Tensor, count: int | None, end: str) -> int:
    """The number of nodes at one end, after a look at every id."""
    if count is not None:
        count = count if isinstance(count, (int, torch.SymInt)) else operator.index(count)
        if count < 0:
            raise OptionError(message("Adjacency", f"`num_{end}s` of at least 0", str(count)))
    extremes = ids.aminmax() if can_read(ids) and ids.numel() else None
    if not can_read(ids if extremes is None else extremes.min):
        if count is None:
            raise OptionError(
                message("Adjacency", f"num_{end}s", "None", "ids cannot be counted while compiling or in fake tensors")
            )
        return count
    lowest, highest = (0, -1) if extremes is None else (int(extremes.min), int(extremes.max))
    if count is None:
        count = highest + 1
    if lowest < 0 or highest >= count:
        edge = int(((ids < 0) | (ids >= count)).to(torch.uint8).argmax())
        wrong = int(ids[edge])
        found = f"Adjacency: edge {edge} has {end} {wrong}"
        if wrong < 0:
            raise IdError(f"{found}, but ids count from 0; hint: relabel the {end}s to 0 ... num_{end}s - 1")
        verb = "is" if count == 1 else "are"
        raise IdError(
            f"{found}, but there {verb} {counted(count, end)}; hint: raise the count to {highest + 1}, or relabel the ids"
        )
    return count


def _smallest_dtype(*counts: int) -> torch.dtype:
    return torch.int32 if max(counts) < 2**31 else torch.int64


def dtype_like(ids: Tensor, count: int) -> torch.dtype:
    """The dtype of ids that go with others, as long as it reaches to `count`."""
    return ids.dtype if count <= 2**31 else torch.int64


def _turned(rows: Structure, num: int) -> Structure:
    """Edges that stand in the order of their ids, compressed by the other end."""
    return Structure(*csr_to_csc(rows.indptr, rows.source, num))


def _ascends(ids: Tensor) -> bool:
    return _begins_ascending(ids) and bool((ids[1:] >= ids[:-1]).all())


def _begins_ascending(ids: Tensor) -> bool:
    """What tells of most lists that do not ascend that they do not."""
    few = ids[:1024]
    return bool((few[1:] >= few[:-1]).all())


def _ascending(rows: Structure, num_sources: int) -> Structure:
    """The rows with their sources ascending: as they came, where they do already."""
    if can_read(rows.source) and not _holds_in_a_row(rows, rows.source[1:] < rows.source[:-1]):
        return Structure(rows.indptr, rows.source, rows.edge)
    edge = torch.arange(rows.num_edges, device=rows.source.device) if rows.edge is None else rows.edge
    _, source, edge = sort_edges(rows.indptr, rows.source, edge.to(rows.source.dtype), num_sources)
    return Structure(rows.indptr, source, edge)


def _holds_in_a_row(rows: Structure, holds: Tensor) -> bool:
    """Whether `holds`, told of each position and the next, is so of two in one row."""
    begins = rows.indptr[1:-1]
    holds[begins[(begins > 0) & (begins < rows.num_edges)] - 1] = False
    return bool(holds.any())


def _lasts(built: Tensor, given: Tensor) -> bool:
    """Whether what was built may be kept: a trace or a transform makes tensors that mean nothing after it."""
    if torch.compiler.is_compiling() or not can_read(given):
        return type(built) is type(given)
    try:
        return has_numbers(built) and built.data_ptr() is not None
    except RuntimeError:  # a wrapper of torch.func has no storage
        return False


def _without_inference_mode(build: Callable[[], Any]) -> Any:
    """What is built during inference may be wanted for a training later, which refuses inference tensors."""
    if torch.compiler.is_compiling() or not torch.is_inference_mode_enabled():
        return build()
    with torch.inference_mode(False):
        return build()
