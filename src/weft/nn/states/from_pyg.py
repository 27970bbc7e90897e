"""What PyG calls the parameters of a layer, where weft calls them otherwise: the form of `from_dgl`."""

NAMES: dict[str, str] = {
    "GraphConv": "lin.weight -> weight.T",
    "PointNetConv": "local_nn.* -> local_network.*; global_nn.* -> global_network.*",
    "PointGNNConv": "mlp_h.* -> offset_network.*; mlp_f.* -> edge_network.*; mlp_g.* -> update_network.*",
    "PointTransformerConv": (
        "lin_dst.* -> fc_query.*; lin_src.* -> fc_key.*; lin.* -> fc_value.*; "
        "pos_nn.* -> position_network.*; attn_nn.* -> attention_network.*"
    ),
    "PPFConv": "local_nn.* -> local_network.*; global_nn.* -> global_network.*",
}
