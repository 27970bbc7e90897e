"""What DGL calls the parameters of a layer, where weft calls them otherwise. One layer, one line, by weft's names.

`theirs -> ours`, separated by `;`. `*` at the end of both stands for all below, `#` in both for a number; `#` on the left alone
puts tensors side by side, in the order of their numbers. `ours.T` is transposed; of `ours.swapped` the first two square blocks of
columns change places; nothing after the arrow means that weft has no use for it, and 1 that it has none for ones. Of several
rules for a name the first counts that names a parameter of the layer. Names that are not here are the same in both. A tensor
takes the shape of weft's parameter if it has as many entries.
"""

NAMES: dict[str, str] = {
    "GATv2Conv": "fc_dst.* -> fc_dst.*; fc_dst.* ->",
    "GatedGCNConv": "bn_node.* -> bn_node.*; bn_edge.* -> bn_edge.*; bn_node.* ->; bn_edge.* ->",
}
