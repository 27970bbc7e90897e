"""What a training step gets: frozen, and moved as one."""

import copy
import dataclasses
import pickle

import pytest
import torch

from weft.graph import Batch, Block, Graph


def full():
    graph = Graph([0], [1])
    graph.nodes["x"] = torch.ones(2)
    return Batch(
        {"node": torch.tensor([70])},
        blocks=(Block([1], [0], node_ids=[70, 71], num_targets=1),),
        graph=graph,
        node_ids={"node": torch.tensor([70, 71])},
        edge_ids={("node", "edge", "node"): torch.tensor([3])},
        features={"node": {"x": torch.zeros(2, 4)}},
        labels={"node": torch.tensor([1])},
        times={"node": torch.tensor([2.0])},
    )


def test_a_batch_is_frozen_and_compares_by_identity():
    batch = full()
    with pytest.raises(dataclasses.FrozenInstanceError):
        batch.graph = None
    assert batch != full()
    assert hash(batch) == hash(batch)


def test_everything_but_seeds_is_optional():
    batch = Batch({})
    assert (batch.blocks, batch.graph, dict(batch.features)) == ((), None, {})


def test_moving_moves_every_part():
    moved = full().to("meta")
    places = {
        *(part.device.type for part in (moved.blocks[0], moved.graph, moved.graph.nodes["x"], moved.features["node"]["x"])),
        *(tensor.device.type for name in ("seeds", "node_ids", "edge_ids", "labels", "times")
          for tensor in getattr(moved, name).values()),
    }  # fmt: skip
    assert places == {"meta"}


def test_copies_pins_and_shares_every_part(monkeypatch):
    batch = full()
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda tensor: tensor + 0)
    assert batch.share_memory_() is batch
    assert batch.features["node"]["x"].is_shared()
    for other in (copy.deepcopy(batch), pickle.loads(pickle.dumps(batch)), batch.pin_memory()):
        assert other.blocks[0].node_ids["node"].tolist() == [70, 71]
        assert other.graph.same_structure(batch.graph)
        assert other.labels["node"].tolist() == [1]
        assert other.features["node"]["x"] is not batch.features["node"]["x"]
