"""What was drawn, told by the ids of the whole graph, in an order that no library decides; knows neither library."""

ID = "_ID"


def drawn(g):
    """The edges of a part that kept all nodes: by edge type, source, target and id, sorted."""
    return [[list(name), _sorted(*g.edges(etype=name), g.edges[name].data[ID])] for name in g.canonical_etypes]


def part(g):
    """The edges of a part whose nodes were numbered anew: by edge type, the ids that both ends and the edge had, sorted."""
    ids = {name: g.nodes[name].data[ID] for name in g.ntypes}
    found = []
    for name in g.canonical_etypes:
        u, v = g.edges(etype=name)
        eids = [g.edges[name].data[ID]] if ID in g.edges[name].data else []
        found.append([list(name), _sorted(ids[name[0]][u.long()], ids[name[2]][v.long()], *eids)])
    return [{name: each.long() for name, each in ids.items()}, found]


def _as_set(told):
    nodes, edges = told
    return [{name: each.sort().values for name, each in nodes.items()}, edges]


def block(b):
    """A block: its targets in order, its sources sorted, and the edges as `part` has them."""
    sources = {name: b.srcnodes[name].data[ID] for name in b.srctypes}
    targets = {name: b.dstnodes[name].data[ID] for name in b.dsttypes}
    edges = []
    for name in b.canonical_etypes:
        u, v = b.edges(etype=name)
        ends = sources[name[0]][u.long()], targets[name[2]][v.long()]
        edges.append([list(name), _sorted(*ends, b.edges[name].data[ID])])
    is_prefix = [bool((sources[name][: ids.shape[0]] == ids).all()) for name, ids in targets.items()]
    return [
        {name: ids.long().sort().values for name, ids in sources.items()},
        {name: b.num_dst_nodes(name) for name in b.dsttypes},
        is_prefix, edges,
    ]  # fmt: skip


def batch(found):
    """What a loader gives: input nodes sorted, what stands between in order, graphs as above."""
    first, *between, last = found
    parts = [part(each) if hasattr(each, "canonical_etypes") else ids(each) for each in between]
    return [ids(first, True), parts, [block(b) for b in last] if isinstance(last, list) else _as_set(part(last))]


def ids(given, is_set=False):
    """Ids as int64, by type if there are several."""
    if isinstance(given, dict):
        return {str(name): ids(each, is_set) for name, each in given.items()}
    return given.long().sort().values if is_set else given.long()


def shadow(dgl):
    """The class, whose name has a letter that the recorder takes for a number."""
    return dgl.dataloading.ShaDowKHopSampler


def column(data, name):
    """A column in the order of ids."""
    return data[name][data[ID].sort().indices]


def _sorted(*columns):
    return sorted(zip(*[column.tolist() for column in columns], strict=True))
