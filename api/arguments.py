"""The arguments of an address: known to it, each given once, and none longer than any label."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from api.paging import Pairs
from learntogether_kg.errors import QueryArgumentError

LONGEST: Final = 1000
"""Characters; no label is as long, and comparing one with thousands of labels takes time."""


def once(asked: str, pairs: Pairs, known: Collection[str] | None = None) -> dict[str, str]:
    """Returns arguments by name.

    Args:
        asked: What the address is about, for the error.
        pairs: The arguments as they were given.
        known: The names that the address takes; None where that is found out later.

    Raises:
        QueryArgumentError: One is unknown, longer than `LONGEST`, or given twice.
    """
    found: dict[str, str] = {}
    for name, value in pairs:
        if known is not None:
            refuse_unknown(asked, name, known)
        refuse_long(asked, name, value)
        if name in found:
            raise QueryArgumentError(asked, name, "it is given more than once; give it one value")
        found[name] = value
    return found


def refuse_any(asked: str, pairs: Pairs, instead: str = "/queries lists those that do") -> None:
    """Raises an error where an address that takes no arguments was given one.

    Raises:
        QueryArgumentError: There is one.
    """
    for name, _ in pairs:
        raise QueryArgumentError(asked, name, f"this address takes no parameters; {instead}")


def refuse_unknown(asked: str, name: str, known: Collection[str]) -> None:
    """Raises an error where an address does not take an argument.

    Raises:
        QueryArgumentError: It does not.
    """
    if name not in known:
        raise QueryArgumentError(asked, name, f"there is no such parameter; it takes {', '.join(known)}")


def refuse_long(asked: str, name: str, value: str) -> None:
    """Raises an error where an argument is longer than `LONGEST`.

    Raises:
        QueryArgumentError: It is.
    """
    if len(value) > LONGEST:
        raise QueryArgumentError(asked, name, f"it is longer than {LONGEST} characters")
