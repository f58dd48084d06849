"""What several test modules need."""

from __future__ import annotations

import pytest

from learntogether_kg import reviews
from learntogether_kg.library import Library


@pytest.fixture(scope="session")
def sample_library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The library of the bundled sample, published once. Nothing may change it."""
    path = tmp_path_factory.mktemp("sample") / "library"
    reviews.build_bundled("sample", path)
    return Library.open(path)
