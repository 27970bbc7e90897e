"""Scores agree with scikit-learn's."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from weft.train import score

metrics = pytest.importorskip("sklearn.metrics")


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=50))
def test_scores_equal_the_library(pairs):
    predicted, labels = torch.tensor(pairs).T
    got = score(predicted, labels)
    assert got.num_nodes == len(pairs)
    assert got.accuracy == pytest.approx(metrics.accuracy_score(labels, predicted))
    assert got.macro_f1 == pytest.approx(metrics.f1_score(labels, predicted, average="macro", zero_division=0))


def test_nothing_to_compare():
    empty = torch.empty(0, dtype=torch.int64)
    assert score(empty, empty) is None
