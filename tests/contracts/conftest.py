"""A folder for what torch.compile builds."""

import os
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def built_code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One folder for the code that torch.compile builds, of this run and of all its processes."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "built"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TORCHINDUCTOR_CACHE_DIR", str(folder))
        yield
