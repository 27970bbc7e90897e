"""Load a state dict of DGL or PyG into a layer or a model of weft."""

from collections.abc import Mapping

from torch import Tensor, nn

from ...errors import ShapeError, check_choice, message
from ._by_type import Metadata, numbered
from ._names import NAMES, Peer, renamed


def load_peer_state(
    module: nn.Module, state: Mapping[str, Tensor], peer: Peer, *, metadata: Metadata | None = None
) -> None:
    """Load what DGL or PyG calls the parameters of the same layers.

    A model has its layers under the same names as the peer's model, or is one layer.

    Args:
        module: a layer of weft, or a module that holds some; other modules in it keep their names.
        state: the peer's state dict, as its `state_dict()` gives it, or read from a safetensors file.
        metadata: of PyG's HGTConv, which names types that weft numbers: (node types, edge types), in the order of the
            numbers, as its constructor took it.

    Raises:
        ShapeError: if a parameter is missing, left over, or of another size; the text names all of them.
        OptionError: if `peer` is neither "dgl" nor "pyg", or `metadata` is missing.

    >>> import torch
    >>> from weft.nn import GraphConv
    >>> layer = GraphConv(2, 3)
    >>> load_peer_state(layer, {"lin.weight": torch.ones(3, 2), "bias": torch.zeros(3)}, "pyg")
    >>> layer.weight
    Parameter containing:
    tensor([[1., 1., 1.],
            [1., 1., 1.]], requires_grad=True)
    """
    check_choice("load_peer_state", "peer", peer, tuple(NAMES))
    expected = module.state_dict()
    if peer == "pyg":
        state = numbered(module, state, metadata)
    found = renamed(module, state, peer, expected)
    missing, more = sorted(expected.keys() - found.keys()), sorted(found.keys() - expected.keys())
    sizes = [
        f"{name} {tuple(found[name].shape)} for {tuple(value.shape)}"
        for name, value in expected.items()
        if name in found and found[name].numel() != value.numel()
    ]
    if missing or more or sizes:
        parts = [("missing ", missing), ("left over ", more), ("of another size ", sizes)]
        got = "; ".join(word + ", ".join(names) for word, names in parts if names)
        hint = "the layers have to be made with the options of the peer's"
        raise ShapeError(message("load_peer_state", f"a state of {type(module).__name__}", got, hint))
    module.load_state_dict({name: value.reshape(expected[name].shape) for name, value in found.items()})
