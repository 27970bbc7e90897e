"""What PyG calls the parameters of a layer, where weft calls them otherwise: the form of `from_dgl`."""

NAMES: dict[str, str] = {
    "GraphConv": "lin.weight -> weight.T",
    "RelGraphConv": "weight -> linear_r.W; comp -> linear_r.coeff; root -> loop_weight; bias -> h_bias",
    "TypedLinear": "weight -> W",
}
