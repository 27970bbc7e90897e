"""What PyG calls the parameters of a layer, where weft calls them otherwise: the form of `from_dgl`."""

NAMES: dict[str, str] = {
    "EdgeConv": "nn.* -> network.*",
    "GINEConv": "nn.* -> apply_func.*",
    "GatedGraphConv": "rnn.* -> gru.*",
    "GraphConv": "lin.weight -> weight.T",
    "NNConv": "nn.* -> edge_func.*; lin.weight -> res_fc.weight",
}
