"""Label propagation and mixed weights, as DGL 2.1.0 gave them on a directed graph with a parallel edge and a self loop."""

import pytest
import torch

import weft.dgl as dgl
from weft.errors import OptionError

GRAPH = dgl.graph(([0, 0, 1, 2, 3, 3, 4, 6, 2], [1, 1, 2, 0, 0, 4, 3, 4, 2]), num_nodes=7)
LABELS, MASK = torch.tensor([0, 2, 1, 1, 0, 2, 1]), torch.tensor([True, False, False, True, False, True, False])
FOUND = {
    ("sym", True): [[0.65, 0.35, 0.0], [0.4615, 0.5385, 0.0], [0.6846, 0.3154, 0.0], [0.0, 1.0, 0.0], [0.0, 1.0, 0.0]],
    ("sym", False): [
        [0.4213, 0.1908, 0.0],
        [0.21, 0.0735, 0.0],
        [0.2252, 0.1213, 0.0],
        [0.0, 0.3735, 0.0],
        [0.0, 0.1908, 0.0],
    ],
    ("row", True): [[0.65, 0.35, 0.0], [0.4615, 0.5385, 0.0], [0.7308, 0.2692, 0.0], [0.0, 1.0, 0.0], [0.0, 1.0, 0.0]],
    ("row", False): [
        [0.3857, 0.1908, 0.0],
        [0.21, 0.0735, 0.0],
        [0.1592, 0.0857, 0.0],
        [0.0, 0.3735, 0.0],
        [0.0, 0.1908, 0.0],
    ],
}


@pytest.mark.parametrize(("norm_type", "normalize"), FOUND)
def test_labels_spread(norm_type: str, normalize: bool) -> None:
    found = dgl.nn.LabelPropagation(3, 0.7, norm_type, normalize=normalize)(GRAPH, LABELS, MASK)
    torch.testing.assert_close(found[:5], torch.tensor(FOUND[norm_type, normalize]), rtol=0, atol=1e-4)


def test_without_a_mask_all_labels_are_known() -> None:
    found = dgl.nn.LabelPropagation(3, 0.7, reset=True)(GRAPH, LABELS)
    assert torch.equal(found, torch.nn.functional.one_hot(LABELS, 3).float())
    with pytest.raises(OptionError, match="`norm_type`"):
        dgl.nn.LabelPropagation(3, 0.7, "both")


def test_weights_are_mixed_from_a_few() -> None:
    few, own = dgl.nn.WeightBasis((4, 2), 2, 5), dgl.nn.WeightBasis((4, 2), 5, 5)
    torch.testing.assert_close(few(), torch.einsum("ob,bij->oij", few.w_comp, few.weight))
    assert own() is own.weight
    assert list(own.state_dict()) == ["weight"]
