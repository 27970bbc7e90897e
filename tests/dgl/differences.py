"""Calls of which the result differs from DGL's on purpose, and why; each is checked to differ."""

_INFINITIES = (
    "DGL keeps the infinities of edge types that bring a node no message until types are combined, and zeroes the result; "
    "weft takes 0 for such a type in sums and means, and leaves it out of max and min."
)
_IDS = "DGL refuses ids of the other integer dtype; weft takes both."
_RANGE = "DGL takes ids that do not exist and answers with what lies in memory; weft raises."
_ORDER = "DGL sorts the edges that remain by source when nodes go; in weft they keep their order."
_INTEGERS = "DGL sends real numbers alone; weft sends integers too."
_NOTHING = "DGL's operators give an infinity where a node gets no message; weft gives 0."
_IDS_OF_EDGES = "DGL hands the ids of edges to NetworkX as tensors; weft as numbers."
_WORDS = "DGL's default, a word, is called as a function; weft applies none."
_TOPK = "DGL exchanges the rows of graphs where one has fewer than k; weft does not."

DIFFERENCES: dict[str, str] = {
    "batch21": "DGL mixes the dtypes of counts of graphs that were cast; weft batches them.",
    "dataloading1": "DGL fails where its fused sampler draws nothing; weft gives a block without edges.",
    "dataloading8": "DGL fails without layers; weft gives the seeds and no blocks.",
    "dataloading27": "DGL sorts the ids of the edges that it leaves out in place, so that those of the pairs are mixed up.",
    "sampling9": "DGL takes no notice of weights that are a tensor; weft draws by them.",
    "sampling29": "DGL takes no notice of a node type that does not exist; weft raises.",
    "sampling57": "DGL goes on over an edge of weight 0, to a node to which none leads; in weft the walk ends.",
    "convert18": _IDS_OF_EDGES,
    "convert19": _IDS_OF_EDGES,
    "functions121": "DGL refuses operands of two dtypes; weft promotes them as torch does.",
    "merge2": "DGL drops the columns of a type without edges; weft keeps them, with no rows.",
    **dict.fromkeys([f"ops{at}" for low in range(4, 48, 8) for at in range(low, low + 4)], _NOTHING),
    "ops113": _NOTHING,
    "propagate5": _WORDS,
    "propagate6": _WORDS,
    "readout50": _TOPK,
    "readout51": _TOPK,
    "to_block3": "DGL gives a block whose edges point outside its targets; weft names the edge.",
    "transforms24": "DGL's order is that of its hash table; in weft edges are sorted by source, then target.",
    "transforms29": _ORDER,
    "functions45": _INFINITIES,
    "functions95": _INFINITIES,
    "functions107": "DGL looks at the name of the cross reducer only if several types reach a node; weft always does.",
    "functions119": _INTEGERS,
    "functions120": _INTEGERS,
    "functions122": "DGL turns every infinity into 0; in weft only nodes without messages get 0.",
    **dict.fromkeys([f"messages{at}" for at in (*range(391, 397), 403, 404, 405, 407, 408)], _INFINITIES),
    **dict.fromkeys([f"messages{at}" for at in (418, 419, 427, 428)], _INFINITIES),
    "structure13": _RANGE,
    "structure14": "DGL cuts real numbers to ids; weft raises.",
    "structure50": _IDS,
    "structure85": _RANGE,
    "structure130": "DGL refuses slices of nodes; weft takes them.",
    "structure158": "DGL adds fewer nodes than the column has rows, and keeps all its rows; weft raises.",
    "structure164": _IDS,
    "structure170": _ORDER,
    "structure173": _IDS,
    "structure182": _ORDER,
    "structure183": _ORDER,
}
