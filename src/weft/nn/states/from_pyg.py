"""What PyG calls the parameters of a layer, where weft calls them otherwise: the form of `from_dgl`."""

NAMES: dict[str, str] = {
    "AntiSymmetricConv": "eye ->",
    "ARMAConv": "weight -> weight; weight ->",
    "CFConv": "lin1.* -> project_node.*; lin2.* -> project_out.0.*; nn.* -> project_edge.*",
    "ChebConv": "lins.#.weight -> linear.weight; bias -> linear.bias",
    # It switches off the root weight of its SAGEConv, of which the parameter stays; lin_r of GATv2Conv is another one.
    "DirGNNConv": "conv_in.lin_r.weight -> conv_in.fc_dst.weight; conv_in.lin_r.weight ->; "
    "conv_out.lin_r.weight -> conv_out.fc_dst.weight; conv_out.lin_r.weight ->",
    "DNAConv": "multi_head.lin_q.* -> query.*; multi_head.lin_k.* -> key.*; multi_head.lin_v.* -> value.*",
    "DynamicEdgeConv": "nn.* -> network.*",
    "EdgeConv": "nn.* -> network.*",
    "FeaStConv": "lin.* -> fc.*",
    "GATConv": "lin.* -> fc.*; lin_src.* -> fc_src.*; lin_dst.* -> fc_dst.*; lin_edge.* -> fc_edge.*; res.* -> res_fc.*; "
    "att_src -> attn_l; att_dst -> attn_r; att_edge -> attn_edge; bias -> bias; bias -> res_fc.bias",
    "GATv2Conv": "lin_l.* -> fc_src.*; lin_r.* -> fc_dst.*; lin_r.* -> ; lin_edge.* -> fc_edge.*; res.* -> res_fc.*; "
    "att -> attn; bias -> bias; bias -> res_fc.bias",
    "GENConv": "aggr_module.t -> temperature; aggr_module.p -> power; msg_norm.scale -> scale; msg_norm.scale -> 1",
    "GINConv": "nn.* -> apply_func.*",
    "GINEConv": "nn.* -> apply_func.*",
    "GMMConv": "g -> fc.weight.T; root.* -> res_fc.*",
    "GPSConv": (
        "attn.in_proj_weight -> in_proj.weight; attn.in_proj_bias -> in_proj.bias; attn.out_proj.* -> out_proj.*; "
        "mlp.* -> network.*; norm1.module.* -> norm_local.*; norm2.module.* -> norm_global.*; norm3.module.* -> norm_out.*; "
        "norm1.* -> norm_local.*; norm2.* -> norm_global.*; norm3.* -> norm_out.*; norm1.* ->"
    ),
    "GatedGraphConv": "rnn.* -> gru.*",
    "GeneralConv": "lin_msg.* -> fc_src.*; lin_msg_i.* -> fc_dst.*; lin_edge.* -> fc_edge.*; lin_self.* -> res_fc.*; "
    "att_msg -> attn; scaler ->",
    # Behind the name of PyG's GCNConv those of its SAGEConv without root weight, a plain mean or sum.
    "GraphConv": "lin.weight -> weight.T; lin_l.weight -> weight.T; lin_l.bias -> bias",
    "GravNetConv": "lin_s.* -> fc_space.*; lin_h.* -> fc_propagate.*; lin_out1.* -> fc_self.*; lin_out2.* -> fc_neigh.*",
    "GroupRevRes": "convs.* -> gnn_modules.*",
    "HEATConv": "hetero_lin.weight -> hetero_lin.W",
    "HeteroLinear": "lins.* -> linears.*",
    "HypergraphConv": "lin.* -> fc.*; att -> attn",
    "MFConv": "lins_l.0.weight ->; lins_l.#.bias -> lins_r.#.bias",
    "NNConv": "nn.* -> edge_func.*; lin.weight -> res_fc.weight",
    "PNAConv": "pre_nns.#.0.weight -> towers.#.M.weight.swapped; pre_nns.#.0.weight -> towers.#.M.0.weight.swapped; "
    "pre_nns.#.0.bias -> towers.#.M.bias; pre_nns.#.* -> towers.#.M.*; post_nns.#.0.weight -> towers.#.U.weight; "
    "post_nns.#.0.bias -> towers.#.U.bias; post_nns.#.* -> towers.#.U.*; lin.* -> mixing_layer.0.*; aggr_module.* ->",
    "PPFConv": "local_nn.* -> local_network.*; global_nn.* -> global_network.*",
    "PointGNNConv": "mlp_h.* -> offset_network.*; mlp_f.* -> edge_network.*; mlp_g.* -> update_network.*",
    "PointNetConv": "local_nn.* -> local_network.*; global_nn.* -> global_network.*",
    "PointTransformerConv": (
        "lin_dst.* -> fc_query.*; lin_src.* -> fc_key.*; lin.* -> fc_value.*; "
        "pos_nn.* -> position_network.*; attn_nn.* -> attention_network.*"
    ),
    "RGATConv": "weight -> linear_r.W; basis -> linear_r.W; att -> linear_r.coeff; w ->; l1 ->; b1 ->; l2 ->; b2 ->",
    "RelGraphConv": "weight -> linear_r.W; comp -> linear_r.coeff; root -> loop_weight; bias -> h_bias",
    # Behind those of PyG's SAGEConv the names of its GraphConv, the layer of Morris et al., which is the aggregator "sum".
    "SAGEConv": "lin_l.weight -> fc_neigh.weight; lin_l.bias -> fc_self.bias; lin_r.weight -> fc_self.weight; "
    "lin.* -> fc_pool.*; aggr_module.lstm.* -> lstm.*; lin_rel.weight -> fc_neigh.weight; lin_rel.bias -> fc_self.bias; "
    "lin_root.weight -> fc_self.weight",
    "SGConv": "lin.* -> fc.*",
    "SSGConv": "lin.* -> fc.*",
    "SignedConv": (
        "lin_pos_l.* -> fc_neigh_pos.*; lin_pos_r.* -> fc_self_pos.*; lin_neg_l.* -> fc_neigh_neg.*; lin_neg_r.* -> fc_self_neg.*"
    ),
    "SplineConv": "kernel_size ->; is_open_spline ->",
    "SuperGATConv": "lin.* -> fc.*",
    "TAGConv": "lins.#.weight -> lin.weight; bias -> lin.bias",
    "TransformerConv": "lin_key.* -> key.*; lin_query.* -> query.*; lin_value.* -> value.*; lin_edge.* -> edge.*; "
    "lin_skip.* -> skip.*; lin_skip.* ->; lin_beta.* -> beta.*",
    "TypedLinear": "weight -> W",
    "XConv": "mlp1.* -> lift.*; mlp2.* -> transform.*",
}
