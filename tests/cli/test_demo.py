"""`weft demo`: the tables it writes are those of the digits, and it keeps its hands off other files."""

import csv
import io

import pytest

pytest.importorskip("sklearn")

from weft.cli import main
from weft.cli.demo import NUM_NEIGHBOURS, digit_tables


def rows(text):
    return list(csv.reader(io.StringIO(text)))


def test_tables_hold_every_digit_and_its_nearest():
    from sklearn.datasets import load_digits

    pixels, digits = load_digits(return_X_y=True)
    nodes, edges = map(rows, digit_tables())
    assert len(nodes) == 1798
    assert [row[-1] for row in nodes[1:]] == [str(digit) for digit in digits]
    assert [float(value) for value in nodes[5][1:-1]] == pixels[4].tolist()
    assert len(edges) == 1 + 1797 * NUM_NEIGHBOURS
    place = {row[0]: i for i, row in enumerate(nodes[1:])}
    for i in (0, 700, 1796):
        distance = ((pixels - pixels[i]) ** 2).sum(axis=1)
        distance[i] = float("inf")
        found = sorted(distance[place[target]] for source, target in edges[1:] if place[source] == i)
        assert found == sorted(distance)[:NUM_NEIGHBOURS]


def test_it_refuses_to_replace_another_file(folder, capsys):
    (folder / "weft-demo").mkdir()
    (folder / "weft-demo" / "nodes.csv").write_text("mine")
    assert main(["demo"]) == 2
    assert "weft-demo/nodes.csv: expected no file, or the one of an earlier demo" in capsys.readouterr().err
    assert (folder / "weft-demo" / "nodes.csv").read_text() == "mine"
