# ruff: noqa: E501  (a call is one line)
"""Calls of sampling and loading of which the result does not depend on chance."""

from __future__ import annotations

from .graphs import Recorder

N = "torch.tensor(NODES, dtype=g.idtype)"
E = "torch.tensor(EDGES, dtype=g.idtype)"
A = f"{E}.sort().values"  # DGL sorts the edges that it leaves out in place, and with them the ids of those of the batch
S = "dgl.sampling"
L = "dgl.dataloading"
MASK = "g.edata['m'] = torch.arange(g.num_edges()) % 2 == 0"
ZEROS = "g.edata['p'] = (torch.arange(g.num_edges()) % 3).float()"
RING = "r = dgl.graph(([0, 1, 2, 3], [1, 2, 3, 0]))"
BACK = "r = dgl.heterograph({('u', 'r', 'i'): ([0, 1, 2], [0, 1, 2]), ('i', 'b', 'u'): ([0, 1, 2], [1, 2, 0])})"
SAMPLER = f"s = {L}.NeighborSampler([-1])"

# fmt: off
NEIGHBOURS = [
    ("homogeneous", "", f"drawn({S}.sample_neighbors(g, {N}, -1))"),
    ("homogeneous", "", f"drawn({S}.sample_neighbors(g, {N}, 99))"),
    ("homogeneous", "", f"drawn({S}.sample_neighbors(g, {N}, 0))"),
    ("homogeneous", "", f"drawn({S}.sample_neighbors(g, {N}, -1, edge_dir='out'))"),
    ("homogeneous", "", f"drawn(g.sample_neighbors({N}, -1, edge_dir='in'))"),
    ("homogeneous", MASK, f"drawn({S}.sample_neighbors(g, {N}, -1, prob='m'))"),
    ("homogeneous", MASK, f"drawn({S}.sample_neighbors(g, {N}, 99, prob='m', edge_dir='out'))"),
    ("homogeneous", ZEROS, f"drawn({S}.sample_neighbors(g, {N}, -1, prob='p'))"),
    ("homogeneous", ZEROS, f"drawn({S}.sample_neighbors(g, {N}, 99, prob='p'))"),
    ("homogeneous", ZEROS, f"drawn({S}.sample_neighbors(g, {N}, 99, prob=g.edata['p']))"),
    ("homogeneous", "g.edata['m'] = torch.zeros(g.num_edges(), dtype=torch.bool)", f"drawn({S}.sample_neighbors(g, {N}, 3, prob='m'))"),
    ("homogeneous", "h = g.long()", f"drawn({S}.sample_neighbors(h, [h.num_nodes() - 1], 3))"),
    ("homogeneous", "h = g.long()", f"drawn({S}.sample_neighbors(h, torch.tensor([], dtype=torch.int64), 3))"),
    ("homogeneous", "h = g.long()", f"drawn({S}.sample_neighbors(h, [NODE, NODE], -1))"),
    ("homogeneous", "", f"drawn({S}.sample_neighbors(g, {{'_N': {N}}}, {{'_E': -1}}))"),
    ("homogeneous", "", f"drawn({S}.sample_neighbors(g, {N}, -1, exclude_edges={E}))"),
    ("homogeneous", "", f"drawn({S}.sample_neighbors(g, {N}, 99, exclude_edges=g.all_edges(form='eid')))"),
    ("homogeneous", f"h = {S}.sample_neighbors(g, {N}, 2, copy_ndata=False)", "[sorted(h.ndata), sorted(h.edata), h.num_nodes(), h.idtype]"),
    ("homogeneous", f"h = {S}.sample_neighbors(g, {N}, 2, copy_edata=False)", "[sorted(h.ndata), sorted(h.edata)]"),
    ("homogeneous", f"h = {S}.sample_neighbors(g, {N}, 2)", "[h.edata['d'].equal(g.edata['d'][h.edata[dgl.EID].long()]), h.ndata['d'].equal(g.ndata['d']), h.edata[dgl.EID].dtype]"),
    ("homogeneous", "", f"drawn({S}.sample_neighbors(g, {N}, 2, edge_dir='sideways'))"),
    ("typed", "", f"drawn({S}.sample_neighbors(g, {{'a': {N}, 'b': {N}}}, -1))"),
    ("typed", "", f"drawn({S}.sample_neighbors(g, {{'b': {N}}}, -1))"),
    ("typed", "", f"drawn({S}.sample_neighbors(g, {{'b': {N}}}, {{'f': 0, 'r': -1, 's': 0, 't': 0}}))"),
    ("typed", "", f"drawn({S}.sample_neighbors(g, {{'b': {N}}}, {{('a', 'f', 'a'): -1, 'r': 0, 's': 99, 't': 1}}, edge_dir='out'))"),
    ("typed", "", f"drawn({S}.sample_neighbors(g, {{'a': {N}, 'b': {N}}}, -1, exclude_edges={{('a', 'r', 'b'): {E}}}))"),
    ("typed", "g.edges['r'].data['m'] = torch.arange(g.num_edges('r')) % 2 == 0", f"drawn({S}.sample_neighbors(g, {{'a': {N}, 'b': {N}}}, -1, prob='m'))"),
    ("typed", "", f"drawn({S}.sample_neighbors(g, {{'b': {N}}}, {{'r': -1}}))"),
    ("typed", "", f"drawn({S}.sample_neighbors(g, {N}, -1))"),
    ("typed", "", f"drawn({S}.sample_neighbors(g, {{'nothing': {N}}}, -1))"),
    ("homogeneous", "", f"block({S}.sample_neighbors_fused(g, {N}, -1))"),
    ("homogeneous", MASK, f"block({S}.sample_neighbors_fused(g, {N}, 99, prob='m', exclude_edges={E}))"),
    ("typed", "", f"block({S}.sample_neighbors_fused(g, {{'a': {N}, 'b': {N}}}, -1))"),
    ("homogeneous", "", f"drawn({S}.sample_etype_neighbors(g, {N}, [0, 3, g.num_edges()], torch.tensor([-1, 0])))"),
    ("homogeneous", "", f"drawn({S}.sample_etype_neighbors(g, {N}, [0, 3, g.num_edges()], torch.tensor([99, 99]), edge_dir='out'))"),
    ("homogeneous", "h = dgl.sort_csc_by_tag(g.long(), torch.arange(g.num_nodes()) % 2)", f"drawn({S}.sample_neighbors_biased(h, NODES, 99, [0.0, 1.0]))"),
    ("homogeneous", "h = dgl.sort_csr_by_tag(g.long(), torch.arange(g.num_nodes()) % 2)", f"drawn({S}.sample_neighbors_biased(h, NODES, 99, torch.tensor([2.0, 0.0]), edge_dir='out'))"),
    ("homogeneous", "", f"{S}.sample_neighbors_biased(g.long(), NODES, 99, [0.0, 1.0])"),
    ("homogeneous", "", f"drawn({S}.sample_labors(g, {N}, 99)[0])"),
    ("homogeneous", "", f"drawn({S}.sample_labors(g, {N}, -1, edge_dir='out')[0])"),
    ("homogeneous", "", f"[len(each) for each in {S}.sample_labors(g, {N}, 99)[1]]"),
    ("typed", "", f"drawn({S}.sample_labors(g, {{'a': {N}, 'b': {N}}}, 99)[0])"),
    ("homogeneous", "", f"{S}.select_topk(g, 2, 's')"),
    ("homogeneous", "", f"{S}.select_topk(g, 1, 's', {N}, ascending=True)"),
    ("homogeneous", "", f"{S}.select_topk(g, -1, 's', {N})"),
    ("homogeneous", "", f"{S}.select_topk(g, 2, 's', {N}, edge_dir='out')"),
    ("homogeneous", "", f"{S}.select_topk(g, 0, 's')"),
    ("homogeneous", "", f"{S}.select_topk(g, 2, 'nothing')"),
    ("typed", "", f"{S}.select_topk(g, {{'f': 1, 'r': 2, 's': 0, 't': 1}}, 's')"),
    ("typed", "", f"{S}.select_topk(g, 2, 's', {{'b': {N}}})"),
    ("homogeneous", f"h = g.in_subgraph({N})", f"drawn({S}.utils.EidExcluder({E})(h))"),
    ("typed", f"h = g.in_subgraph({{'b': {N}}})", f"drawn({S}.utils.EidExcluder({{('a', 'r', 'b'): {E}}})(h))"),
]
WALKS = [
    ("bare", RING, f"{S}.random_walk(r, [0, 2, 2], length=5)"),
    ("bare", RING, f"{S}.random_walk(r, torch.tensor([3]), length=3, return_eids=True)"),
    ("bare", RING, f"{S}.random_walk(r.int(), torch.tensor([3], dtype=torch.int32), length=3)"),
    ("bare", RING, f"{S}.random_walk(r, [1], length=4, restart_prob=torch.tensor([0.0, 0.0, 1.0, 0.0]))"),
    ("bare", RING, f"{S}.random_walk(r, [1], length=2, restart_prob=0.0)"),
    ("bare", RING + ";; r.edata['p'] = torch.tensor([1.0, 0.0, 1.0, 1.0])", f"{S}.random_walk(r, [0, 2], length=3, prob='p')"),
    ("bare", "r = dgl.graph(([0, 1], [1, 2]))", f"{S}.random_walk(r, [0, 1, 2], length=3, return_eids=True)"),
    ("bare", BACK, f"{S}.random_walk(r, [0, 1], metapath=['r', 'b', 'r'])"),
    ("bare", BACK, f"{S}.random_walk(r, [2], metapath=[('i', 'b', 'u')], return_eids=True)"),
    ("bare", BACK, f"{S}.random_walk(r, [2], metapath=['r', 'r'])"),
    ("bare", BACK, f"{S}.random_walk(r, [2], length=2)"),
    ("bare", RING, f"{S}.random_walk(r, [0])"),
    ("bare", RING, f"{S}.node2vec_random_walk(r, [0, 2], 0.5, 2.0, 4)"),
    ("bare", RING, f"{S}.node2vec_random_walk(r, [3], 1.0, 1.0, 2, return_eids=True)"),
    ("bare", "", f"{S}.pack_traces(torch.tensor([[1, 2, -1], [3, -1, -1], [4, 5, 6]]), torch.tensor([0, 1, 0]))"),
    ("bare", BACK, f"{S}.PinSAGESampler(r, 'u', 'i', 2, 0.0, 5, 3)(torch.tensor([0, 2])).in_edges([0, 1, 2])[1]"),
    ("bare", BACK, f"{S}.PinSAGESampler(r, 'u', 'i', 1, 0.0, 5, 3)(torch.tensor([0, 2])).edata['weights']"),
    ("bare", RING, f"{S}.RandomWalkNeighborSampler(r, 2, 0.0, 3, 1, weight_column='n')(torch.tensor([1])).edata['n']"),
]
SAMPLERS = [
    ("homogeneous", "", f"batch({L}.NeighborSampler([-1, -1]).sample(g, {N}))"),
    ("homogeneous", "", f"batch({L}.NeighborSampler([0, 99]).sample(g, {N}))"),
    ("homogeneous", "", f"batch({L}.MultiLayerFullNeighborSampler(3).sample(g, {N}))"),
    ("homogeneous", "", f"batch({L}.NeighborSampler([-1], fused=False).sample_blocks(g, {N}, {E}))"),
    ("homogeneous", MASK, f"batch({L}.NeighborSampler([-1, -1], mask='m').sample(g, {N}))"),
    ("homogeneous", ZEROS, f"batch({L}.NeighborSampler([-1, 99], prob='p').sample(g, {N}, exclude_eids={E}))"),
    ("homogeneous", "", f"{L}.NeighborSampler([1], prob='p', mask='m')"),
    ("homogeneous", "", f"batch({L}.NeighborSampler([-1]).sample(g, torch.tensor([g.num_nodes() - 1], dtype=g.idtype)))"),
    ("homogeneous", "b = 0", f"len({L}.NeighborSampler([]).sample(g, {N})[2])"),
    ("homogeneous", "", f"batch({L}.LaborSampler([-1, 99]).sample(g, {N}))"),
    ("homogeneous", "", f"batch(shadow(dgl)([-1, -1]).sample(g, {N}))"),
    ("homogeneous", "", f"batch(shadow(dgl)([-1]).sample(g, {N}, {E}))"),
    ("typed", "", f"batch({L}.NeighborSampler([-1, -1]).sample(g, {{'b': {N}}}))"),
    ("typed", "", f"batch({L}.NeighborSampler([{{'f': -1, 'r': 0, 's': -1, 't': 0}}, -1]).sample(g, {{'a': {N}, 'b': {N}}}))"),
    ("typed", "", f"batch({L}.NeighborSampler([{{'r': 1}}]).sample(g, {{'b': {N}}}))"),
    ("typed", "", f"batch(shadow(dgl)([-1]).sample(g, {{'b': {N}}}))"),
    ("homogeneous", f"n, o, b = {L}.NeighborSampler([-1, -1], prefetch_node_feats=['d'], prefetch_labels=['s'], prefetch_edge_feats=['z']).sample(g, {N})", "[type(x).__name__ for x in (b[0].srcdata['d'], b[1].dstdata['s'], b[0].edata['z'], b[1].edata['z'], b[1].srcdata['d'])]"),
    ("homogeneous", f"n, o, b = {L}.NeighborSampler([-1]).sample(g, {N})", "[column(b[0].srcdata, 'd'), b[0].dstdata['d'], column(b[0].edata, 'd')]"),
    ("homogeneous", "", f"{L}.find_exclude_eids(g, {E}, None)"),
    ("homogeneous", "", f"{L}.find_exclude_eids(g, {E}, 'self')"),
    ("homogeneous", "", f"{L}.find_exclude_eids(g, {E}, 'reverse_id', reverse_eids=torch.arange(g.num_edges(), dtype=g.idtype).flip(0))"),
    ("homogeneous", "", f"{L}.find_exclude_eids(g, {E}, lambda e: e[:1])"),
    ("homogeneous", "", f"{L}.find_exclude_eids(g, {E}, 'nothing')"),
    ("full", "", f"{L}.find_exclude_eids(g, {{('a', 'r', 'b'): {E}}}, 'self')"),
    ("full", "", f"{L}.find_exclude_eids(g, {{('a', 'r', 'b'): {A}}}, 'reverse_types', reverse_etypes={{'r': 'x', 'x': 'r'}})"),
    ("full", "", f"{L}.find_exclude_eids(g, {{('a', 'r', 'b'): {E}}}, 'reverse_id', reverse_eids={{('a', 'r', 'b'): torch.arange(9).flip(0)}})"),
    ("homogeneous", SAMPLER, f"batch({L}.as_edge_prediction_sampler(s).sample(g, {A}))"),
    ("homogeneous", SAMPLER, f"batch({L}.as_edge_prediction_sampler(s, exclude='self').sample(g, {E}))"),
    ("homogeneous", SAMPLER, f"batch({L}.as_edge_prediction_sampler(s, exclude='reverse_id', reverse_eids=torch.arange(g.num_edges(), dtype=g.idtype).flip(0)).sample(g, {A}))"),
    ("homogeneous", SAMPLER, f"batch({L}.as_edge_prediction_sampler(s, exclude=lambda e: e[:1]).sample(g, {A}))"),
    ("homogeneous", SAMPLER, f"batch({L}.as_edge_prediction_sampler(s, exclude='self', negative_sampler=lambda g, e: ({N}, {N}.flip(0))).sample(g, {A}))"),
    ("full", SAMPLER, f"batch({L}.as_edge_prediction_sampler(s, exclude='reverse_types', reverse_etypes={{'r': 'x', 'x': 'r'}}).sample(g, {{'r': {A}}}))"),
    ("full", SAMPLER, f"batch({L}.as_edge_prediction_sampler(s, exclude='self', negative_sampler=lambda g, e: {{('a', 'r', 'b'): ({N}, {N})}}).sample(g, {{('a', 'r', 'b'): {A}, 'f': {A}}}))"),
    ("full", SAMPLER, f"batch({L}.as_edge_prediction_sampler(s, negative_sampler=lambda g, e: ({N}, {N})).sample(g, {{'r': {A}}}))"),
    ("homogeneous", "", f"{L}.negative_sampler.Uniform(2)(g, {E})[0]"),
    ("full", f"n = {L}.negative_sampler.PerSourceUniform(3)(g, {{'r': {E}}})", "[[list(k), v[0], v[1].shape[0]] for k, v in n.items()]"),
    ("homogeneous", "", f"{L}.SpotTarget(g, 'self', degree_threshold=2)({E})"),
    ("homogeneous", "", f"{L}.SpotTarget(g, 'reverse_id', degree_threshold=1, reverse_eids=torch.arange(g.num_edges(), dtype=g.idtype).flip(0))({E})"),
]
LOADERS = [
    ("homogeneous", SAMPLER, f"[batch(b) for b in {L}.DataLoader(g, {N}, s, batch_size=2)]"),
    ("homogeneous", SAMPLER, f"[batch(b) for b in {L}.DataLoader(g, {N}, s, batch_size=2, drop_last=True)]"),
    ("homogeneous", SAMPLER, f"[len({L}.DataLoader(g, {N}, s, batch_size=2, drop_last=d)) for d in (False, True)]"),
    ("homogeneous", SAMPLER, f"sorted(int(i) for b in {L}.DataLoader(g, {N}, s, batch_size=2, shuffle=True) for i in b[1])"),
    ("typed", SAMPLER, f"[batch(b) for b in {L}.DataLoader(g, {{'a': {N}, 'b': {N}}}, s, batch_size=4)]"),
    ("homogeneous", f"s = {L}.NeighborSampler([-1], prefetch_node_feats=['d'], prefetch_labels=['s'], prefetch_edge_feats=['z']);; b = next(iter({L}.DataLoader(g, {N}, s, batch_size=3)))[2][0]", "[column(b.srcdata, 'd'), b.dstdata['s'], column(b.edata, 'z')]"),
    ("typed", f"s = {L}.NeighborSampler([-1], prefetch_node_feats={{'a': ['d']}}, prefetch_labels={{'b': ['s']}});; b = next(iter({L}.DataLoader(g, {{'b': {N}}}, s, batch_size=3)))[2][0]", "[column(b.srcnodes['a'].data, 'd'), b.dstnodes['b'].data['s']]"),
    ("homogeneous", SAMPLER + f";; s = {L}.as_edge_prediction_sampler(s, exclude='self', prefetch_labels=['s'])", f"[[batch(b), b[1].edata['s']] for b in {L}.DataLoader(g, {A}, s, batch_size=2)]"),
    ("full", SAMPLER + f";; s = {L}.as_edge_prediction_sampler(s, exclude='self')", f"[batch(b) for b in {L}.DataLoader(g, {{'r': {A}, 'f': {A}}}, s, batch_size=4)]"),
    ("homogeneous", f"s = shadow(dgl)([-1], prefetch_node_feats=['d']);; b = next(iter({L}.DataLoader(g, {N}, s, batch_size=3)))", "[batch(b), column(b[2].ndata, 'd')]"),
    ("homogeneous", f"class Own({L}.Sampler):\n def sample(self, g, i): return g.subgraph(i), dgl.LazyFeature('t', i)", f"[(l := {L}.DataLoader(g, {N}, Own(), batch_size=3)).attach_data('t', torch.arange(20.) * 2), next(iter(l))[1]]"),
    ("homogeneous", f"class Own({L}.BlockSampler):\n def sample_blocks(self, g, i, exclude_eids=None):\n  b = dgl.to_block(dgl.in_subgraph(g, i), i); return b.srcdata[dgl.NID], i, [b]", f"[batch(b) for b in {L}.DataLoader(g, {N}, Own(['d']), batch_size=3)]"),
    ("homogeneous", "", f"[g.get_node_storage('d').fetch({N}.long(), 'cpu'), g.get_edge_storage('s').fetch({E}.long(), 'cpu')]"),
    ("batch", "", f"[b for b in {L}.GraphDataLoader(list(zip(gs, [1, 2, 3])), batch_size=2)]"),
    ("batch", "", f"[b for b in {L}.GraphDataLoader(gs, batch_size=2, drop_last=True)]"),
    ("batch", "", f"{L}.GraphCollator().collate([(gs[0], {{'y': torch.ones(2), 'z': 1.5}}, 'one'), (gs[2], {{'y': torch.zeros(2), 'z': 2.5}}, 'two')])"),
]
# fmt: on
FILES = {"sampling": NEIGHBOURS + WALKS, "dataloading": SAMPLERS + LOADERS}
WORDS = "from tests.dgl.sampled import batch, block, column, drawn, part, shadow"


def record(recorder: Recorder) -> None:
    """The calls of the file that the recorder is for."""
    recorder.templates([(kind, f"{WORDS};; {program}", result) for kind, program, result in FILES[recorder.name]], 2)
