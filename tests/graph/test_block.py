"""Sampled structure: ids, prefix, types."""

import copy
import pickle

import pytest
import torch

import weft
from weft.errors import DeviceError, DtypeError, FeatureError, IdError, OptionError, ShapeError
from weft.graph import Block

RATES = ("user", "rates", "item")
RATED = ("item", "rated by", "user")


def small():
    return Block([2, 3, 3], [0, 0, 1], node_ids=torch.tensor([70, 71, 98, 99]).int(), num_targets=2, edge_ids=[5, 6, 9])


def typed():
    return Block(
        {RATES: ([0, 2], [0, 0]), RATED: ([1], [0])},
        node_ids={"user": [10, 11, 12], "item": [20, 21], "brand": []},
        num_targets={"user": 1, "item": 1},
        edge_ids={RATES: [7, 8]},
    )


def test_one_type():
    block = small()
    assert (dict(block.num_sources), dict(block.num_targets), block.num_edges) == ({"node": 4}, {"node": 2}, 3)
    assert (block.adjacency.num_sources, block.adjacency.num_targets) == (4, 2)
    assert block.node_ids["node"].dtype is torch.int64
    assert block.edge_ids["node", "edge", "node"].tolist() == [5, 6, 9]
    assert block.device.type == "cpu"


def test_targets_are_the_first_of_the_sources():
    block = small()
    assert block.target_ids().tolist() == [70, 71]
    assert block.target_ids("node").tolist() == [70, 71]
    assert typed().target_ids("user").tolist() == [10]
    assert typed().target_ids("brand").tolist() == []


def test_aggregation_over_a_block_reads_sources_and_writes_targets():
    out = weft.ops.spmm(small().adjacency.by_target, torch.tensor([[1.0], [2.0], [4.0], [8.0]]))
    assert out.tolist() == [[12.0], [8.0]]


def test_many_types():
    block = typed()
    assert dict(block.num_sources) == {"user": 3, "item": 2, "brand": 0}
    assert dict(block.num_targets) == {"user": 1, "item": 1, "brand": 0}
    assert (block.adjacencies[RATES].num_sources, block.adjacencies[RATES].num_targets) == (3, 1)
    assert tuple(block.edge_ids) == (RATES,)
    with pytest.raises(FeatureError, match=r"`block\.adjacency` is for a block of one edge type, this one has 2: "):
        _ = block.adjacency
    with pytest.raises(FeatureError, match='expected one of the node types "user", "item", "brand", got None'):
        block.target_ids()


def test_an_empty_block_is_ordinary():
    block = Block([], [], node_ids=[], num_targets=0)
    assert block.adjacency.by_target.num_targets == 0
    assert Block({}, node_ids={}, num_targets={}).num_edges == 0


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: Block([4], [0], node_ids=[1, 2], num_targets=1), IdError,
         'Block, ("node", "edge", "node"): Adjacency: edge 0 has source 4, but there are 2 sources'),
        (lambda: Block([0], [1], node_ids=[1, 2], num_targets=1), IdError, "edge 0 has target 1, but there is 1 target"),
        (lambda: Block([0], [0], node_ids=[1, 2], num_targets=3), ShapeError,
         'Block: expected 0 to 2 targets among as many "node" nodes, got 3; hint: targets are the first of the nodes'),
        (lambda: Block([0], [0], node_ids=[1], num_targets=1, edge_ids=[1, 2]), ShapeError,
         'one id for each of 1 edge ("node", "edge", "node"), got 2'),
        (lambda: Block([0], [0], node_ids=[0.5], num_targets=1), DtypeError, 'Block, `node_ids` of "node": '),
        (lambda: Block([0], [0], node_ids={"node": [1]}, num_targets=1), OptionError, "expected mappings for all arguments, or"),
        (lambda: Block([0], node_ids=[1], num_targets=1), OptionError, "expected mappings for all arguments, or"),
        (lambda: Block({RATES: ([0], [0])}, node_ids={"user": [1]}, num_targets={}), OptionError,
         '`node_ids` for both ends of ("user", "rates", "item"), got none for "item"'),
        (lambda: Block({}, node_ids={"user": [1]}, num_targets={"item": 1}), OptionError,
         '`num_targets` for the node types "user", got "item"'),
        (lambda: Block({}, node_ids={"user": [1]}, num_targets={}, edge_ids={RATES: [1]}), OptionError,
         '`edge_ids` for the edge types none, got ("user", "rates", "item")'),
        (lambda: Block([0], [0], node_ids=torch.zeros(1, device="meta").long(), num_targets=1), DeviceError,
         "all ids on one device, got cpu and meta"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_told(make, error, says):
    with pytest.raises(error) as caught:
        make()
    assert says in str(caught.value)


@pytest.mark.parametrize("make", [small, typed])
def test_copies_and_moves_carry_everything(make, monkeypatch):
    block = make()
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda tensor: tensor + 0)
    for other in (copy.deepcopy(block), pickle.loads(pickle.dumps(block)), block.pin_memory(), block.share_memory_()):
        assert repr(other) == repr(block)
        assert other.num_targets == block.num_targets
        for name, adjacency in block.adjacencies.items():
            assert other.adjacencies[name].same_structure(adjacency)
        for name, ids in [*block.node_ids.items(), *block.edge_ids.items()]:
            assert torch.equal({**other.node_ids, **other.edge_ids}[name], ids)
    assert block.to("cpu") is block
    assert block.to("meta").device.type == "meta"


def test_nothing_can_be_set_or_deleted():
    block = small()
    with pytest.raises(AttributeError, match="a Block does not change, so `x` cannot be set; hint: make a new Block"):
        block.x = 1
    with pytest.raises(AttributeError, match="cannot be deleted"):
        del block._node_ids
    with pytest.raises(TypeError):
        block.node_ids["node"] = torch.zeros(4)


def test_repr_tells_sizes():
    assert repr(small()) == "Block(3 edges from 4 sources to 2 targets, on cpu)"
    assert repr(typed()).splitlines() == [
        "Block(3 node types, 2 edge types, on cpu)",
        '  "user": 3 nodes, 1 of them targets',
        '  "item": 2 nodes, 1 of them targets',
        '  "brand": 0 nodes, 0 of them targets',
        '  ("user", "rates", "item"): 2 edges',
        '  ("item", "rated by", "user"): 1 edge',
    ]
