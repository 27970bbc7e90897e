"""Colours are those of refinement with multisets written out."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from weft.errors import DtypeError, OptionError, ShapeError
from weft.graph import Adjacency, Graph
from weft.graph.algorithms import refine_colors


def refined(edges: list[tuple[int, int]], color: list[int], num_rounds: int | None) -> list[int]:
    """Refinement by dictionaries of pairs."""
    for _ in range(len(color) if num_rounds is None else num_rounds):
        pairs = [(color[i], tuple(sorted(color[j] for j, k in edges if k == i))) for i in range(len(color))]
        color = [list(dict.fromkeys(pairs)).index(pair) for pair in pairs]
    return [list(dict.fromkeys(color)).index(one) for one in color]


@st.composite
def graphs(draw: st.DrawFn) -> tuple[int, list[tuple[int, int]], list[int]]:
    count = draw(st.integers(1, 8))
    node = st.integers(0, count - 1)
    edges = draw(st.lists(st.tuples(node, node), max_size=20))
    return count, edges, draw(st.lists(st.integers(-3, 3), min_size=count, max_size=count))


@given(graphs(), st.sampled_from([None, 0, 1, 2]))
def test_colors_are_those_of_multisets(
    graph: tuple[int, list[tuple[int, int]], list[int]], num_rounds: int | None
) -> None:
    count, edges, color = graph
    source, target = torch.tensor(edges, dtype=torch.int64).reshape(-1, 2).unbind(1)
    found = refine_colors(Graph(source, target, count), torch.tensor(color), num_rounds=num_rounds)
    assert found.tolist() == refined(edges, color, num_rounds)


def test_hexagon_and_two_triangles_stay_alike() -> None:
    ring = [(i, (i + 1) % 6) for i in range(6)]
    triangles = [(6 + 3 * t + i, 6 + 3 * t + (i + 1) % 3) for t in (0, 1) for i in range(3)]
    source, target = torch.tensor([*ring, *triangles]).T
    graph = Graph(torch.cat((source, target)), torch.cat((target, source)), 12)
    assert refine_colors(graph).tolist() == [0] * 12


def test_path_is_told_apart_from_its_ends_on() -> None:
    source, target = torch.arange(8), torch.arange(1, 9)
    graph = Graph(torch.cat((source, target)), torch.cat((target, source)), 9)
    assert refine_colors(graph).tolist() == [0, 1, 2, 3, 4, 3, 2, 1, 0]
    assert refine_colors(graph, num_rounds=1).tolist() == [0, 1, 1, 1, 1, 1, 1, 1, 0]


def test_empty_graph_has_no_colors() -> None:
    none = torch.empty(0, dtype=torch.int64)
    assert refine_colors(Graph(none, none, 0)).shape == (0,)
    assert refine_colors(Graph(none, none, 3), torch.tensor([7, 5, 7])).tolist() == [0, 1, 0]


def test_wrong_arguments_are_told() -> None:
    graph = Graph([0, 1], [1, 2])
    with pytest.raises(ShapeError, match=r"`color` of shape \(3,\), got \(2,\)"):
        refine_colors(graph, torch.tensor([0, 1]))
    with pytest.raises(DtypeError, match=r"integers as `color`, got torch\.float32; hint: WLConvContinuous"):
        refine_colors(graph, torch.ones(3))
    with pytest.raises(OptionError, match="`num_rounds` of at least 0, got -1"):
        refine_colors(graph, num_rounds=-1)
    with pytest.raises(ShapeError):
        refine_colors(Adjacency(torch.tensor([0]), torch.tensor([1]), num_sources=2, num_targets=3))
