"""Counting what two tables of Booleans have in common, by bits: 64 reviews at a time, on one core, exact."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Flags = npt.NDArray[np.bool_]
_WORD = 8
"""Bytes of a machine word."""


def count_both(one: Flags, other: Flags) -> npt.NDArray[np.int64]:
    """Returns for each row of one table and each row of the other in how many columns both are true.

    Args:
        one: Rows × columns.
        other: Rows × the same columns.

    Returns:
        Rows of the one × rows of the other.
    """
    words, others = _packed(one), _packed(other)
    counts = np.zeros((len(words), len(others)), np.int64)
    for place, row in enumerate(words):
        counts[place] = np.bitwise_count(row & others).sum(axis=1, dtype=np.int64)
    return counts


def _packed(flags: Flags) -> npt.NDArray[np.uint64]:
    """Returns each row as machine words, a bit for each column, padded with zeros."""
    packed = np.packbits(flags, axis=1)
    padded = np.zeros((len(packed), -(-packed.shape[1] // _WORD) * _WORD), np.uint8)
    padded[:, : packed.shape[1]] = packed
    return padded.view(np.uint64)
