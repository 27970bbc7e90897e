"""What PyG calls the parameters of a layer, where weft calls them otherwise: the form of `from_dgl`."""

NAMES: dict[str, str] = {
    "ChebConv": "lins.#.weight -> linear.weight; bias -> linear.bias",
    "GINConv": "nn.* -> apply_func.*",
    "GraphConv": "lin.weight -> weight.T",
    # Behind those of PyG's SAGEConv the names of its GraphConv, the layer of Morris et al., which is the aggregator "sum".
    "SAGEConv": "lin_l.weight -> fc_neigh.weight; lin_l.bias -> fc_self.bias; lin_r.weight -> fc_self.weight; "
    "lin.* -> fc_pool.*; lin_rel.weight -> fc_neigh.weight; lin_rel.bias -> fc_self.bias; lin_root.weight -> fc_self.weight",
    "SGConv": "lin.* -> fc.*",
    "SSGConv": "lin.* -> fc.*",
    "TAGConv": "lins.#.weight -> lin.weight; bias -> lin.bias",
}
