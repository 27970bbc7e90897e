"""What PyG calls the parameters of a layer, where weft calls them otherwise: the form of `from_dgl`."""

NAMES: dict[str, str] = {
    "DNAConv": "multi_head.lin_q.* -> query.*; multi_head.lin_k.* -> key.*; multi_head.lin_v.* -> value.*",
    "FeaStConv": "lin.* -> fc.*",
    "GATConv": "lin.* -> fc.*; lin_src.* -> fc_src.*; lin_dst.* -> fc_dst.*; lin_edge.* -> fc_edge.*; res.* -> res_fc.*; "
    "att_src -> attn_l; att_dst -> attn_r; att_edge -> attn_edge; bias -> bias; bias -> res_fc.bias",
    "GATv2Conv": "lin_l.* -> fc_src.*; lin_r.* -> fc_dst.*; lin_r.* -> ; lin_edge.* -> fc_edge.*; res.* -> res_fc.*; "
    "att -> attn; bias -> bias; bias -> res_fc.bias",
    "GeneralConv": "lin_msg.* -> fc_src.*; lin_msg_i.* -> fc_dst.*; lin_edge.* -> fc_edge.*; lin_self.* -> res_fc.*; "
    "att_msg -> attn; scaler ->",
    "GMMConv": "g -> fc.weight.T; root.* -> res_fc.*",
    "GraphConv": "lin.weight -> weight.T",
    "HypergraphConv": "lin.* -> fc.*; att -> attn",
    "SuperGATConv": "lin.* -> fc.*",
    "TransformerConv": "lin_key.* -> key.*; lin_query.* -> query.*; lin_value.* -> value.*; lin_edge.* -> edge.*; "
    "lin_skip.* -> skip.*; lin_beta.* -> beta.*",
}
