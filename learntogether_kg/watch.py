"""Tells when a file has been saved, however the program that saves it goes about that."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import watchfiles

QUIET: Final = 1000
"""After so many milliseconds without a change a file counts as written to its end."""


def saves(path: Path) -> Iterator[bool]:
    """Yields True at once and after each change of a file, and False whenever nothing has happened for a while.

    The folder is watched and not the file: most programs write another file and give it the name. Ends with a
    KeyboardInterrupt, as everything does that waits.

    Args:
        path: The file; it may be gone at times.
    """
    seen = _stamp(path)
    yield True
    changes = watchfiles.watch(
        path.parent, watch_filter=None, debounce=QUIET // 2, rust_timeout=QUIET, yield_on_timeout=True, recursive=False
    )
    for _ in changes:
        stamp = _stamp(path)
        # Compared, and not looked up among the changes: a save between the first check and here is one, too.
        yield stamp != seen
        seen = stamp


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
