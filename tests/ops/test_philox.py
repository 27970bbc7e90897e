"""The generator gives the bits that its authors published, and the same ones in C++."""

import torch

import weft
from weft.ops import Structure, pass_messages
from weft.ops._philox import philox


def words(*counter_and_key):
    c0, c1, c2, c3, k0, k1 = counter_and_key
    seed = torch.tensor(_signed(k1 << 32 | k0))
    drawn = philox(seed, torch.tensor([_signed(c1 << 32 | c0)]), torch.tensor([_signed(c3 << 32 | c2)]))
    return [f"{int(word):08x}" for word in drawn[0]]


def _signed(word):
    return word - 2**64 if word >= 2**63 else word


def test_published_answers():
    ones = 0xFFFFFFFF
    assert words(0, 0, 0, 0, 0, 0) == ["6627e8d5", "e169c58d", "bc57ac4c", "9b00dbd8"]
    assert words(*[ones] * 6) == ["408f276d", "41c83b0e", "a20bc7c6", "6d5451fd"]
    pi = (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344, 0xA4093822, 0x299F31D0)
    assert words(*pi) == ["d16cfe09", "94fdcceb", "5001e420", "24126ea1"]


def test_the_kernel_draws_the_same():
    count = 5000
    rows = Structure(torch.tensor([0, count]), torch.zeros(count, dtype=torch.int64))
    for seed in (0, 12345, -(2**40)):
        args = (rows, "edge:1 | keep 0.3 7 | edge 1; sum 0", torch.zeros(count, 1))
        given = {"seed": torch.tensor(seed)}
        with weft.ops.using("native"):
            _, kept, _ = pass_messages(*args, **given)
        with weft.ops.using("reference"):
            _, expected, _ = pass_messages(*args, **given)
        assert torch.equal(kept, expected)
        assert abs(float((kept > 0).float().mean()) - 0.7) < 0.02
