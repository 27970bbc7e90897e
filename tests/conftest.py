"""How many examples hypothesis draws for a test: 40, or 2,000 with `--hypothesis-profile thorough`; Triton's interpreter."""

import os

from hypothesis import settings

os.environ.setdefault(
    "TRITON_INTERPRET", "1"
)  # read when triton is imported; kernels for GPUs then run on the CPU, if asked to

for name, examples in (("brief", 40), ("thorough", 2000)):
    settings.register_profile(name, max_examples=examples, deadline=None)  # a first call loads the native library
settings.load_profile("brief")
