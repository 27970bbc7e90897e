"""Samplers of a graph on a device draw what those of the same graph on the CPU do, and keep it there."""

import pytest
import torch

from tests.elsewhere import assert_alike, elsewhere, waits
from tests.sampling import test_contract as contract
from weft.errors import DeviceError
from weft.sampling import NeighborSampler

# They choose by sums of fractions, which come out otherwise in another order.
ON_THE_CPU = {"labor by importance", "PPR", "HGT", "layers"}
HOW = {"epoch": 1, "batch": 2}


@pytest.mark.parametrize("name", [*contract.CASES])
def test_samplers_draw_on_a_device_what_they_draw_on_the_cpu(name, monkeypatch):
    plain, shop = contract.plain, contract.shop
    sampler, seeds, given = contract.CASES[name]()
    options = {option: value for option, value in given.items() if option == "times"}
    expected = sampler.sample(seeds, **HOW, **options)
    with elsewhere() as device:
        monkeypatch.setattr(contract, "plain", lambda: plain().to(device))
        monkeypatch.setattr(contract, "shop", lambda: shop().to(device))
        if name in ON_THE_CPU:
            with pytest.raises(DeviceError, match=r"sample on the CPU and move the batch, or call graph.to\('cpu'\)"):
                contract.CASES[name]()
            return
        sampler, seeds, _ = contract.CASES[name]()
        assert_alike(sampler.sample(seeds, **HOW, **options), expected)


@pytest.mark.parametrize("options", [{}, {"weight": "w"}, {"form": "graph"}, {"replace": True}])
def test_a_batch_waits_once_for_each_hop(options):
    with elsewhere() as device:
        sampler, seeds = (
            NeighborSampler(contract.plain().to(device), [3, 2], **options),
            torch.tensor([3, 50], device=device),
        )
        waits.clear()
        sampler.sample(seeds)
        assert waits == ["tolist", "tolist"]
