"""What weft's layers call the arguments of DGL's constructors. One layer, one line: `theirs=ours`, or a name that both have."""

WORDS: dict[str, str] = {
    "APPNPConv": "k alpha edge_drop=edge_dropout",
    "ChebConv": "in_feats=in_features out_feats=out_features k bias",
    "DenseChebConv": "in_feats=in_features out_feats=out_features k bias",
    "DenseGraphConv": "in_feats=in_features out_feats=out_features norm bias",
    "DenseSAGEConv": "in_feats=in_features out_feats=out_features bias",
    "EdgeWeightNorm": "norm eps",
    "GATConv": "in_feats=in_features out_feats=out_features num_heads attn_drop=attention_dropout negative_slope residual bias",
    "GINConv": "apply_func=network aggregator_type=aggregator init_eps=eps learn_eps",
    "GraphConv": "in_feats=in_features out_feats=out_features norm bias",
    "SAGEConv": "in_feats=in_features out_feats=out_features aggregator_type=aggregator bias",
    "SGConv": "in_feats=in_features out_feats=out_features k bias",
    "TAGConv": "in_feats=in_features out_feats=out_features k bias",
}
