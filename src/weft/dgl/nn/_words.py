"""What weft's layers call the arguments of DGL's constructors. One layer, one line: `theirs=ours`, or a name that both have."""

WORDS: dict[str, str] = {
    "AGNNConv": "init_beta=beta learn_beta",
    "DGNConv": "in_size=in_features out_size=out_features aggregators scalers delta dropout num_towers "
    "edge_feat_size=edge_features residual",
    "GATConv": "in_feats=in_features out_feats=out_features num_heads attn_drop=attention_dropout negative_slope residual bias",
    "GCN2Conv": "in_feats=in_features layer alpha lambda_=theta project_initial_features=shared_weights bias",
    "GraphConv": "in_feats=in_features out_feats=out_features norm bias",
    "PNAConv": "in_size=in_features out_size=out_features aggregators scalers delta dropout num_towers "
    "edge_feat_size=edge_features residual",
    "SAGEConv": "in_feats=in_features out_feats=out_features aggregator_type=aggregator bias",
}
