"""What PyG calls the parameters of a layer, where weft calls them otherwise: the form of `from_dgl`."""

NAMES: dict[str, str] = {
    "GraphConv": "lin.weight -> weight.T",
    "HEATConv": "hetero_lin.weight -> hetero_lin.W",
    "HeteroLinear": "lins.* -> linears.*",
    "RGATConv": "weight -> linear_r.W; basis -> linear_r.W; att -> linear_r.coeff; w ->; l1 ->; b1 ->; l2 ->; b2 ->",
    "RelGraphConv": "weight -> linear_r.W; comp -> linear_r.coeff; root -> loop_weight; bias -> h_bias",
    "TypedLinear": "weight -> W",
}
