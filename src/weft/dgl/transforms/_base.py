"""Transforms that are made once and called on graphs: what they have in common, and several in a row."""

from __future__ import annotations

from collections.abc import Sequence

from .._graph import DGLGraph


class BaseTransform:
    """A function of a graph that is made once, with its options, and called on graphs.

    >>> BaseTransform()
    BaseTransform()
    """

    def __call__(self, g: DGLGraph) -> DGLGraph:
        """Transform a graph; each class says how."""
        raise NotImplementedError(
            f"{type(self).__name__} has no __call__; hint: a transform of your own defines __call__(self, g)"
        )

    def __repr__(self) -> str:
        return type(self).__name__ + "()"


class Compose(BaseTransform):
    """Several transforms, one after the other.

    >>> from weft.dgl.transforms import AddReverse, AddSelfLoop
    >>> Compose([AddReverse(), AddSelfLoop()])
    Compose([
      AddReverse(),
      AddSelfLoop()
    ])
    """

    def __init__(self, transforms: Sequence[BaseTransform]) -> None:
        self.transforms = list(transforms)

    def __call__(self, g: DGLGraph) -> DGLGraph:
        """Run all transforms from first to last."""
        for transform in self.transforms:
            g = transform(g)
        return g

    def __repr__(self) -> str:
        inner = ",\n".join(f"  {transform}" for transform in self.transforms)
        return f"{type(self).__name__}([\n{inner}\n])"
