"""Which labelled nodes to train on, to choose the epoch by, and to test on."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..tables import SPLITS, NodeTable
from ._options import TrainOptions

UNLABELLED = "unlabelled"
UNUSED = "unused"


@dataclass(frozen=True)
class Split:
    """Masks over the nodes that never overlap, and are False for a node without label.

    *Shapes*: (num_nodes,) each.
    """

    train: Tensor
    val: Tensor
    test: Tensor

    def names(self, labels: Tensor) -> list[str]:
        """Name the part of each node: train, val, test, unlabelled, or unused for a labelled node in no part."""
        part = torch.full(labels.shape, 4)
        part[labels < 0] = 3
        for i, mask in enumerate((self.train, self.val, self.test)):
            part[mask] = i
        words = (*SPLITS, UNLABELLED, UNUSED)
        return [words[i] for i in part.tolist()]


def split_nodes(nodes: NodeTable, options: TrainOptions) -> Split:
    """Split by the table's split column, or else at random.

    Raises:
        TableError: if no node can be trained on or validated, a class is too small, or there is only one class.
    """
    if len(nodes.classes) < 2:
        raise nodes.error(
            "labels of at least two classes",
            f"the class {nodes.classes[0]!r} only",
            "with one class there is nothing to learn",
            column=nodes.label,
        )
    labels = torch.from_numpy(nodes.labels)
    if nodes.split is None or nodes.split_column is None:
        _check_class_sizes(nodes, labels)
        return stratified_split(
            labels,
            train_fraction=options.train_fraction,
            val_fraction=options.val_fraction,
            seed=options.seed,
        )
    part = torch.from_numpy(nodes.split)
    train, val, test = (((part == i) & (labels >= 0)) for i in range(3))
    for name, mask in (("train", train), ("val", val)):
        if not mask.any():
            raise nodes.error(
                f"labelled nodes marked {name}",
                "none",
                f"mark some, or leave the column out with --ignore {nodes.split_column} for a random split",
                column=nodes.split_column,
            )
    return Split(train, val, test)


def stratified_split(labels: Tensor, *, train_fraction: float, val_fraction: float, seed: int) -> Split:
    """Draw the parts of every class at random, each with at least one node.

    Args:
        labels: (num_nodes,) with at least three nodes of every class that occurs; -1 for no label.

    Example:
        >>> labels = torch.arange(2).repeat(10)
        >>> split = stratified_split(labels, train_fraction=0.6, val_fraction=0.2, seed=0)
        >>> [int(labels[mask].sum()) for mask in (split.train, split.val, split.test)]
        [6, 2, 2]
    """
    generator = torch.Generator().manual_seed(seed)
    parts = torch.zeros(3, labels.numel(), dtype=torch.bool)
    for label in range(int(labels.max()) + 1 if labels.numel() else 0):
        members = torch.nonzero(labels == label).flatten()
        count = members.numel()
        if not count:
            continue
        members = members[torch.randperm(count, generator=generator)]
        num_train = min(max(1, round(count * train_fraction)), count - 2)
        num_val = min(max(1, round(count * val_fraction)), count - num_train - 1)
        parts[0, members[:num_train]] = True
        parts[1, members[num_train : num_train + num_val]] = True
        parts[2, members[num_train + num_val :]] = True
    return Split(parts[0], parts[1], parts[2])


def _check_class_sizes(nodes: NodeTable, labels: Tensor) -> None:
    counts = torch.bincount(labels[labels >= 0], minlength=len(nodes.classes))
    small = torch.nonzero(counts < 3).flatten().tolist()
    if not small:
        return
    first = small[0]
    position = int(torch.nonzero(labels == first)[0])
    hint = "add nodes of this class, clear its labels, or give a split column"
    if len(small) > 1:
        hint += f"; {len(small) - 1:,} more classes are as small"
    raise nodes.error(
        "at least three nodes of every class, to train on, to validate and to test",
        f"{int(counts[first])} of class {nodes.classes[first]!r}",
        hint,
        position=position,
        column=nodes.label,
    )
