"""Every layer can be made at its first call, from the width of its input."""

import pytest

from tests.contracts.test_layers import LAYERS
from weft.nn import lazy
from weft.testing import layers as contract


@pytest.mark.parametrize("name", LAYERS)
def test_layer_is_made_at_its_first_call(name: str) -> None:
    subject = contract.Subject(LAYERS[name])
    layer = lazy(lambda width: subject.case.make(width, subject.out_features)).double().eval()
    state = subject.layer.state_dict()
    if state:
        layer.load_state_dict(state)
    graph = contract._graph()
    found = subject.apply(layer, graph, subject.x, subject.inputs)
    subject.assert_same("lazy", found, subject.call(graph, subject.x, subject.inputs))
    assert type(layer) is type(subject.layer)
    assert repr(layer) == repr(subject.layer)
