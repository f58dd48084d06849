"""A release's alternatives are kept, so that every answer and the next release rest on the same ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from learntogether_kg.disclosure import storage
from learntogether_kg.disclosure.population import Population
from learntogether_kg.disclosure.protection import Protected
from learntogether_kg.disclosure.worlds import Worlds, alternatives
from learntogether_kg.errors import StoreUnavailableError
from tests.disclosure.libraries import DFE, DIMENSIONS, Recipe


@pytest.fixture(scope="module")
def worlds() -> Worlds:
    reviews = Recipe(5, 40, (0.5, 0.3, 0.2, 0.8)).reviews(DIMENSIONS)
    return alternatives(Population.of(DIMENSIONS, reviews), DFE, seed=1)


def test_what_was_written_is_read(worlds: Worlds, tmp_path: Path) -> None:
    assert storage.read_worlds(tmp_path) is None
    assert storage.read_protected(tmp_path) is None
    storage.write(tmp_path, worlds, DFE)
    again = storage.read_worlds(tmp_path)
    assert again is not None
    assert again.population.names == worlds.population.names
    assert again.population.scheme.categories == worlds.population.scheme.categories
    assert all((one == other).all() for one, other in zip(again.counts(), worlds.counts(), strict=True))
    shown, fresh = storage.read_protected(tmp_path), Protected.of(worlds, DFE)
    assert shown is not None
    assert (shown.counts == fresh.counts).all()
    assert (shown.askable == fresh.askable).all()
    assert shown.profile == DFE
    assert (shown.categories, shown.near, shown.reviews) == (fresh.categories, fresh.near, fresh.reviews)


def test_what_may_leave_holds_no_review_and_no_small_count(worlds: Worlds, tmp_path: Path) -> None:
    storage.write(tmp_path, worlds, DFE)
    text = (tmp_path / storage.SHOWN).read_text(encoding="utf-8")
    assert not any(f'"{name}"' in text for name in worlds.population.names)
    counts = {count for row in json.loads(text)["counts"] for count in row}
    assert counts & set(range(1, DFE.threshold)) == set()


@pytest.mark.parametrize("file", [storage.SECRET, storage.SHOWN])
def test_a_damaged_file_is_said_to_be_one(file: str, worlds: Worlds, tmp_path: Path) -> None:
    storage.write(tmp_path, worlds, DFE)
    for left in (b"", b"{", (tmp_path / file).read_bytes()[:200], b"[1]"):
        (tmp_path / file).write_bytes(left)
        with pytest.raises(StoreUnavailableError, match=file):
            _ = storage.read_worlds(tmp_path) if file == storage.SECRET else storage.read_protected(tmp_path)
