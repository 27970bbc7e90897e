"""What PyG calls the parameters of a layer, where weft calls them otherwise: the form of `from_dgl`."""

NAMES: dict[str, str] = {
    "GINConv": "nn.* -> apply_func.*",
    "GraphConv": "lin.weight -> weight.T",
    "PointNetConv": "local_nn.* -> local_network.*; global_nn.* -> global_network.*",
}
