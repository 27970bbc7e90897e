"""The lines of a listing on a GPU: each makes a tile of edges by columns, and a fold another axis behind them."""

import triton
import triton.language as tl

from .._triton.philox import philox


@triton.jit
def lifted(of_edges, RANK: tl.constexpr):
    """One number an edge, shaped to meet tiles with RANK axes behind that of edges."""
    for _ in tl.static_range(RANK):
        of_edges = tl.expand_dims(of_edges, -1)
    return of_edges


@triton.jit
def _along(count: tl.constexpr, RANK: tl.constexpr):
    """0 to count - 1 along the last of RANK + 2 axes."""
    r = tl.arange(0, count)
    for _ in tl.static_range(RANK + 1):
        r = tl.expand_dims(r, 0)
    return r


@triton.jit
def _compute(name: tl.constexpr, x, y, line: tl.constexpr):
    """Steps that read nothing but values."""
    if name == "add":
        return x + y
    elif name == "sub":
        return x - y
    elif name == "mul":
        return x * y
    elif name == "div":
        return x / y
    elif name == "neg":
        return -x
    elif name == "relu":
        return tl.where(x <= 0, 0.0, x)
    elif name == "positive":
        return tl.where(x > 0, tl.full((), 1.0, x.dtype), tl.full((), line[3], x.dtype))
    elif name == "leaky":
        return tl.where(x > 0, x, x * line[3])
    elif name == "exp":
        return tl.exp(x)
    elif name == "log":
        return tl.log(x)
    elif name == "sigmoid":
        return 1 / (1 + tl.exp(-x))
    elif name == "tanh":
        e = tl.exp(-2 * tl.abs(x))  # cannot overflow
        t = (1 - e) / (1 + e)
        return tl.where(x < 0, -t, t)
    elif name == "sqrt":
        return tl.sqrt(x)
    elif name == "abs":
        return tl.abs(x)
    elif name == "sign":
        return (x > 0).to(x.dtype) - (x < 0).to(x.dtype)
    else:
        tl.static_assert(name == "iszero", "a step that no kernel knows")
        return (x == 0).to(x.dtype)


@triton.jit
def _line(registers, ends, there, operands, won, seed, ACC: tl.constexpr, line: tl.constexpr):
    """What one line makes; `ends` are the rows of sources, targets and edges."""
    name: tl.constexpr = line[0]
    a = registers[line[1]]
    if name == "gathered":
        return a // (line[2] * line[3]) * line[3] + a % line[3]
    elif name == "spread":
        r = _along(line[4], len(a.shape) - 1)
        a = tl.expand_dims(a, -1)
        return a // line[3] * (line[2] * line[3]) + r * line[3] + a % line[3]
    elif name == "fold":
        return tl.sum(tl.where(_along(line[3], line[4]) < line[2], a, 0.0), line[4] + 1)
    elif name == "load":
        at = a
        if line[3] < 3:
            at = lifted(ends[line[3]], line[5]) * line[4] + a
        return tl.load(operands[line[2]] + at, mask=lifted(there, line[5]) & (a < line[4]), other=0.0).to(ACC)
    elif name == "constant":
        return tl.full(a.shape, line[2], ACC)
    elif name == "won":
        at = lifted(ends[line[2]], line[6]) * line[4] + line[3] + a
        chosen = tl.load(won + at, mask=lifted(there, line[6]) & (a < line[5]), other=-1)
        return (chosen == lifted(ends[2], line[6])).to(ACC)
    elif name == "keep":
        w, x, y, z = philox(tl.load(seed), lifted(ends[2], line[4]), a // 4)
        word = a % 4
        bits = tl.where(word < 2, tl.where(word == 0, w, x), tl.where(word == 2, y, z))
        return tl.where(bits.to(tl.int64) < line[2], tl.full((), line[3], ACC), tl.full((), 0.0, ACC))
    else:
        return _compute(name, a, registers[line[2]], line)


@triton.jit
def registers_of(columns, ends, there, operands, won, seed, ACC: tl.constexpr, LINES: tl.constexpr):
    """All registers of a listing, from the columns that are wanted, (1, columns)."""
    registers = (columns,)
    for at in tl.static_range(len(LINES)):
        registers = registers + (_line(registers, ends, there, operands, won, seed, ACC, LINES[at]),)  # noqa: RUF005
    return registers
