"""What PyG calls the parameters of a layer, where weft calls them otherwise: the form of `from_dgl`."""

NAMES: dict[str, str] = {
    "CFConv": "lin1.* -> project_node.*; lin2.* -> project_out.0.*; nn.* -> project_edge.*",
    "EdgeConv": "nn.* -> network.*",
    "GENConv": "aggr_module.t -> temperature; aggr_module.p -> power; msg_norm.scale -> scale",
    "GINEConv": "nn.* -> apply_func.*",
    "GatedGraphConv": "rnn.* -> gru.*",
    "GraphConv": "lin.weight -> weight.T",
    "GroupRevRes": "convs.* -> gnn_modules.*",
    "NNConv": "nn.* -> edge_func.*; lin.weight -> res_fc.weight",
}
