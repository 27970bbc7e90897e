"""Message passing by programs: what every edge computes from its ends, and what its target makes of it, in one pass."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from ...errors import GradientError, OptionError, ShapeError, message
from .._checks import check_ends, check_rows, check_same_dtype, checked_ids, expect
from .._operator import operator
from .._philox import kept
from .._registry import others
from .._samples import sample_structures
from .._structure import Structure
from .._winners import winners
from ._assemble import code_address
from ._differentiate import Extra, gradient, mean_program, nonzero_programs
from ._instructions import reference
from ._program import Output, Program, Step, parse

NAMES = "abcdefghijkl"  # of the operands


@operator
def pass_messages(
    rows: Structure,
    program: str,
    a: Tensor,
    b: Tensor | None = None,
    c: Tensor | None = None,
    d: Tensor | None = None,
    e: Tensor | None = None,
    f: Tensor | None = None,
    g: Tensor | None = None,
    h: Tensor | None = None,
    i: Tensor | None = None,
    j: Tensor | None = None,
    k: Tensor | None = None,
    l: Tensor | None = None,  # noqa: E741
    won: Tensor | None = None,
    seed: Tensor | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Run a program on every edge and reduce its results by target, or keep them by edge.

    A program names its operands with their widths, then steps, then outputs: `"source:8 edge:8 | add 0 1; relu 2 | sum 3"`
    is `out[i] = sum over edges e = j -> i of relu(a[j] + b[e])`. Steps are those of `_instructions.py`; outputs are `sum`,
    `mean`, `max`, `min`, `product`, `variance` (divided by the degree), `attend v s` (the sum of v weighted by a softmax over
    s, and behind it the logarithm of the sum of exp(s)) and `edge` (kept for each edge).

    *Shapes* an operand has a row for each source, target or edge (by edge id), or one row if it is shared:
    `(rows, width)` -> `(num_targets, sum of widths)` with the reduced outputs side by side; `(num_edges, sum of widths)`
    with those kept by edge; `(num_targets, sum of widths)` with the edge that gave each value of max and min, -1 for none, in
    the dtype of ids. A target without edges gets 0.

    Args:
        rows: edges by target; a gradient to an operand of sources needs its `transposed`.
        won: edge ids that the step `won` compares with, one row for each target or source.
        seed: () of int64, the key of the step `keep`.

    Raises:
        OptionError: if the text is no program, or the operands are not as many as it names.
        ShapeError, DtypeError, DeviceError: if arguments do not fit each other.
        IdError, StructureError: if `rows` points outside the operands or contradicts itself.
        GradientError: in backward, if `rows.transposed` is missing, or the gradient would need more than 12 operands.

    *Cost* reads each operand once an edge, writes the outputs; nothing else of size E. With `rows.ends` a program that only
    finds something for edges walks them in the order of their ids, unless rows of targets are too wide to be read anywhere.
    Backward keeps the operands and `out`, and runs the program again, once by target and once by source. The second
    derivative of a product is exact for rows with at most one 0.

    >>> import torch
    >>> rows = Structure(torch.tensor([0, 2, 2]), torch.tensor([1, 0]))
    >>> out, kept, _ = pass_messages(rows, "source:1 | relu 0 | sum 1; edge 1", torch.tensor([[-1.0], [10.0]]))
    >>> out, kept
    (tensor([[10.],
            [ 0.]]), tensor([[10.],
            [ 0.]]))
    """
    parsed, given = parse(program), _given((a, b, c, d, e, f, g, h, i, j, k, l))
    messages = _Messages(rows, parsed, given, won, seed)
    outputs = [messages.reduce(output) for output in parsed.outputs]
    n, count = rows.num_targets, rows.num_edges
    reduced = [out for o, (out, _) in zip(parsed.outputs, outputs, strict=True) if o.kind != "edge"]
    stored = [out for o, (out, _) in zip(parsed.outputs, outputs, strict=True) if o.kind == "edge"]
    chosen = [winner for _, winner in outputs if winner is not None]
    return (
        torch.cat(reduced, 1) if reduced else a.new_empty((n, 0)),
        torch.cat(stored, 1) if stored else a.new_empty((count, 0)),
        torch.cat(chosen, 1).to(rows.source.dtype) if chosen else rows.source.new_empty((n, 0)),
    )


class _Messages:
    """The reference: every value of a program for all edges at once, in plain torch."""

    def __init__(
        self, rows: Structure, program: Program, given: Sequence[Tensor], won: Tensor | None, seed: Tensor | None
    ) -> None:
        self.rows, self.like, self.won, self.seed = rows, given[0], won, seed
        self.ids = {"target": rows.targets()}
        if rows.edge is None:
            self.ids["edge"] = torch.arange(rows.num_edges, device=rows.source.device)
        else:
            self.ids["edge"] = checked_ids("pass_messages", "edge", rows.edge, rows.num_edges, "edges")
        self.ids["source"] = rows.source.long()
        self.values: list[Tensor] = []
        for (side, _), x in zip(program.operands, given, strict=True):
            if side == "source":
                checked_ids("pass_messages", "source", rows.source, x.shape[0], "rows in an operand")
            self.values.append(x.expand(rows.num_edges, -1) if side == "shared" else x[self.ids[side]])
        for step in program.steps:
            self.values.append(self._compute(step))

    def _compute(self, step: Step) -> Tensor:
        name, values, rest = step
        count = self.rows.num_edges
        if name == "constant":
            return self.like.new_full((count, int(rest[1])), rest[0])
        if name == "won":
            side, column, _, width = (int(number) for number in rest)
            assert self.won is not None, "`won` is checked"
            chosen = self.won[self.ids["target" if side else "source"], column : column + width]
            return (chosen == self.ids["edge"].unsqueeze(1)).to(self.like.dtype)
        if name == "keep":
            assert self.seed is not None, "`seed` is checked"
            return kept(self.seed, self.ids["edge"], int(rest[1]), rest[0], self.like.dtype)
        return reference(name, [self.values[v] for v in values], rest)

    def reduce(self, output: Output) -> tuple[Tensor, Tensor | None]:
        """One output, and the edge that gave each of its values if it selects."""
        kind, x = output.kind, self.values[output.values[0]]
        target, n = self.ids["target"], self.rows.num_targets
        zeros = x.new_zeros((n, x.shape[1]))
        degree = self.rows.indptr.diff().clamp(min=1).unsqueeze(1)
        if kind == "edge":
            order = torch.empty_like(self.ids["edge"]).scatter(
                0, self.ids["edge"], torch.arange(len(x), device=x.device)
            )
            return x[order], None
        if kind in ("sum", "mean"):
            total = zeros.index_add(0, target, x)
            return total if kind == "sum" else total / degree, None
        if kind == "variance":
            mean = zeros.index_add(0, target, x) / degree
            return zeros.index_add(0, target, (x - mean[target]).square()) / degree, None
        if kind == "product":
            index = target.unsqueeze(1).expand_as(x)
            return zeros.scatter_reduce(0, index, x, "prod", include_self=False), None
        if kind == "attend":
            return self._attend(x, self.values[output.values[1]]), None
        winner = winners(x.detach(), target, n, kind)
        edge = torch.cat((self.ids["edge"], self.ids["edge"].new_full((1,), -1)))[winner]  # row -1: no edge
        return torch.cat((x, x.new_zeros((1, x.shape[1])))).gather(0, winner.where(winner >= 0, len(x))), edge

    def _attend(self, x: Tensor, score: Tensor) -> Tensor:
        target, n, heads = self.ids["target"], self.rows.num_targets, score.shape[1]
        index = target.unsqueeze(1).expand_as(score)
        top = score.new_zeros((n, heads)).scatter_reduce(0, index, score.detach(), "amax", include_self=False)
        top = top.where(top > float("-inf"), torch.zeros_like(top))
        weight = (score - top[target]).exp()
        total = score.new_zeros((n, heads)).index_add(0, target, weight)
        spread = (weight / total[target]).unsqueeze(2) * x.reshape(x.shape[0], heads, x.shape[1] // heads)
        out = x.new_zeros((n, x.shape[1])).index_add(0, target, spread.flatten(1))
        has_edges = (self.rows.indptr.diff() > 0).unsqueeze(1)
        log_sum = top + total.where(has_edges, torch.ones_like(total)).log()
        return torch.cat((out, log_sum), 1)


def _given(operands: Sequence[Tensor | None]) -> list[Tensor]:
    return [x for x in operands if x is not None]


@pass_messages.outputs
def _(rows: Structure, program: str, *rest: Tensor | None) -> tuple[tuple[Tensor, Tensor, Tensor], tuple[int, ...]]:
    check_rows("pass_messages", rows)
    check_ends("pass_messages", rows)
    try:
        parsed = parse(program)
    except ValueError as error:
        raise OptionError(f"pass_messages: {error}") from None
    *slots, won, seed = rest
    given = _given(slots)
    if len(given) != len(parsed.operands) or any(x is None for x in slots[: len(given)]):
        raise OptionError(
            message("pass_messages", f"{len(parsed.operands)} operands, as the program names", str(len(given)))
        )
    if len({x.dtype for x in given}) > 1:
        check_same_dtype("pass_messages", **dict(zip(NAMES, given, strict=False)))
    counts = {"source": None, "target": rows.num_targets, "edge": rows.num_edges, "shared": 1}
    for name, x, (side, width) in zip(NAMES, given, parsed.operands, strict=False):
        if x.dim() != 2:
            raise ShapeError(message("pass_messages", f"`{name}` of two dimensions", str(tuple(x.shape))))
        if counts[side] is None:
            counts[side] = x.shape[0]
        expect(
            x.shape[0] == counts[side] and x.shape[1] == width,
            lambda name=name, x=x, side=side, width=width: message(  # type: ignore[misc]
                "pass_messages", f"`{name}` ({side} {counts[side]}, {width})", str(tuple(x.shape))
            ),
        )
    _check_constants(rows, parsed, won, seed, counts)
    made = (
        given[0].new_empty((rows.num_targets, parsed.row_width)),
        given[0].new_empty((rows.num_edges, parsed.edge_width)),
        rows.source.new_empty((rows.num_targets, parsed.winner_width)),
    )
    sources = 2**62 if counts["source"] is None else counts["source"]  # no operand, so that no id reaches memory
    return made, (code_address(program), rows.num_targets, sources, rows.num_edges, int(rows.wide_ends))


def _check_constants(
    rows: Structure, program: Program, won: Tensor | None, seed: Tensor | None, counts: dict[str, Any]
) -> None:
    """Refuse winners and seeds that the steps of a program could not read."""
    for name, _, rest in program.steps:
        if name == "keep" and (seed is None or seed.dtype is not torch.int64 or seed.numel() != 1):
            raise ShapeError(message("pass_messages", "`seed` of shape () in int64", _described(seed)))
        if name == "won":
            side, _, width, _ = (int(number) for number in rest)
            form = (
                f"`won` in {rows.source.dtype} with {width} columns and a row for each {'target' if side else 'source'}"
            )
            if won is None or won.dim() != 2 or won.dtype is not rows.source.dtype:
                raise ShapeError(message("pass_messages", form, _described(won)))
            if not side and counts["source"] is None:
                counts["source"] = won.shape[0]
            count = counts["target" if side else "source"]
            expect(
                won.shape[0] == count and won.shape[1] == width,
                lambda form=form: message("pass_messages", form, _described(won)),  # type: ignore[misc]
            )


def _described(x: Tensor | None) -> str:
    return "None" if x is None else f"{tuple(x.shape)} in {x.dtype}"


pass_messages.native(
    "pass_messages",
    passes=f"rows ends {' '.join(NAMES)} won seed out stored winner",
    dims="code num_targets num_sources num_edges wide_ends",
    value="a",
    ids="rows",
)


@pass_messages.backward(
    of=" ".join(NAMES), saves=dict.fromkeys([*NAMES, "out", "winner"], ""), outputs="out stored winner"
)
def _(
    grads: tuple[Tensor, Tensor, Tensor | None],
    needs: dict[str, bool],
    rows: Structure,
    program: str,
    a: Tensor, b: Tensor | None, c: Tensor | None, d: Tensor | None, e: Tensor | None, f: Tensor | None,
    g: Tensor | None, h: Tensor | None, i: Tensor | None, j: Tensor | None, k: Tensor | None, l: Tensor | None,  # noqa: E741
    won: Tensor | None,
    seed: Tensor | None,
    out: Tensor,
    winner: Tensor,
) -> list[Tensor | None]:  # fmt: skip
    given = _given((a, b, c, d, e, f, g, h, i, j, k, l))
    plan = gradient(program, tuple(needs[name] for name in NAMES[: len(given)]))
    chosen = winner if parse(program).winner_width else won
    extras = _Extras(rows, program, given, won, seed, grads, out)
    tensors = [*given, *(extras.tensor(extra) for extra in plan.extras)]
    found: list[Tensor | None] = [None] * len(NAMES)
    for walk in plan.walks:
        if len(walk.reads) > len(NAMES):
            raise GradientError(
                f"pass_messages: expected a gradient of at most {len(NAMES)} operands, that of {program!r} reads "
                f"{len(walk.reads)}; hint: put features that stand side by side into one operand"
            )
        results = _run(
            rows.reversed() if walk.is_reversed else rows, walk.text, [tensors[r] for r in walk.reads], chosen, seed
        )
        for operands, result in zip(walk.of, results, strict=True):
            for operand in operands:
                shared = parse(program).operands[operand].side == "shared"
                found[operand] = result.sum(0, keepdim=True) if shared else result
    for operand, of_edges in plan.sums:
        by_source = rows.reversed()
        found[operand] = others.segment_reduce(by_source.indptr, found[of_edges], by_source.edge)
    return found


def _run(
    rows: Structure, text: str, operands: Sequence[Tensor], won: Tensor | None, seed: Tensor | None
) -> list[Tensor]:
    """The outputs of a program, one tensor each."""
    program = parse(text)
    needs_won = any(step.name == "won" for step in program.steps)
    slots = [*operands, *[None] * (len(NAMES) - len(operands))]
    made = pass_messages(rows, text, *slots, won if needs_won else None, seed)  # type: ignore[call-arg, arg-type]
    results = []
    for (kind, values), (begin, _) in zip(program.outputs, program.places, strict=True):
        tensor, width = made[kind == "edge"], sum(program.widths[v] for v in values)
        results.append(tensor if width == tensor.shape[1] else tensor[:, begin : begin + width])
    return results


class _Extras:
    """The tensors that a gradient reads beside the operands."""

    def __init__(
        self, rows: Structure, program: str, given: Sequence[Tensor], won: Tensor | None, seed: Tensor | None,
        grads: tuple[Tensor, Tensor, Tensor | None], out: Tensor,
    ) -> None:  # fmt: skip
        self.rows, self.text, self.given, self.won, self.seed = rows, program, given, won, seed
        self.grads, self.out, self.program = grads, out, parse(program)

    def tensor(self, extra: Extra) -> Tensor:
        """One of them."""
        compute: Any = getattr(self, f"_{extra.kind}")
        return compute(extra.output)  # type: ignore[no-any-return]

    def _part(self, k: int, tensor: Tensor, first: bool = True) -> Tensor:
        """What belongs to the first, or the second, value of output k."""
        output = self.program.outputs[k]
        begin = self.program.places[k].column + (0 if first else self.program.widths[output.values[0]])
        return tensor[:, begin : begin + self.program.widths[output.values[0 if first else 1]]]

    def _grad(self, k: int) -> Tensor:
        kind = self.program.outputs[k].kind
        grad = self._part(k, self.grads[1] if kind == "edge" else self.grads[0])
        if kind not in ("mean", "variance"):
            return grad
        exact = torch.promote_types(grad.dtype, torch.float32)
        share = (2.0 if kind == "variance" else 1.0) / self.rows.indptr.diff().clamp(min=1).to(exact)
        return grad * share.to(grad.dtype).unsqueeze(1)

    def _log_sum(self, k: int) -> Tensor:
        return self._part(k, self.out, first=False)

    def _expected(self, k: int) -> Tensor:
        """What the softmax takes off the gain of every score: the mean gain, less the gradient of the logarithm."""
        gain = self._part(k, self.grads[0]) * self._part(k, self.out)
        of_log = self._part(k, self.grads[0], first=False)
        return gain.reshape(*of_log.shape, gain.shape[1] // of_log.shape[1]).sum(2) - of_log

    def _mean(self, k: int) -> Tensor:
        return self._derived(mean_program(self.text, k))

    def _zeros(self, k: int) -> Tensor:
        return self._derived(nonzero_programs(self.text, k)[0])

    def _product(self, k: int) -> Tensor:
        return self._derived(nonzero_programs(self.text, k)[1])

    def _derived(self, program: tuple[str, tuple[int, ...]]) -> Tensor:
        text, reads = program
        return _run(self.rows, text, [self.given[r] for r in reads], self.won, self.seed)[0]


pass_messages.tolerance(2e-5, 1e-11, 3e-2, 4e-3)
pass_messages.triton()

_SAMPLES = (
    "source:5 |  | sum 0",
    "source:4 edge:4 | add 0 1; relu 2 | mean 3",
    "source:4 target:4 edge:1 | sub 0 1; expand 2 1 4 1; mul 3 4; tanh 5 | sum 6; max 6; edge 3; min 5",
    "edge:3 | exp 0 | variance 1; edge 1",
    "source:3 edge:3 | mul 0 1 | product 2; variance 0",
    "source:6 target:6 shared:6 | add 0 1; leaky 3 0.2; mul 4 2; fold 5 2 3 1 | attend 0 6",
    "source:33 target:33 | mul 0 1; fold 2 1 33 1; constant 0.5 1; mul 3 4; sigmoid 5 | edge 6; sum 0",
    "source:2 target:2 edge:6 | exp 0; exp 1; div 3 4; log 5; sqrt 3; abs 0; sub 6 8; neg 7; add 9 10; expand 11 1 3 2;"
    " mul 12 2; fold 13 1 3 2 | sum 14; edge 13",
    "source:5 target:5 edge:1 | add 0 1; expand 2 1 5 1; mul 3 4 | edge 5; edge 3",
    "source:33 target:33 | sub 0 1 | edge 2",
    "source:6 target:2 | keep 0.4 2; expand 2 2 3 1; mul 0 3 | attend 4 1; edge 2",
    "source:3 edge:3 | won 1 2 5 3; mul 0 2; positive 1 0.1; mul 3 4; sign 1; iszero 1; mul 5 6; sub 6 8 | sum 9",
    "target:8 edge:8 | mul 0 1 | attend 1 2; max 2",
    " ".join(["source:2", "target:2", "edge:2"] * 3 + ["shared:2"] * 3)
    + " | mul 0 1; mul 12 2; "
    + "; ".join(f"add {i + 10} {i}" for i in range(3, 12))
    + " | sum 22",
)


@pass_messages.samples
def _() -> Iterator[tuple[Any, ...]]:
    for rows, num_sources in sample_structures():
        counts = {"source": num_sources, "target": rows.num_targets, "edge": rows.num_edges, "shared": 1}
        for text in _SAMPLES:
            given = [torch.randn(counts[side], width, dtype=torch.float64) for side, width in parse(text).operands]
            if "product" in text and rows.num_edges > 5:
                given[1][2, 1] = given[1][5, 0] = 0  # a row with a zero of its own has a product of the others
            won = torch.randint(-1, max(rows.num_edges, 1), (rows.num_targets, 5)).to(rows.source.dtype)
            yield (
                rows, text, *given, *[None] * (len(NAMES) - len(given)), won if "won" in text else None,
                torch.tensor(2**40 + 7) if "keep" in text else None,
            )  # fmt: skip
