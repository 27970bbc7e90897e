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
    "TWIRLSConv": "input_d=in_features output_d=out_features hidden_d=hidden_features num_mlp_before=num_before "
    "num_mlp_after=num_after norm attention attn_bef=attends_first dropout inp_dropout=input_dropout "
    "prop_step=k lam=smoothness tau p use_eta=learn_eta attn_dropout=attention_dropout "
    "precond=precondition",
    "TWIRLSUnfoldingAndAttention": "d=features alp=alpha attn_aft=attention_after init_att=attends_first "
    "prop_step=k lam=smoothness tau p use_eta=learn_eta attn_dropout=attention_dropout precond=precondition",
}
