"""What weft's layers call the arguments of DGL's constructors. One layer, one line: `theirs=ours`, or a name that both have."""

WORDS: dict[str, str] = {
    "AGNNConv": "init_beta=beta learn_beta",
    "APPNPConv": "k alpha edge_drop=edge_dropout",
    "AtomicConv": "interaction_cutoffs rbf_kernel_means rbf_kernel_scaling features_to_use",
    "CFConv": "node_in_feats=in_features edge_in_feats=edge_features hidden_feats=hidden_features out_feats=out_features",
    "ChebConv": "in_feats=in_features out_feats=out_features k bias",
    "DGNConv": "in_size=in_features out_size=out_features aggregators scalers delta dropout num_towers "
    "edge_feat_size=edge_features residual",
    "DenseChebConv": "in_feats=in_features out_feats=out_features k bias",
    "DenseGraphConv": "in_feats=in_features out_feats=out_features norm bias",
    "DenseSAGEConv": "in_feats=in_features out_feats=out_features bias",
    "DotGatConv": "in_feats=in_features out_feats=out_features num_heads",
    "EGATConv": "in_node_feats=in_features in_edge_feats=edge_features out_node_feats=out_features "
    "out_edge_feats=out_edge_features num_heads bias",
    "EGNNConv": "in_size=in_features hidden_size=hidden_features out_size=out_features",
    "EdgeConv": "in_feat=in_features out_feat=out_features batch_norm",
    "EdgeGATConv": "in_feats=in_features edge_feats=edge_features out_feats=out_features num_heads attn_drop=attention_dropout "
    "negative_slope residual bias",
    "EdgeWeightNorm": "norm eps",
    "GATConv": "in_feats=in_features out_feats=out_features num_heads attn_drop=attention_dropout negative_slope residual bias",
    "GATv2Conv": "in_feats=in_features out_feats=out_features num_heads attn_drop=attention_dropout negative_slope residual bias "
    "share_weights",
    "GCN2Conv": "in_feats=in_features layer alpha lambda_=theta project_initial_features=shared_weights bias",
    "GINConv": "apply_func=network aggregator_type=aggregator init_eps=eps learn_eps",
    "GINEConv": "apply_func=network init_eps=eps learn_eps",
    "GMMConv": "in_feats=in_features out_feats=out_features dim n_kernels=num_kernels aggregator_type=aggregator residual bias",
    "GatedGCNConv": "input_feats=in_features edge_feats=edge_features output_feats=out_features dropout batch_norm residual",
    "GatedGraphConv": "in_feats=in_features out_feats=out_features n_steps=num_layers n_etypes=num_types bias",
    "GraphConv": "in_feats=in_features out_feats=out_features norm bias",
    "HGTConv": "in_size=in_features head_size=out_features num_heads num_ntypes=num_node_types num_etypes=num_edge_types "
    "dropout use_norm=layer_norm",
    "HeteroEmbedding": "num_embeddings=num_rows embedding_dim=out_features",
    "HeteroLinear": "in_size=in_features out_size=out_features bias",
    "JumpingKnowledge": "mode in_feats=features num_layers",
    "NNConv": "in_feats=in_features out_feats=out_features edge_func=network aggregator_type=aggregator residual bias",
    "PNAConv": "in_size=in_features out_size=out_features aggregators scalers delta dropout num_towers "
    "edge_feat_size=edge_features residual",
    "RelGraphConv": "in_feat=in_features out_feat=out_features num_rels=num_types regularizer num_bases "
    "bias self_loop layer_norm",
    "SAGEConv": "in_feats=in_features out_feats=out_features aggregator_type=aggregator bias",
    "SGConv": "in_feats=in_features out_feats=out_features k bias",
    "TAGConv": "in_feats=in_features out_feats=out_features k bias",
    "TWIRLSConv": "input_d=in_features output_d=out_features hidden_d=hidden_features num_mlp_before=num_before "
    "num_mlp_after=num_after norm attention attn_bef=attends_first dropout inp_dropout=input_dropout "
    "prop_step=k lam=smoothness tau p use_eta=learn_eta attn_dropout=attention_dropout "
    "precond=precondition",
    "TWIRLSUnfoldingAndAttention": "d=features alp=alpha attn_aft=attention_after init_att=attends_first "
    "prop_step=k lam=smoothness tau p use_eta=learn_eta attn_dropout=attention_dropout precond=precondition",
    "TypedLinear": "in_size=in_features out_size=out_features num_types regularizer num_bases",
}
