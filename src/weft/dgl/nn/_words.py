"""What weft's layers call the arguments of DGL's constructors. One layer, one line: `theirs=ours`, or a name that both have."""

WORDS: dict[str, str] = {
    "GATConv": "in_feats=in_features out_feats=out_features num_heads attn_drop=attention_dropout negative_slope residual bias",
    "GraphConv": "in_feats=in_features out_feats=out_features norm bias",
    "HGTConv": "in_size=in_features head_size=out_features num_heads num_ntypes=num_node_types num_etypes=num_edge_types "
    "dropout use_norm=layer_norm",
    "HeteroEmbedding": "num_embeddings=num_rows embedding_dim=out_features",
    "HeteroLinear": "in_size=in_features out_size=out_features bias",
    "RelGraphConv": "in_feat=in_features out_feat=out_features num_rels=num_types regularizer num_bases "
    "bias self_loop layer_norm",
    "SAGEConv": "in_feats=in_features out_feats=out_features aggregator_type=aggregator bias",
    "TypedLinear": "in_size=in_features out_size=out_features num_types regularizer num_bases",
}
