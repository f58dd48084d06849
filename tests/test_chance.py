"""What chance would do to pairs is worked out once, kept with the release, and never relied on to be there or whole."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from learntogether_kg import statistics
from learntogether_kg.library import Library
from learntogether_kg.recurrence.answer import Result
from learntogether_kg.recurrence.chance import FOLDER, Chance
from learntogether_kg.recurrence.request import Counted, Request
from learntogether_kg.snapshot import Snapshot

TESTED = Request(("type",), codes="any", pairs=True, permutations=50)


@pytest.fixture
def release(teaching_library: Library, tmp_path: Path) -> Snapshot:
    # The library is shared by a whole test session; what others made it work out is left behind.
    published = teaching_library.release().path
    return Snapshot(Path(shutil.copytree(published, tmp_path / "release", ignore=shutil.ignore_patterns(FOLDER))))


def files(release: Snapshot) -> list[Path]:
    return sorted((release.path / FOLDER).glob("*"))


def ask(release: Snapshot, request: Request = TESTED) -> Result:
    return Counted.of(release).answer(request)


def test_a_second_process_reads_what_the_first_worked_out(release: Snapshot) -> None:
    first = ask(release)
    (file,) = files(release)
    # The second answer comes from the file: with another figure in it, the answer has that figure.
    with np.load(file) as kept:
        arrays = dict(kept)
    arrays["expected"] = arrays["expected"] + 1
    np.savez(file, **arrays)
    for before, after in zip(first.pairs, ask(release).pairs, strict=True):
        assert before.expected is not None
        assert after.expected == pytest.approx(before.expected + 1)
        assert after.p_value == before.p_value
    assert release.altered_files() == []


def test_another_question_is_worked_out_for_itself(release: Snapshot) -> None:
    for request in (
        TESTED,
        Request(("type",), codes="primary", pairs=True, permutations=50),
        Request(("type",), codes="any", pairs=True, permutations=60),
        Request(("type",), (("harm", "neglect"),), "any", pairs=True, permutations=50),
    ):
        ask(release, request)
    assert len(files(release)) == 4


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 no archive", b"\x00" * 400])
def test_a_damaged_file_is_worked_out_anew(release: Snapshot, damage: bytes) -> None:
    first = ask(release)
    (file,) = files(release)
    file.write_bytes(damage)
    assert ask(release) == first
    assert files(release) == [file]
    assert file.read_bytes() != damage


def test_where_nothing_can_be_kept_the_answer_is_the_same(release: Snapshot) -> None:
    (release.path / FOLDER).write_text("a file where the folder would be")
    blocked = ask(release)
    (release.path / FOLDER).unlink()
    assert blocked == ask(release)


def test_it_is_what_the_statistics_say(tmp_path: Path) -> None:
    found = np.random.default_rng(1).random((40, 6)) < 0.4
    Chance(tmp_path / FOLDER).of(found, 30)
    kept = Chance(tmp_path / FOLDER).of(found, 30)
    told = Chance().of(found, 30)
    for name in ("observed", "expected", "p_value"):
        assert (getattr(kept, name) == getattr(told, name)).all()
    assert (kept.samples, kept.method) == (told.samples, told.method)
    assert statistics.cooccurrence_null(found, 30, 0).method != kept.method, "it has a seed of its own"


def test_a_state_keeps_nothing(teaching_library: Library) -> None:
    state = teaching_library.current()
    Counted.of(state).answer(TESTED)
    assert not (state.path / FOLDER).exists()
