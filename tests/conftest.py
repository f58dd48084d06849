"""What several test modules need."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from learntogether_kg import reviews
from learntogether_kg.library import Library


@pytest.fixture(scope="session")
def sample_library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The library of the bundled sample, published once. Nothing may change it."""
    path = tmp_path_factory.mktemp("sample") / "library"
    reviews.build_bundled("sample", path)
    return Library.open(path)


@pytest.fixture(scope="session")
def teaching_library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The teaching library, checked and built once, which takes most of a minute. Nothing may change it."""
    path = tmp_path_factory.mktemp("teaching") / "library"
    reviews.build_bundled("teaching", path)
    return Library.open(path)


@pytest.fixture
def teaching_copy(teaching_library: Library, tmp_path: Path) -> Path:
    """A teaching library of one's own, at ./teaching of the test's folder."""
    return shutil.copytree(teaching_library.path, tmp_path / "teaching")
