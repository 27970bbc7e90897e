"""The layer stacks: shapes, gradients, and what each may look at."""

import pytest
import torch

from weft.graph import Adjacency
from weft.train import FeatureClassifier, GraphClassifier, TrainOptions

GRAPH = Adjacency(torch.tensor([0, 1, 2, 3, 4]), torch.tensor([1, 2, 3, 4, 4]), num_sources=5, num_targets=5)


@pytest.mark.parametrize("layer", ["gcn", "sage", "gat"])
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("weighted", [False, True])
def test_scores_of_the_classes_for_every_node(layer, layers, weighted):
    model = GraphClassifier(7, 3, options=TrainOptions(layer=layer, layers=layers, hidden=16), weighted=weighted)
    scores = model(GRAPH, torch.randn(5, 7), torch.rand(5) if weighted else None)
    assert scores.shape == (5, 3)
    scores.square().sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


@pytest.mark.parametrize("layer", ["gcn", "sage", "gat"])
def test_a_node_sees_as_many_steps_as_there_are_layers(layer):
    model = GraphClassifier(4, 2, options=TrainOptions(layer=layer, layers=2, hidden=16)).eval()
    x = torch.randn(5, 4, requires_grad=True)
    (gradient,) = torch.autograd.grad(model(GRAPH, x)[3].sum(), x)
    assert gradient.abs().sum(dim=1)[1] > 0
    assert gradient.abs().sum(dim=1)[0] == 0


def test_features_only_sees_no_other_node():
    model = FeatureClassifier(4, 2, options=TrainOptions(layers=3, hidden=16)).eval()
    x = torch.randn(5, 4, requires_grad=True)
    (gradient,) = torch.autograd.grad(model(x)[3].sum(), x)
    assert torch.nonzero(gradient.abs().sum(dim=1)).flatten().tolist() == [3]


def test_both_have_the_same_number_of_parameters():
    options = TrainOptions(layer="gcn", layers=3)
    sizes = [
        sum(parameter.numel() for parameter in model.parameters())
        for model in (GraphClassifier(9, 4, options=options), FeatureClassifier(9, 4, options=options))
    ]
    assert sizes[0] == sizes[1]
