"""What PyG calls the parameters of a layer, where weft calls them otherwise: the form of `from_dgl`."""

NAMES: dict[str, str] = {
    "DynamicEdgeConv": "nn.* -> network.*",
    "GravNetConv": "lin_s.* -> fc_space.*; lin_h.* -> fc_propagate.*; lin_out1.* -> fc_self.*; lin_out2.* -> fc_neigh.*",
    "GPSConv": (
        "attn.in_proj_weight -> in_proj.weight; attn.in_proj_bias -> in_proj.bias; attn.out_proj.* -> out_proj.*; "
        "mlp.* -> network.*; norm1.module.* -> norm_local.*; norm2.module.* -> norm_global.*; norm3.module.* -> norm_out.*"
    ),
    "GraphConv": "lin.weight -> weight.T",
    "PointNetConv": "local_nn.* -> local_network.*; global_nn.* -> global_network.*",
    "PointGNNConv": "mlp_h.* -> offset_network.*; mlp_f.* -> edge_network.*; mlp_g.* -> update_network.*",
    "PointTransformerConv": (
        "lin_dst.* -> fc_query.*; lin_src.* -> fc_key.*; lin.* -> fc_value.*; "
        "pos_nn.* -> position_network.*; attn_nn.* -> attention_network.*"
    ),
    "PPFConv": "local_nn.* -> local_network.*; global_nn.* -> global_network.*",
    "SignedConv": (
        "lin_pos_l.* -> fc_neigh_pos.*; lin_pos_r.* -> fc_self_pos.*; lin_neg_l.* -> fc_neigh_neg.*; lin_neg_r.* -> fc_self_neg.*"
    ),
    "XConv": "mlp1.* -> lift.*; mlp2.* -> transform.*",
}
