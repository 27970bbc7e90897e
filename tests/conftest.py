"""How many examples hypothesis draws for a test: 40, or 2,000 with `--hypothesis-profile thorough`."""

from hypothesis import settings

for name, examples in (("brief", 40), ("thorough", 2000)):
    settings.register_profile(name, max_examples=examples, deadline=None)  # a first call loads the native library
settings.load_profile("brief")
