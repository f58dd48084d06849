"""The teaching library, ready to be asked."""

from __future__ import annotations

import pytest

from learntogether_kg.library import Library
from tests.teaching.compare import Asker


@pytest.fixture(scope="session")
def ask(teaching_library: Library) -> Asker:
    return Asker(teaching_library.release().store)
