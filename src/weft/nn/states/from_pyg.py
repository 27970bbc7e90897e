"""What PyG calls the parameters of a layer, where weft calls them otherwise: the form of `from_dgl`."""

NAMES: dict[str, str] = {
    "AntiSymmetricConv": "eye ->",
    "MFConv": "lins_l.0.weight ->; lins_l.#.bias -> lins_r.#.bias",
    "PNAConv": "pre_nns.#.0.weight -> towers.#.M.weight.swapped; pre_nns.#.0.weight -> towers.#.M.0.weight.swapped; "
    "pre_nns.#.0.bias -> towers.#.M.bias; pre_nns.#.* -> towers.#.M.*; post_nns.#.0.weight -> towers.#.U.weight; "
    "post_nns.#.0.bias -> towers.#.U.bias; post_nns.#.* -> towers.#.U.*; lin.* -> mixing_layer.0.*; aggr_module.* ->",
    "GraphConv": "lin.weight -> weight.T",
}
