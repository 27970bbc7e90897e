# ruff: noqa: E501  (a call is one line)
"""Functions of one's own, partial sending, filters, propagation and cross reducers."""

from __future__ import annotations

from .graphs import Recorder

# fmt: off
SUM = "fn.copy_u('d', 'm'), fn.sum('m', 'o')"
OWN = "lambda e: {'m': e.src['d'] * e.data['d'] + e.dst['d']}, lambda n: {'o': n.mailbox['m'].max(1).values}"
ORDERED = "lambda e: {'m': e.data['s']}, lambda n: {'o': (n.mailbox['m'] * torch.arange(1., n.mailbox['m'].shape[1] + 1)).sum(1)}"
LSTM = "lambda e: {'m': e.src['d']}, lambda n: {'o': n.mailbox['m'].cumsum(1).tanh().mean(1) + n.data['d'] * n.mailbox['m'].shape[1]}"
TWO = "lambda e: {'m': e.src['d'], 'k': e.data['s']}, lambda n: {'o': (n.mailbox['m'] * n.mailbox['k'].softmax(1).unsqueeze(-1)).sum(1), 'p': n.mailbox['k'].sum(1)}"
WITH_GRADIENTS = [
    ("homogeneous", f"g.update_all({OWN})", "g.ndata['o']", ["n_d", "e_d"]),
    ("homogeneous", f"g.update_all({ORDERED})", "g.ndata['o']", ["e_s"]),
    ("homogeneous", f"g.update_all({LSTM})", "g.ndata['o']", ["n_d"]),
    ("homogeneous", f"g.update_all({TWO})", "[g.ndata['o'], g.ndata['p']]", ["n_d", "e_s"]),
    ("homogeneous", "g.update_all(lambda e: {'m': e.src['d'] * e.data['s'].unsqueeze(-1)}, fn.mean('m', 'o'))", "g.ndata['o']", ["n_d", "e_s"]),
    ("homogeneous", "g.update_all(fn.u_mul_e('d', 's', 'm'), lambda n: {'o': n.mailbox['m'].prod(1)})", "g.ndata['o']", ["n_d", "e_s"]),
    ("homogeneous", f"g.update_all({SUM}, lambda n: {{'o': n.data['o'] + n.data['d']}})", "g.ndata['o']", ["n_d"]),
    ("homogeneous", f"g.update_all({OWN}, lambda n: {{'p': n.data['o'].sum(-1) + n.data['s']}})", "g.ndata['p']", ["n_d", "n_s", "e_d"]),
    ("bipartite", f"g.update_all({OWN})", "g.dstdata['o']", ["a_d", "b_d", "r_d"]),
    ("bipartite", f"g.update_all({LSTM})", "g.dstdata['o']", ["a_d", "b_d"]),
    ("typed", f"g.update_all({OWN}, etype='r')", "g.nodes['b'].data['o']", ["a_d", "b_d", "r_d"]),
    ("typed", f"g.update_all({TWO}, etype='s')", "g.nodes['b'].data['o']", ["b_d", "s_s"]),
    ("homogeneous", "g.apply_edges(lambda e: {'o': e.src['d'] - e.dst['d'] * e.data['d']})", "g.edata['o']", ["n_d", "e_d"]),
    ("typed", "g.apply_edges(lambda e: {'o': e.src['d'] - e.dst['d'] * e.data['d']}, etype='r')", "g.edges['r'].data['o']", ["a_d", "b_d", "r_d"]),
    ("homogeneous", "g.apply_edges(lambda e: {'o': e.src['d']}, edges=EDGES)", "g.edata['o']", ["n_d"]),
    ("homogeneous", "g.apply_nodes(lambda n: {'o': n.data['d'] * 2})", "g.ndata['o']", ["n_d"]),
    ("homogeneous", "g.apply_nodes(lambda n: {'d': n.data['d'] * 2}, v=NODES)", "g.ndata['d']", ["n_d"]),
    ("homogeneous", "g.apply_nodes(lambda n: {'o': n.data['d'] * 2}, v=NODES)", "g.ndata['o']", ["n_d"]),
    ("typed", "g.apply_nodes(lambda n: {'o': n.data['d'].exp()}, ntype='a')", "g.nodes['a'].data['o']", ["a_d"]),
    ("homogeneous", f"g.send_and_recv(EDGES, {SUM})", "g.ndata['o']", ["n_d"]),
    ("homogeneous", "g.send_and_recv(EDGES, fn.u_mul_e('d', 's', 'm'), fn.max('m', 'd'))", "g.ndata['d']", ["n_d", "e_s"]),
    ("homogeneous", f"g.send_and_recv(EDGES, {OWN})", "g.ndata['o']", ["n_d", "e_d"]),
    ("homogeneous", f"g.send_and_recv(EDGES, {SUM}, lambda n: {{'o': n.data['o'] + n.data['d']}})", "g.ndata['o']", ["n_d"]),
    ("homogeneous", "g.send_and_recv(EDGES, fn.copy_e('d', 'm'), fn.mean('m', 'd'))", "g.ndata['d']", ["n_d", "e_d"]),
    ("tree", f"g.send_and_recv((u[EDGES], v[EDGES]), {SUM})", "g.ndata['o']", ["n_d"]),
    ("homogeneous", f"g.pull(NODES, {SUM})", "g.ndata['o']", ["n_d"]),
    ("homogeneous", "g.pull(NODES, fn.u_add_v('d', 'd', 'm'), fn.mean('m', 'd'))", "g.ndata['d']", ["n_d"]),
    ("homogeneous", f"g.pull(NODES, {OWN})", "g.ndata['o']", ["n_d", "e_d"]),
    ("homogeneous", f"g.pull(NODES, {SUM}, lambda n: {{'o': n.data['o'] + n.data['d']}})", "g.ndata['o']", ["n_d"]),
    ("homogeneous", f"g.pull(NODE, {SUM})", "g.ndata['o']", None),
    ("homogeneous", f"g.push(NODES, {SUM})", "g.ndata['o']", ["n_d"]),
    ("homogeneous", "g.push(NODES, fn.u_mul_e('d', 'd', 'm'), fn.min('m', 'd'))", "g.ndata['d']", ["n_d", "e_d"]),
    ("homogeneous", f"g.push(NODES, {LSTM})", "g.ndata['o']", ["n_d"]),
    ("homogeneous", f"g.pull(NODES, {LSTM})", "g.ndata['o']", ["n_d"]),
    ("homogeneous", f"g.send_and_recv(EDGES, {LSTM})", "g.ndata['o']", ["n_d"]),
    ("homogeneous", f"g.send_and_recv(list(range(g.num_edges()))[::-1], {LSTM})", "g.ndata['o']", ["n_d"]),
    ("typed", f"g.push(NODES, {LSTM}, etype='s')", "g.nodes['b'].data['o']", ["b_d"]),
    ("typed", f"g.pull(NODES, {SUM}, etype='r')", "g.nodes['b'].data['o']", ["a_d"]),
    ("typed", f"g.push(NODES, {SUM}, etype='r')", "g.nodes['b'].data['o']", ["a_d"]),
    ("typed", f"g.send_and_recv(EDGES, {SUM}, etype='s')", "g.nodes['b'].data['o']", ["b_d"]),
    ("tree", "g.prop_nodes([[1], [2, 3], [4]], fn.copy_u('d', 'm'), fn.sum('m', 'd'))", "g.ndata['d']", ["n_d"]),
    ("tree", "g.prop_nodes([[1], [2, 3]], lambda e: {'m': e.src['d'] * e.data['d']}, lambda n: {'d': n.mailbox['m'].mean(1)})", "g.ndata['d']", ["n_d", "e_d"]),
    ("tree", "g.prop_edges([[0, 1], [2], [3, 4]], fn.copy_u('d', 'm'), fn.sum('m', 'd'))", "g.ndata['d']", ["n_d"]),
    ("tree", "g.prop_nodes([[1], [2]], fn.copy_u('d', 'm'), fn.sum('m', 'd'), lambda n: {'d': n.data['d'].tanh()})", "g.ndata['d']", ["n_d"]),
    ("typed", "g.multi_update_all({'r': (fn.copy_u('d', 'm'), fn.sum('m', 'o')), 's': (fn.copy_u('d', 'm'), fn.max('m', 'o'))}, 'sum', lambda n: {'o': n.data['o'] * 2})", "g.nodes['b'].data['o']", ["a_d", "b_d"]),
    ("typed", "g.multi_update_all({'r': (fn.copy_u('d', 'm'), fn.max('m', 'o')), 's': (fn.copy_u('d', 'm'), fn.sum('m', 'o'))}, 'sum')", "g.nodes['b'].data['o']", ["a_d", "b_d"]),
    ("typed", "g.multi_update_all({'r': (fn.copy_u('d', 'm'), fn.sum('m', 'o')), 's': (fn.copy_u('d', 'm'), fn.sum('m', 'o'))}, lambda parts: parts[0] * 2 - parts[1])", "g.nodes['b'].data['o']", ["a_d", "b_d"]),
    ("typed", f"g.multi_update_all({{'r': ({OWN}), 's': (fn.u_mul_e('d', 's', 'm'), fn.mean('m', 'o'))}}, 'mean')", "g.nodes['b'].data['o']", ["a_d", "b_d", "r_d", "s_s"]),
    ("typed", "g.multi_update_all({'r': (fn.copy_u('d', 'm'), fn.sum('m', 'o'), lambda n: {'o': n.data['o'] + 1}), 's': (fn.copy_u('d', 'm'), fn.sum('m', 'o'))}, 'max')", "g.nodes['b'].data['o']", ["a_d", "b_d"]),
    ("typed", "g.multi_update_all({'r': (fn.copy_u('d', 'm'), fn.sum('m', 'o')), 'f': (fn.copy_u('d', 'm'), fn.sum('m', 'p'))}, 'sum')", "[g.nodes['b'].data['o'], g.nodes['a'].data['p']]", ["a_d"]),
]
WITHOUT = [
    ("homogeneous", "g.update_all(fn.copy_u('nothing', 'm'), fn.sum('m', 'o'))", "1"),
    ("homogeneous", "g.update_all(fn.copy_u('d', 'm'), fn.sum('k', 'o'))", "1"),
    ("homogeneous", "g.update_all(fn.u_add_v('d', 'nothing', 'm'), fn.sum('m', 'o'))", "1"),
    ("homogeneous", "g.update_all(lambda e: {'m': e.src['d']}, fn.sum('k', 'o'))", "1"),
    ("homogeneous", "g.update_all(lambda e: {'m': e.src['nothing']}, fn.sum('m', 'o'))", "1"),
    ("typed", f"g.update_all({OWN})", "1"),
    ("typed", "g.apply_edges(lambda e: {'o': e.src['d']})", "1"),
    ("typed", f"g.multi_update_all({{'r': ({SUM})}}, 'nothing')", "1"),
    ("typed", f"g.multi_update_all({{'nothing': ({SUM})}}, 'sum')", "1"),
    ("typed", f"g.pull(NODES, {SUM})", "1"),
    ("homogeneous", f"g.pull([99], {SUM})", "1"),
    ("homogeneous", f"g.send_and_recv([99], {SUM})", "1"),
    ("homogeneous", f"g.push([], {SUM})", "sorted(g.ndata)"),
    ("homogeneous", f"g.pull([], {SUM})", "sorted(g.ndata)"),
    ("homogeneous", f"g.send_and_recv([], {SUM})", "sorted(g.ndata)"),
    ("homogeneous", "g.apply_edges(fn.u_add_v('d', 'z', 'o'))", "g.edata['o']"),
    ("homogeneous", "g.apply_edges(fn.u_add_v('d', 'h', 'o'))", "g.edata['o']"),
    ("homogeneous", "g.ndata['w'] = torch.ones(g.num_nodes(), 4);; g.apply_edges(fn.u_add_v('d', 'w', 'o'))", "1"),
    ("homogeneous", "g.ndata['k'] = n_d.double();; g.update_all(fn.copy_u('k', 'm'), fn.sum('m', 'o'))", "g.ndata['o']"),
    ("homogeneous", "g.ndata['k'] = (n_d * 10).long();; g.update_all(fn.copy_u('k', 'm'), fn.sum('m', 'o'))", "g.ndata['o']"),
    ("homogeneous", "g.ndata['k'] = (n_d * 10).int();; g.update_all(fn.copy_u('k', 'm'), fn.max('m', 'o'))", "g.ndata['o']"),
    ("homogeneous", "g.ndata['k'] = n_d.double();; g.update_all(fn.u_mul_e('k', 'd', 'm'), fn.sum('m', 'o'))", "g.ndata['o']"),
    ("homogeneous", "g.ndata['k'] = torch.full((g.num_nodes(), 2), float('inf'));; g.update_all(fn.copy_u('k', 'm'), fn.max('m', 'o'))", "g.ndata['o']"),
    ("homogeneous", "g.ndata['k'] = torch.full((g.num_nodes(), 2), float('inf'));; g.update_all(fn.copy_u('k', 'm'), fn.sum('m', 'o'))", "g.ndata['o']"),
    ("homogeneous", "g.ndata['k'] = torch.full((g.num_nodes(), 2), float('nan'));; g.update_all(fn.copy_u('k', 'm'), fn.sum('m', 'o'))", "g.ndata['o']"),
    ("homogeneous", "ids = [];; g.update_all(lambda e: ids.append(e.edges()) or {'m': e.src['d']}, fn.sum('m', 'o'))", "[list(part) for part in ids]"),
    ("homogeneous", "seen = [];; g.update_all(fn.copy_u('d', 'm'), lambda n: seen.append([n.nodes(), n.batch_size(), list(n.mailbox['m'].shape)]) or {'o': n.mailbox['m'].sum(1)})", "seen"),
    ("typed", "seen = [];; g.update_all(lambda e: seen.append([e.canonical_etype, len(e), e.batch_size()]) or {'m': e.src['d']}, fn.sum('m', 'o'), etype='r')", "seen"),
    ("homogeneous", "", "g.filter_nodes(lambda n: n.data['s'] > 0)"),
    ("homogeneous", "", "g.filter_nodes(lambda n: n.data['s'] > 0, NODES)"),
    ("homogeneous", "", "g.filter_edges(lambda e: e.src['s'] * e.dst['s'] > e.data['s'])"),
    ("homogeneous", "", "g.filter_edges(lambda e: e.data['s'] > 0, EDGES)"),
    ("tree", "", "g.filter_edges(lambda e: e.data['d'].sum(1) > 0, (u[EDGES], v[EDGES]))"),
    ("typed", "", "g.filter_nodes(lambda n: n.data['s'] > 0, ntype='b')"),
    ("typed", "", "g.filter_edges(lambda e: e.data['s'] > 0, etype='r')"),
    ("homogeneous", "", "[fn.copy_u('h', 'm').name, fn.u_mul_e('a', 'b', 'm').name, fn.sum('m', 'o').name]"),
    ("homogeneous", "g.update_all(fn.copy_u('d', 'm'), lambda n: {})", "sorted(g.ndata)"),
    ("homogeneous", "g.update_all(fn.copy_u('d', 'm'), lambda n: {'o': torch.ones(99)})", "1"),
    ("homogeneous", "g.apply_nodes(lambda n: {'o': torch.ones(99)})", "1"),
    ("homogeneous", "g.apply_edges(lambda e: {'o': torch.ones(99)})", "1"),
]
# fmt: on


def record(recorder: Recorder) -> None:
    """Each call twice, on different graphs."""
    for _ in range(2):
        for kind, program, result, gradients in WITH_GRADIENTS:
            recorder.templates([(kind, program, result)])
            if gradients:
                recorder.records[-1]["gradients"] = gradients
    recorder.templates(WITHOUT)
