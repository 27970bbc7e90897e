"""DGL's transforms that are functions: a graph in, another graph or tensors out; the graph that comes in stays as it is."""

from ._compact import compact_graphs
from ._distances import double_radius_node_labeling, shortest_dist
from ._dtypes import to_bfloat16, to_double, to_float, to_half
from ._encodings import lap_pe, laplacian_lambda_max, laplacian_pe, random_walk_pe, svd_pe
from ._growth import (
    add_edges,
    add_nodes,
    add_self_loop,
    norm_by_dst,
    remove_edges,
    remove_nodes,
    remove_self_loop,
)
from ._merge import to_simple, to_simple_graph
from ._neighbors import knn_graph, radius_graph, segmented_knn_graph
from ._orders import reorder_graph, sort_csc_by_tag, sort_csr_by_tag
from ._partition import metis_partition, metis_partition_assignment, partition_graph_with_halo
from ._products import (
    adj_product_graph,
    adj_sum_graph,
    khop_adj,
    khop_graph,
    line_graph,
    metapath_reachable_graph,
)
from ._reverse import add_reverse_edges, reverse, to_bidirected

__all__ = [
    "add_edges",
    "add_nodes",
    "add_reverse_edges",
    "add_self_loop",
    "adj_product_graph",
    "adj_sum_graph",
    "compact_graphs",
    "double_radius_node_labeling",
    "khop_adj",
    "khop_graph",
    "knn_graph",
    "lap_pe",
    "laplacian_lambda_max",
    "laplacian_pe",
    "line_graph",
    "metapath_reachable_graph",
    "metis_partition",
    "metis_partition_assignment",
    "norm_by_dst",
    "partition_graph_with_halo",
    "radius_graph",
    "random_walk_pe",
    "remove_edges",
    "remove_nodes",
    "remove_self_loop",
    "reorder_graph",
    "reverse",
    "segmented_knn_graph",
    "shortest_dist",
    "sort_csc_by_tag",
    "sort_csr_by_tag",
    "svd_pe",
    "to_bfloat16",
    "to_bidirected",
    "to_double",
    "to_float",
    "to_half",
    "to_simple",
    "to_simple_graph",
]
