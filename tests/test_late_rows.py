"""Rows that are made when they are read are the same rows, whichever part is read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from learntogether_kg.answers import LateRows, Row

WHOLE: tuple[Row, ...] = tuple((number, f"row {number}") for number in range(1000))


@pytest.fixture
def read() -> list[tuple[int, int]]:
    """The parts that were made."""
    return []


@pytest.fixture
def rows(read: list[tuple[int, int]]) -> LateRows:
    def made(start: int, stop: int) -> Iterator[Row]:
        read.append((start, stop))
        yield from WHOLE[start:stop]

    return LateRows(len(WHOLE), made)


@pytest.mark.parametrize(
    "part",
    [slice(0, 10), slice(990, 1010), slice(5, 5), slice(2000, 3000), slice(None), slice(995, None), slice(-3, None)],
)
def test_a_part_is_that_of_the_whole(rows: LateRows, part: slice) -> None:
    assert tuple(rows[part]) == WHOLE[part]


def test_only_what_is_read_is_made(rows: LateRows, read: list[tuple[int, int]]) -> None:
    assert (len(rows), read) == (1000, [])
    assert (rows[7], rows[-1]) == (WHOLE[7], WHOLE[-1])
    assert rows[100:120] == WHOLE[100:120]
    assert read == [(7, 8), (999, 1000), (100, 120)]
    with pytest.raises(IndexError):
        rows[1000]


def test_all_are_read_a_part_at_a_time(rows: LateRows, read: list[tuple[int, int]]) -> None:
    assert tuple(rows) == WHOLE
    assert max(stop - start for start, stop in read) < len(WHOLE)


def test_they_equal_the_same_rows_and_no_others(rows: LateRows) -> None:
    assert rows == WHOLE
    assert rows != WHOLE[:-1]
