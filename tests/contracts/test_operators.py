"""Every registered operator under the contract. Samples are thinned where a check is slow; `make test-all` runs them all."""

import math

import pytest
import torch

import weft
from tests.contracts.pairwise import pairwise
from weft.ops import REGISTRY, absences
from weft.testing import operators as contract
from weft.testing.structures import hub_structure

OPERATORS = [pytest.param(op, id=name) for name, op in sorted(REGISTRY.items())]


def thinned(op, most):
    """At most `most` numbers of samples, by a step coprime to the small cycles in which samples vary."""
    total = sum(1 for _ in op.make_samples())
    step = math.ceil(total / most)
    while step > 1 and any(step % p == 0 for p in (2, 3, 5)):
        step += 1
    return range(0, total, step)


@pytest.mark.parametrize("op", OPERATORS)
def test_every_part_is_there_or_declared_absent(op):
    contract.check_parts(op)


@pytest.mark.parametrize("op", OPERATORS)
def test_forward_agrees_with_the_reference(op):
    contract.check_forward(op, thinned(op, 80))


@pytest.mark.parametrize("op", OPERATORS)
def test_strides_do_not_matter(op):
    contract.check_layouts(op, thinned(op, 80))


@pytest.mark.parametrize("op", OPERATORS)
def test_gradients_agree_with_the_reference(op):
    contract.check_gradients(op, thinned(op, 80))


@pytest.mark.parametrize("op", OPERATORS)
def test_derivatives_agree_with_finite_differences(op):
    contract.check_gradgrad(op, thinned(op, 40))


@pytest.mark.parametrize("op", OPERATORS)
def test_torch_library_accepts_the_operator(op):
    contract.check_library(op, pairwise(list(op.make_samples())))


@pytest.mark.parametrize("op", OPERATORS)
def test_traces_give_the_same(op):
    contract.check_traces(op, pairwise(list(op.make_samples()), most=8))


@pytest.mark.parametrize("op", OPERATORS)
def test_compiled_results_are_the_same(op):
    contract.check_compile(op, pairwise(list(op.make_samples()), most=8))


@pytest.mark.parametrize("op", OPERATORS)
def test_threads_do_not_change_a_bit(op):
    contract.check_threads(op, thinned(op, 20))


def hub_arguments(op, rows=None):
    """Arguments around a structure whose largest row is cut into pieces."""
    rows = rows or hub_structure()
    torch.manual_seed(1)
    e, n, m = rows.num_edges, rows.num_targets, 40
    # Thousands of terms meet in one row; small ones keep its sum near 1, where the tolerances are meant.
    randn = lambda *shape: 0.01 * torch.randn(*shape, dtype=torch.float64)  # noqa: E731
    spmm = [(rows, randn(m, *f), None if w is None else randn(e, *w), r) for r in ("sum", "mean", "max", "min")
            for f, w in (((12,), ()), ((2, 20), (2,)), ((5,), None), ((1,), ()))]  # fmt: skip
    return {
        "spmm": spmm,
        "sddmm": [(rows, randn(n, 2, 9), randn(m, 2, 9), op, "target", "source") for op in ("dot", "mul")],
        "edge_softmax": [(rows, randn(e, 3)), (rows, 4000 * randn(e))],
        "edge_softmax_backward": [(rows, torch.rand(e, 3).double() / 4000, randn(e, 3))],
        "gat_attention": [
            (
                rows,
                randn(m, 2, 9),
                randn(m, 2),
                randn(n, 2),
                0.2,
                randn(e, 2),
                torch.rand(e).double(),
                0.3,
                torch.tensor(1),
            )
        ],
        "gatv2_attention": [
            (rows, randn(m, 3, 8), randn(n, 3, 8), randn(3, 8), 0.2, None, torch.rand(e, 3).double(), 0.0, None)
        ],
        "dot_attention": [(rows, randn(n, 20), randn(m, 20), randn(m, 6), 0.3, randn(e), None, 0.3, torch.tensor(1))],
        "pass_messages": [
            (rows, text, randn(m, 6), randn(n, 6), randn(e, 6), *[None] * 11)
            for text in (
                "source:6 target:6 edge:6 | add 0 1; tanh 3; mul 4 2 | sum 5; mean 4; max 5; variance 5; edge 5",
                "source:6 target:6 edge:6 | mul 0 1; fold 3 2 3 1; fold 2 2 3 1; add 4 5 | attend 0 6; min 0",
            )
        ],
        # A product of thousands has no digit of float32 that a tolerance could name; tests/ops has it in float64 and integers.
        "segment_reduce": [
            (rows.indptr, randn(e, 7), rows.edge, r) for r in ("sum", "mean", "max", "min", "var", "std")
        ],
        "segment_argreduce": [(rows.indptr, randn(e, 7), rows.edge, r) for r in ("max", "min")],
        "segment_softmax": [(rows.indptr, randn(e, 3), rows.edge)],
        "segment_sort": [(rows.indptr, randn(e, 3), rows.edge, True)],
        "segment_topk": [(rows.indptr, randn(e, 3), 70, rows.edge, True)],
    }.get(op.name, [])


@pytest.mark.parametrize("op", [p for p in OPERATORS if hub_arguments(p.values[0])])
def test_a_hub_is_cut_without_a_trace(op, monkeypatch):
    monkeypatch.setattr(op, "make_samples", lambda: iter(hub_arguments(op)))
    contract.check_forward(op)
    contract.check_gradients(op)
    contract.check_threads(op)


@pytest.mark.filterwarnings("ignore:Error detected in")  # where the gradient comes from, as torch says beside the error
def test_a_gradient_that_looks_at_values_is_refused(monkeypatch):
    op = REGISTRY["spmm"]
    formula = op.gradient.formula
    looks = lambda *given: [None if x is None else x * (1 if x.sum() > 0 else 2) for x in formula(*given)]  # noqa: E731
    monkeypatch.setattr(op.gradient, "formula", looks)
    with pytest.raises(Exception, match="data-dependent"):
        contract.check_traces(op, range(10))


@pytest.mark.slow
@pytest.mark.parametrize("op", OPERATORS)
def test_every_check_on_every_sample(op):
    contract.check_operator(op)


def test_absent_parts_are_printed():
    print("\n".join(absences()))
    assert all("issue 8" in line for line in absences()), "only the Triton kernels may be absent"


def test_a_fallback_is_an_error_when_native_is_asked_for():
    rows = hub_structure(50)
    with weft.ops.using("native"), pytest.raises(weft.errors.NativeLibraryError, match=r"no kernel for torch.int32"):
        weft.ops.spmm(rows, torch.ones(40, 2, dtype=torch.int32))


def test_a_fallback_warns_once():
    from weft.ops import _backend

    _backend._warned.clear()
    rows = hub_structure(50)
    with pytest.warns(weft.errors.WeftWarning, match="spmm runs its reference"):
        out = weft.ops.spmm(rows, torch.ones(40, 2, dtype=torch.int32))
    assert torch.equal(out[:, 0], rows.indptr.diff().int())
    weft.ops.spmm(rows, torch.ones(40, 2, dtype=torch.int32))
