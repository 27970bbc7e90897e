"""What weft's layers call the arguments of DGL's constructors. One layer, one line: `theirs=ours`, or a name that both have."""

WORDS: dict[str, str] = {
    "AtomicConv": "interaction_cutoffs rbf_kernel_means rbf_kernel_scaling features_to_use",
    "CFConv": "node_in_feats=in_features edge_in_feats=edge_features hidden_feats=hidden_features out_feats=out_features",
    "EGNNConv": "in_size=in_features hidden_size=hidden_features out_size=out_features",
    "EdgeConv": "in_feat=in_features out_feat=out_features batch_norm",
    "GATConv": "in_feats=in_features out_feats=out_features num_heads attn_drop=attention_dropout negative_slope residual bias",
    "GINEConv": "apply_func=network init_eps=eps learn_eps",
    "GatedGCNConv": "input_feats=in_features edge_feats=edge_features output_feats=out_features dropout batch_norm residual",
    "GatedGraphConv": "in_feats=in_features out_feats=out_features n_steps=num_layers n_etypes=num_types bias",
    "GraphConv": "in_feats=in_features out_feats=out_features norm bias",
    "NNConv": "in_feats=in_features out_feats=out_features edge_func=network aggregator_type=aggregator residual bias",
    "SAGEConv": "in_feats=in_features out_feats=out_features aggregator_type=aggregator bias",
}
