import importlib
import json

import pytest

import weft.dgl
from tests.dgl.playing import FIXTURES

LOSSES = json.loads((FIXTURES / "losses.json").read_text())


@pytest.fixture
def as_dgl():
    """`import dgl` gives weft.dgl."""
    weft.dgl.install()
    yield
    weft.dgl.uninstall()


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_a_program_learns_as_it_does_under_dgl(name, as_dgl):
    losses = importlib.import_module(f"tests.dgl.programs.{name}").train()
    assert losses == pytest.approx(LOSSES[name], rel=1e-4, abs=1e-5)
    assert losses[-1] < losses[0]
    assert weft.dgl.__name__ == "weft.dgl"


def test_there_is_a_program_for_each_kind_of_task():
    assert len(LOSSES) >= 8
