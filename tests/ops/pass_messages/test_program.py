"""Programs: what is written once, what is left out, and registers that are used again."""

import pytest

from weft.ops.pass_messages._assemble import assembled
from weft.ops.pass_messages._differentiate import gradient
from weft.ops.pass_messages._program import Builder, Output, parse


def test_equal_steps_are_written_once_and_dead_ones_left_out():
    b = Builder()
    x, unused, y = b.operand("source", 4), b.operand("edge", 9), b.operand("edge", 4)
    first, again = b.step("add", x, y), b.step("add", x, y)
    assert first == again
    b.step("exp", unused)
    text, used = b.text([Output("sum", (b.step("relu", first),))])
    assert text == "source:4 edge:4 | add 0 1; relu 2 | sum 3"
    assert used == (0, 2)


def test_a_reversed_program_swaps_the_ends():
    b = Builder()
    x, y = b.operand("source", 2), b.operand("target", 2)
    text, _ = b.text([Output("sum", (b.step("mul", b.step("mul", x, y), b.step("won", rest=(1, 0, 2, 2))),))], True)
    assert text == "target:2 source:2 | mul 0 1; won 0 0 2 2; mul 2 3 | sum 4"


def test_text_is_read_as_it_was_written():
    text = "source:6 target:6 shared:6 | add 0 1; leaky 3 0.2; mul 4 2; fold 5 2 3 1 | attend 0 6; max 3"
    program = parse(text)
    b = Builder()
    values = [b.operand(*operand) for operand in program.operands]
    for name, inputs, rest in program.steps:
        values.append(b.step(name, *(values[v] for v in inputs), rest=rest))
    assert parse(b.text(program.outputs)[0]) == program


def test_registers_are_used_again():
    header = assembled("source:8 | exp 0; tanh 1; exp 2; tanh 3; exp 4 | sum 5")
    assert header[0] == 8 * 2  # two that take turns


def test_the_gradient_of_what_no_output_reads_needs_no_walk():
    assert gradient("source:2 target:2 | sign 0 | sum 2", (True, True)).walks == ()
    (walk,) = gradient("source:2 target:2 | add 0 1 | sum 2", (False, True)).walks
    assert not walk.is_reversed
    assert walk.text == "target:2 |  | sum 0"


def test_sources_add_up_what_the_gradient_keeps_for_edges_anyway():
    text = "source:2 edge:2 target:2 | add 0 1; add 3 2; relu 4 | sum 5"
    both = gradient(text, (True, True, True))
    assert both.sums == ((0, 1),)
    assert [walk.is_reversed for walk in both.walks] == [False]
    alone = gradient(text, (True, False, True))
    assert alone.sums == ()
    assert [walk.is_reversed for walk in alone.walks] == [False, True]
    other = gradient("source:2 edge:2 | mul 0 1 | sum 2", (True, True))
    assert other.sums == ()


@pytest.mark.parametrize("text", ["", "a | b | c", "source:x | | sum 0", "sauce:1 | | sum 0", "source:1 | | attend 0"])
def test_what_is_no_program_is_refused(text):
    with pytest.raises(ValueError, match="no program of messages"):
        parse(text)
