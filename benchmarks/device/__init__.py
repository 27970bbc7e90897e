"""The first minutes on a machine with a GPU: whether the kernels keep their contract there, and how fast they are."""
