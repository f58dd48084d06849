"""Both engines say the same of reviews with wrong, missing and superfluous triples.

Such reviews are made from a few nodes of the base that the shapes' cases begin with: nearly all of the time is the
reference's, which a whole review takes ten times as long.
"""

from __future__ import annotations

import pytest

from tests.engines.comparison import assert_equal_reports_on_mutations
from tests.engines.mutations import ON_STRUCTURE


@pytest.mark.parametrize("name", sorted(ON_STRUCTURE))
def test_engines_agree_on_small_reviews(name: str) -> None:
    assert_equal_reports_on_mutations(ON_STRUCTURE[name])
