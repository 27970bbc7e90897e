"""What weft's layers call the arguments of DGL's constructors. One layer, one line: `theirs=ours`, or a name that both have."""

WORDS: dict[str, str] = {
    "DotGatConv": "in_feats=in_features out_feats=out_features num_heads",
    "EGATConv": "in_node_feats=in_features in_edge_feats=edge_features out_node_feats=out_features "
    "out_edge_feats=out_edge_features num_heads bias",
    "EdgeGATConv": "in_feats=in_features edge_feats=edge_features out_feats=out_features num_heads attn_drop=attention_dropout "
    "negative_slope residual bias",
    "GATConv": "in_feats=in_features out_feats=out_features num_heads attn_drop=attention_dropout negative_slope residual bias",
    "GATv2Conv": "in_feats=in_features out_feats=out_features num_heads attn_drop=attention_dropout negative_slope residual bias "
    "share_weights",
    "GMMConv": "in_feats=in_features out_feats=out_features dim n_kernels=num_kernels aggregator_type=aggregator residual bias",
    "GraphConv": "in_feats=in_features out_feats=out_features norm bias",
    "SAGEConv": "in_feats=in_features out_feats=out_features aggregator_type=aggregator bias",
}
