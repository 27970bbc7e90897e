"""Every operator in every mode that the fast route must decline: equal results or a typed error, never a signal."""

import copy

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils._python_dispatch import TorchDispatchMode

import weft
from weft.ops import REGISTRY, Structure
from weft.ops._torch import COMPILES_FUNCTORCH_TEST
from weft.testing.operators import as_tuple, gradients, replaced

OPERATORS = [pytest.param(op, id=name) for name, op in sorted(REGISTRY.items())]
DIFFERENTIABLE = [p for p in OPERATORS if p.values[0]._of_at]


def sample(op):
    """The first sample with edges whose differentiable arguments are all there."""
    torch.manual_seed(0)
    for args in op.make_samples():
        tensors = [args[i] for i in op._of_at] or [a for a in args if isinstance(a, torch.Tensor)]
        if all(t is not None and t.numel() for t in tensors):
            return args
    raise AssertionError(f"{op.name} has no ordinary sample")


def mapped(convert, value):
    if isinstance(value, torch.Tensor):
        return convert(value)
    if isinstance(value, Structure):
        return Structure(*(None if v is None else mapped(convert, v) for v in value))
    if type(value) is tuple:  # the ends of a structure
        return tuple(mapped(convert, v) for v in value)
    return value


def assert_same(found, expected):
    for f, e in zip(as_tuple(found), as_tuple(expected), strict=True):
        assert torch.equal(f, e)


def assert_same_kind(found, expected, device):
    for f, e in zip(as_tuple(found), as_tuple(expected), strict=True):
        assert (f.shape, f.dtype, f.device.type) == (e.shape, e.dtype, device)


class Counting(TorchDispatchMode):
    """Counts the calls of weft's operators that pass through the dispatcher."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.seen.append(str(func))
        return func(*args, **(kwargs or {}))


class Sub(torch.Tensor):
    """A subclass that changes nothing."""


@pytest.mark.parametrize("op", OPERATORS)
def test_fake_tensors_get_fake_results(op):
    args = sample(op)
    with FakeTensorMode() as mode:
        out = op(*(mapped(mode.from_tensor, a) for a in args))
    assert_same_kind(out, op(*args), "cpu")


@pytest.mark.parametrize("op", OPERATORS)
def test_real_tensors_under_a_fake_mode_do_not_crash(op):
    args = sample(op)
    with FakeTensorMode(allow_non_fake_inputs=True):
        out = op(*args)
    assert_same_kind(out, op(*args), "cpu")


@pytest.mark.parametrize("op", OPERATORS)
def test_meta_tensors_get_meta_results(op):
    args = sample(op)
    assert_same_kind(op(*(mapped(lambda t: t.to("meta"), a) for a in args)), op(*args), "meta")


@pytest.mark.parametrize("op", OPERATORS)
def test_a_dispatch_mode_sees_the_call(op):
    args = sample(op)
    with Counting() as mode:
        out = op(*args)
    assert f"weft.{op.name}.default" in mode.seen
    assert_same(out, op(*args))


@pytest.mark.parametrize("op", OPERATORS)
def test_a_subclass_goes_through_the_dispatcher(op):
    args = sample(op)
    assert_same(op(*(a.as_subclass(Sub) if isinstance(a, torch.Tensor) else a for a in args)), op(*args))


@pytest.mark.parametrize("op", DIFFERENTIABLE)
def test_vmap_over_features_equals_a_loop(op):
    args = sample(op)
    at = op._of_at[0]
    batch = torch.stack([args[at], 2 * args[at], args[at] - 1])
    one_by_one = [as_tuple(op(*replaced(args, [at], [x]))) for x in batch]
    expected = tuple(torch.stack(outputs) for outputs in zip(*one_by_one, strict=True))
    torch.testing.assert_close(as_tuple(torch.vmap(lambda x: op(*replaced(args, [at], [x])))(batch)), expected)
    if not COMPILES_FUNCTORCH_TEST:
        return  # an older torch raises its own error for a custom operator in a compiled vmap
    with weft.ops.using("reference"):
        compiled = torch.compile(torch.vmap(lambda x: op(*replaced(args, [at], [x]))), backend="eager")
        torch.testing.assert_close(as_tuple(compiled(batch)), expected)


@pytest.mark.parametrize("op", DIFFERENTIABLE)
def test_functional_gradients_equal_those_of_backward(op):
    args, at = sample(op), op._of_at[0]
    (expected,) = gradients(op, args, [at])
    generator = torch.Generator().manual_seed(7)
    projections = [torch.randn(o.shape, generator=generator, dtype=torch.float64) for o in as_tuple(op(*args))]

    def loss(x):
        outputs = as_tuple(op(*replaced(args, [at], [x])))
        return sum((o * p).sum() for o, p in zip(outputs, projections, strict=True))

    torch.testing.assert_close(torch.func.grad(loss)(args[at]), expected)
    torch.testing.assert_close(torch.func.vjp(loss, args[at])[1](torch.ones((), dtype=torch.float64))[0], expected)
    _, directional = torch.func.jvp(loss, (args[at],), (torch.ones_like(args[at]),))
    torch.testing.assert_close(directional, expected.sum())
    with torch.autograd.forward_ad.dual_level():
        dual = loss(torch.autograd.forward_ad.make_dual(args[at], torch.ones_like(args[at])))
        torch.testing.assert_close(torch.autograd.forward_ad.unpack_dual(dual).tangent, expected.sum())


@pytest.mark.parametrize("op", DIFFERENTIABLE)
def test_make_fx_records_one_node(op):
    args, at = sample(op), op._of_at[0]
    for mode in ("real", "fake", "symbolic"):
        traced = make_fx(lambda x: op(*replaced(args, [at], [x])), tracing_mode=mode, _allow_non_fake_inputs=True)(
            args[at]
        )
        assert [n for n in traced.graph.nodes if n.target is op.overload]
        assert_same(traced(args[at]), op(*args))


@pytest.mark.parametrize("op", OPERATORS)
def test_export_round_trips(op):
    args = sample(op)
    tensors = [i for i, a in enumerate(args) if isinstance(a, (torch.Tensor, Structure))]

    class Module(torch.nn.Module):
        def forward(self, *given):
            return op(*replaced(args, tensors, given))

    exported = torch.export.export(Module(), tuple(args[i] for i in tensors))
    assert_same(exported.module()(*(args[i] for i in tensors)), op(*args))


@pytest.mark.parametrize("op", DIFFERENTIABLE)
def test_a_lazy_negative_is_read_with_its_sign(op):
    args, at = sample(op), op._of_at[0]
    negative = torch.complex(torch.zeros_like(args[at]), -args[at]).conj().imag
    assert negative.is_neg()
    assert_same(op(*replaced(args, [at], [negative])), op(*args))


@pytest.mark.parametrize("op", DIFFERENTIABLE)
def test_autocast_chooses_the_dtype_of_the_operator(op):
    args = tuple(mapped(lambda t: t.float() if t.is_floating_point() else t, a) for a in sample(op))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = op(*args)
    expected = {"lower": torch.bfloat16, "float32": torch.float32, "none": torch.float32}[op.autocast]
    assert all(o.dtype is expected for o in as_tuple(out) if o.is_floating_point())
    leaf = args[op._of_at[0]].clone().requires_grad_()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        sum(o.float().sum() for o in as_tuple(op(*replaced(args, [op._of_at[0]], [leaf])))).backward()
    assert leaf.grad.dtype is torch.float32


@pytest.mark.parametrize("op", OPERATORS)
def test_a_copied_operator_argument_is_independent(op):
    args = sample(op)
    assert_same(op(*copy.deepcopy(args)), op(*args))


@pytest.mark.parametrize("op", OPERATORS)
def test_without_private_names_all_goes_through_torch_ops(op, monkeypatch):
    args = sample(op)
    expected = op(*args)
    monkeypatch.setattr("weft.ops._torch.HAS_FAST_ROUTE", False)
    assert_same(op(*args), expected)


@pytest.mark.parametrize("op", DIFFERENTIABLE)
def test_checkpointing_recomputes_the_same(op):
    from torch.utils.checkpoint import checkpoint

    args, at = sample(op), op._of_at[0]
    again = lambda *a: checkpoint(op, *a, use_reentrant=False)  # noqa: E731
    assert_same(gradients(again, args, [at]), gradients(op, args, [at]))
