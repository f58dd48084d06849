from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest

from learntogether_kg import errors, pool
from learntogether_kg.errors import LearnTogetherError, UnreadableFileError

FILES = [Path(f"file-{number}") for number in range(8)]


def read(path: Path) -> tuple[str, int]:
    """Stands for reading a file; one cannot be read, and one ends the process."""
    if "unreadable" in path.name:
        raise UnreadableFileError(path, "it is damaged", "line 3")
    if "fatal" in path.name:
        os._exit(9)
    return path.name, os.getpid()


def leave_a_mark(path: Path) -> None:
    path.touch()


def names(results: list[object]) -> list[str]:
    return [str(each) if isinstance(each, LearnTogetherError) else each[0] for each in results]  # type: ignore[index]


def test_results_stand_in_the_order_of_the_files_and_come_from_other_processes() -> None:
    results = list(pool.each(read, FILES, size=2))
    assert names(results) == [path.name for path in FILES]
    assert os.getpid() not in {pid for _, pid in results}


def test_few_files_are_done_in_this_process() -> None:
    assert {pid for _, pid in pool.each(read, FILES[: pool.FEW])} == {os.getpid()}


@pytest.mark.parametrize("size", [1, 2])
def test_error_stands_in_the_place_of_its_file(size: int) -> None:
    files = [*FILES[:2], Path("unreadable"), *FILES[2:]]
    results = list(pool.each(read, files, size=size))
    assert names(results) == ["file-0", "file-1", "unreadable, line 3: it is damaged", *[p.name for p in FILES[2:]]]
    assert isinstance(results[2], UnreadableFileError)
    assert (results[2].file, results[2].where) == (Path("unreadable"), "line 3")


def test_file_that_ends_its_process_is_named_and_the_others_are_done() -> None:
    files = [*FILES[:3], Path("fatal"), *FILES[3:], Path("fatal-too")]
    results = list(pool.each(read, files, size=2))
    told = "fatal: the process that read it broke off"
    assert [each.startswith(told) for each in names(results)] == [path.name == "fatal" for path in files]
    assert isinstance(results[-1], UnreadableFileError)
    assert [each for each in names(results) if each.startswith("file")] == [path.name for path in FILES]


def test_no_more_files_are_begun_than_can_be_under_way(tmp_path: Path) -> None:
    files = [tmp_path / f"file-{number}" for number in range(100)]
    results = pool.each(leave_a_mark, files, size=2)
    next(results)
    results.close()
    assert 0 < len(list(tmp_path.iterdir())) <= 8


@pytest.mark.parametrize(
    "error",
    [
        UnreadableFileError("a.xlsx", "it is damaged", "Findings!D4"),
        errors.InconsistentOntologyError("a.ttl", ["lt:A"], "A is not A"),
        errors.InvalidReviewError([]),
        errors.DuplicateReviewError("a", "b", "title"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_error_passes_whole_from_one_process_to_another(error: LearnTogetherError) -> None:
    there = pickle.loads(pickle.dumps(error))
    assert type(there) is type(error)
    assert str(there) == str(error)
    assert there.__dict__ == error.__dict__
