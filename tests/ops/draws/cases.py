"""Random graphs of any types, and ways to draw from them."""

import random
from dataclasses import replace

import torch

from weft import Adjacency
from weft.ops import Candidates, Drawing, Draws, Structure, in_time_order, weight_sums


def random_case(trial):
    """Arguments of `draw_neighbors`: types, relations, weights, times, exclusion, hops and fan-outs of any kind."""
    pick, generator = random.Random(trial), torch.Generator().manual_seed(trial)

    def below(most, count):
        return torch.randint(max(most, 1), (count,), generator=generator)

    has_times = pick.random() < 0.4
    types = pick.choice([1, 1, 2, 3])
    num_nodes = [pick.choice([1, 5, 40, 300] if types == 1 else [0, 1, 5, 40, 300]) for _ in range(types)]
    candidates, excluded = [], []
    for relation in range(1 if types == 1 else pick.choice([1, 2, 4])):
        first, last = pick.randrange(types), pick.randrange(types)
        count = pick.choice([0, 10, 200, 1500]) if num_nodes[first] and num_nodes[last] else 0
        source, target = below(num_nodes[first], count), below(num_nodes[last], count)
        if pick.random() < 0.3:
            target = target % max(1, num_nodes[last] // 10)
        rows = Adjacency(source, target, num_sources=num_nodes[first], num_targets=num_nodes[last]).by_target
        if pick.random() < 0.3:
            rows = Structure(rows.indptr, rows.source.long(), None if rows.edge is None else rows.edge.long())
        sums = times = None
        if has_times and (relation == 0 or pick.random() < 0.8):
            rows, times = in_time_order(rows, below(20, count))
        if pick.random() < 0.5:
            weight = torch.rand(count, generator=generator) * (torch.rand(count, generator=generator) > 0.3)
            sums = weight_sums(rows, weight > 0.5 if pick.random() < 0.3 else weight)
        candidates.append(Candidates(rows, first, last, sums, times))
        some = torch.randperm(count, generator=generator)[: pick.choice([0, 5, 50])].sort().values
        excluded.append(some if pick.random() < 0.4 else None)
    choice = pick.choice(["chance", "chance", "source", *(["recent"] if has_times else [])])
    how = Drawing(
        choice,
        replace=choice == "chance" and pick.random() < 0.4,
        trees=has_times or pick.random() < 0.5,
        repeats=pick.random() < 0.5,
        strict=has_times and pick.random() < 0.5,
        window=pick.choice([None, 0, 5]) if has_times else None,
        shares_layers=choice == "source" and pick.random() < 0.5,
        keeps_edges=pick.random() < 0.8,
    )
    hops = pick.choice([0, 1, 2, 2 if how.repeats else 3])
    fanouts = [[pick.choice([-1, 0, 1, 2, 5, 10, 40]) for _ in candidates] for _ in range(hops)]
    seeds = [below(count, pick.choice([0, 1, 7, 60]) if count else 0) for count in num_nodes]
    draws = Draws(pick.randrange(-(2**63), 2**64), pick.randrange(2**20), pick.randrange(2**28), pick.randrange(3))
    times = [below(20, of_type.shape[0]) for of_type in seeds] if has_times else None
    how = replace(how, induced=pick.random() < 0.3)
    tree_ids = None
    if how.trees and pick.random() < 0.4:
        tree_ids = [below(9, of_type.shape[0]) for of_type in seeds]
        times = [below(20, 9)] if has_times else None
    options = {"num_nodes": num_nodes, "draws": draws, "how": how, "times": times, "excluded": excluded}
    options["tree_ids"] = tree_ids
    return (candidates, seeds, fanouts), options
