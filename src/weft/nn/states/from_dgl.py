"""What DGL calls the parameters of a layer, where weft calls them otherwise. One layer, one line, by weft's names.

`theirs -> ours`, separated by `;`. A name that ends in `.*` stands for all below it; `ours.T` is transposed; nothing after the
arrow means that weft has no use for it. Names that are not here are the same in both. A tensor takes the shape of weft's
parameter if it has as many entries.
"""

NAMES: dict[str, str] = {
    "GatedGCNConv": "bn_node.* -> bn_node.*; bn_edge.* -> bn_edge.*; bn_node.* ->; bn_edge.* ->",
}
