"""Attention of all nodes of a graph to each other, for each graph of a batch."""

import torch
from torch import Tensor
from torch.nn import functional


def attend_in_graphs(query_key_value: Tensor, indptr: Tensor | None, dropout: float = 0.0) -> Tensor:
    """Let every node look at all nodes of its graph, head by head.

    `out[i] = sum over the nodes j of i's graph of softmax over j of (query[i] . key[j] / sqrt(width)) * value[j]`

    *Shapes* `query_key_value: (num_nodes, 3, heads, width)`; `indptr: (num_graphs + 1,)`, int64: where each graph begins,
    or None if there is one graph -> `(num_nodes, heads, width)`.

    Args:
        dropout: probability of dropping an attention.

    *Cost* num_nodes x the size of its graph x heads x width. Graphs of one size are attended to together, so that nothing is
    padded; one call of torch for each size that there is. What it allocates beyond the result is torch's choice, on processors
    no tensor of pairs. A compiler, which cannot look at sizes, gets a mask over all pairs of nodes instead.
    """
    num_nodes = query_key_value.shape[0]
    if indptr is None or indptr.shape[0] == 2:
        return _attend(query_key_value.unsqueeze(0), dropout).squeeze(0)
    sizes = indptr.diff()
    if torch.compiler.is_compiling():
        graph = torch.repeat_interleave(sizes, output_size=num_nodes)
        return _attend(query_key_value.unsqueeze(0), dropout, graph.unsqueeze(1) == graph).squeeze(0)
    ordered, order = sizes.sort(stable=True)
    values, counts = (each.tolist() for each in ordered.unique_consecutive(return_counts=True))
    if len(values) > 1:
        begin = ordered.cumsum(0) - ordered
        shift = (indptr[order] - begin).repeat_interleave(ordered, output_size=num_nodes)
        rows = torch.arange(num_nodes, device=sizes.device) + shift
        query_key_value = query_key_value[rows]
    parts = query_key_value.split([size * count for size, count in zip(values, counts, strict=True)])
    found = [
        _attend(part.unflatten(0, (count, size)), dropout).flatten(0, 1) if size else part[:, 0]
        for part, size, count in zip(parts, values, counts, strict=True)
    ]
    return torch.cat(found)[rows.argsort()] if len(values) > 1 else found[0]


def _attend(query_key_value: Tensor, dropout: float, mask: Tensor | None = None) -> Tensor:
    """(graphs, nodes, 3, heads, width) -> (graphs, nodes, heads, width)."""
    query, key, value = query_key_value.permute(2, 0, 3, 1, 4)
    return functional.scaled_dot_product_attention(query, key, value, mask, dropout).transpose(1, 2)
