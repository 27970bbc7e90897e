"""What weft's layers call the arguments of DGL's constructors. One layer, one line: `theirs=ours`, or a name that both have."""

WORDS: dict[str, str] = {
    "GATConv": "in_feats=in_features out_feats=out_features num_heads attn_drop=attention_dropout negative_slope residual bias",
    "GraphConv": "in_feats=in_features out_feats=out_features norm bias",
    "JumpingKnowledge": "mode in_feats=features num_layers",
    "SAGEConv": "in_feats=in_features out_feats=out_features aggregator_type=aggregator bias",
}
