"""The changes that `break_kernels.py` makes still have their places: it runs in `make test-all` alone."""

import pytest

from tests.contracts.break_kernels import CHANGES, ROOT


@pytest.mark.parametrize("name", CHANGES)
def test_every_break_has_one_place(name):
    file, before, after = CHANGES[name]
    assert (ROOT / "src/weft/ops/spmm" / file).read_text().count(before) == 1
    assert before != after
