"""Splits: every labelled node in one part, every class in every part."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from weft.errors import TableError
from weft.tables import read_nodes
from weft.train import Split, TrainOptions, split_nodes, stratified_split

counts = st.lists(st.integers(3, 40), min_size=1, max_size=6)
fractions = st.tuples(st.floats(0.01, 0.98), st.floats(0.01, 0.98)).filter(lambda pair: sum(pair) < 0.99)


@given(counts, st.integers(0, 10), fractions, st.integers(0, 2**40))
def test_parts_are_disjoint_cover_the_labelled_and_hold_every_class(sizes, unlabelled, shares, seed):
    labels = torch.cat([torch.full((size,), i) for i, size in enumerate(sizes)] + [torch.full((unlabelled,), -1)])
    labels = labels[torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))]
    split = stratified_split(labels, train_fraction=shares[0], val_fraction=shares[1], seed=seed)
    parts = torch.stack([split.train, split.val, split.test])
    assert torch.equal(parts.sum(dim=0), (labels >= 0).long())
    for part in parts:
        assert set(labels[part].tolist()) == set(range(len(sizes)))


@given(counts, fractions)
def test_shares_are_kept_within_one_node_of_each_class(sizes, shares):
    labels = torch.cat([torch.full((size,), i) for i, size in enumerate(sizes)])
    split = stratified_split(labels, train_fraction=shares[0], val_fraction=shares[1], seed=0)
    for i, size in enumerate(sizes):
        assert abs(int(split.train[labels == i].sum()) - size * shares[0]) <= 2


def test_seed_decides():
    labels = torch.arange(100) % 3

    def draw(seed):
        return stratified_split(labels, train_fraction=0.5, val_fraction=0.2, seed=seed).train

    assert torch.equal(draw(1), draw(1))
    assert not torch.equal(draw(1), draw(2))


def test_global_random_state_is_left_alone():
    before = torch.get_rng_state()
    stratified_split(torch.arange(9) % 3, train_fraction=0.5, val_fraction=0.2, seed=3)
    assert torch.equal(before, torch.get_rng_state())


def test_names():
    masks = torch.eye(5, dtype=torch.bool)[:3]
    names = Split(*masks).names(torch.tensor([0, 1, 0, -1, 1]))
    assert names == ["train", "val", "test", "unlabelled", "unused"]


@pytest.fixture
def nodes(tmp_path):
    """A function that reads a table of labels and, after a slash, parts."""

    def read(*rows):
        path = tmp_path / "nodes.csv"
        has_split = "/" in rows[0]
        lines = ["id,x,label" + (",split" if has_split else "")]
        lines += [f"n{i},{i},{row.replace('/', ',')}" for i, row in enumerate(rows)]
        path.write_text("\n".join(lines))
        return read_nodes(path, "label")

    return read


def refused(table, *says):
    with pytest.raises(TableError) as caught:
        split_nodes(table, TrainOptions())
    for part in ("nodes.csv", *says, "; hint: "):
        assert part in str(caught.value), str(caught.value)


def test_one_class(nodes):
    refused(nodes("a", "a", "a", ""), "column \"label\": expected labels of at least two classes, got the class 'a'")


def test_small_class_names_its_first_row(nodes):
    table = nodes("a", "a", "a", "b", "b", "c")
    refused(table, "nodes.csv, row 5,", "at least three nodes of every class", "got 2 of class 'b'", "1 more classes")


def test_three_nodes_of_a_class_are_enough(nodes):
    split = split_nodes(nodes("a", "b", "a", "b", "a", "b"), TrainOptions())
    assert [int(mask.sum()) for mask in (split.train, split.val, split.test)] == [2, 2, 2]


def test_given_split_is_taken_as_it_is(nodes):
    split = split_nodes(nodes("a/train", "b/val", "/train", "b/", "a/test", "/test"), TrainOptions())
    assert split.train.tolist() == [True, False, False, False, False, False]
    assert split.val.tolist() == [False, True, False, False, False, False]
    assert split.test.tolist() == [False, False, False, False, True, False]


def test_given_split_needs_no_test(nodes):
    assert not split_nodes(nodes("a/train", "b/val"), TrainOptions()).test.any()


@pytest.mark.parametrize(("rows", "part"), [(("a/train", "b/test"), "val"), (("a/val", "b/test", "/train"), "train")])
def test_given_split_without_a_part(nodes, rows, part):
    refused(nodes(*rows), 'column "split"', f"expected labelled nodes marked {part}, got none", "--ignore split")


def test_masks_are_boolean_over_all_nodes(nodes):
    split = split_nodes(nodes(*["a", "b"] * 10), TrainOptions())
    for mask in (split.train, split.val, split.test):
        assert mask.shape == (20,)
        assert mask.numpy().dtype == np.bool_
