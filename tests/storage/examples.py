"""Features of every dtype and of rows of many shapes, as stores are tested with."""

import torch

EDGES = ("user", "rates", "item")
DTYPES = (
    torch.int8, torch.uint8, torch.bool, torch.int16, torch.int32, torch.int64, torch.float16, torch.bfloat16,
    torch.float32, torch.float64, torch.complex64,
)  # fmt: skip
SHAPES = ((), (1,), (3,), (16,), (0,), (2, 5), (2, 1, 7), (601,))


def rows(num_rows, shape, dtype, seed=0):
    generator = torch.Generator().manual_seed(seed)
    numbers = torch.randn((num_rows, *shape), generator=generator, dtype=torch.float64) * 50
    return numbers > 0 if dtype is torch.bool else numbers.to(dtype)


def features(num_rows=37):
    """{type: {name: tensor}} for nodes and edges."""
    nodes = {f"{dtype}"[6:]: rows(num_rows, (5,), dtype, seed) for seed, dtype in enumerate(DTYPES)}
    nodes["nothing but NaN"] = torch.full((num_rows, 2), torch.nan)
    edges = {f"shape {shape}": rows(num_rows + 1, shape, torch.float32, seed) for seed, shape in enumerate(SHAPES)}
    return {"user": nodes, "item": {"none": torch.empty(0, 4), "one": torch.ones(1, 3)}, EDGES: edges}


def by_key(given):
    return {(kind, name): tensor for kind, of in given.items() for name, tensor in of.items()}
