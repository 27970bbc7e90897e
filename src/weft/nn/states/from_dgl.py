"""What DGL calls the parameters of a layer, where weft calls them otherwise. One layer, one line, by weft's names.

`theirs -> ours`, separated by `;`. A name that ends in `.*` stands for all below it; `ours.T` is transposed; nothing after the
arrow means that weft has no use for it; `theirs.#` stands for theirs.0, theirs.1 and so on, side by side in `ours`. Names that
are not here are the same in both. A tensor takes the shape of weft's parameter if it has as many entries.
`theirs -> ours`, separated by `;`. `*` at the end of both stands for all below, `#` for a number; `ours.T` is transposed, of
`ours.swapped` the first two square blocks of columns change places; nothing after the arrow means that weft has no use for it.
Names that are not here are the same in both. A tensor takes the shape of weft's parameter if it has as many entries.
"""

NAMES: dict[str, str] = {
    "GATv2Conv": "fc_dst.* -> fc_dst.*; fc_dst.* ->",
    "GatedGCNConv": "bn_node.* -> bn_node.*; bn_edge.* -> bn_edge.*; bn_node.* ->; bn_edge.* ->",
}
