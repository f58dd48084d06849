"""A whole library in one file, and back: every release, the newest state, custody and tokens, each file with its hash.

The file is a ZIP archive whose first entry, ``backup.json``, says what the others are. It holds custody, so it is to be
kept as safe as the library itself.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Final

from learntogether_kg import __version__
from learntogether_kg.errors import BackupError, LibraryBusyError
from learntogether_kg.library import Library

_ABOUT: Final = "backup.json"
_KIND: Final = "learntogether-kg library"
_PARTS: Final = ("CURRENT", "tokens.json")
_FOLDERS: Final = ("releases", "custody")
_OTHERS: Final = frozenset({"LOCK", "LOG"})
"""Files that a store makes anew when it is opened."""
_PIECE: Final = 1024 * 1024
_LARGEST_ABOUT: Final = 64 * 1024 * 1024
_STORED_TWICE: Final = 200
"""A file that unpacks to more than this times its size in the archive is no part of a library."""


def write(library: Library, target: Path, progress: Callable[[], None] = lambda: None) -> int:
    """Writes a library into one file, whole or not at all.

    Args:
        library: The library; nobody may change it meanwhile.
        target: The file to write; it must not exist.
        progress: Called for each file that is done.

    Returns:
        How many files it holds.

    Raises:
        BackupError: The file exists, or cannot be written.
        LibraryBusyError: Another process is changing the library.
    """
    if target.exists():
        raise BackupError(target, "it is there already; choose another name")
    beside = target.with_name(f".{target.name}.part")
    try:
        with _held(library):
            files = list(_files(library.path))
            told = {name: {"bytes": path.stat().st_size, "sha256": _hash(path)} for name, path in files}
            about = {"kind": _KIND, "software": __version__, "files": told}
            handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as out:
                with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
                    archive.writestr(_ABOUT, json.dumps(about, indent=1))
                    for name, path in files:
                        archive.write(path, name)
                        progress()
                out.flush()
                os.fsync(out.fileno())
        beside.rename(target)
    except OSError as error:
        raise BackupError(target, f"it cannot be written: {error.strerror or error}") from error
    finally:
        beside.unlink(missing_ok=True)
    return len(files)


def restore(source: Path, target: Path, progress: Callable[[], None] = lambda: None) -> Library:
    """Makes a library again of a file that `write` made, whole or not at all.

    Args:
        source: The file.
        target: The folder to make; it must not exist, or be empty.
        progress: Called for each file that is done.

    Raises:
        BackupError: The file is no such archive, is damaged, or holds what it does not say; or the folder is in use.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise BackupError(target, "there is something here; give a folder that does not exist, nothing is overwritten")
    target.parent.mkdir(parents=True, exist_ok=True)
    following = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        with zipfile.ZipFile(source) as archive:
            told = _about(archive, source)
            for name, each in told.items():
                _unpack(archive, name, each, following, source)
                progress()
        (following / "states").mkdir(exist_ok=True)
        (following / "releases").mkdir(exist_ok=True)
        if target.exists():
            target.rmdir()
        following.rename(target)
    except (OSError, zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, RuntimeError, NotImplementedError) as error:
        raise BackupError(source, f"it cannot be read as a backup: {error}") from error
    finally:
        shutil.rmtree(following, ignore_errors=True)
    return Library.open(target)


def _about(archive: zipfile.ZipFile, source: Path) -> dict[str, dict[str, int | str]]:
    """Returns what an archive says it holds, when that is what it holds."""
    entries = archive.infolist()
    if not entries or entries[0].filename != _ABOUT or entries[0].file_size > _LARGEST_ABOUT:
        raise BackupError(source, f"it is no backup of a library: {_ABOUT} is not its first entry")
    try:
        about = json.loads(archive.read(_ABOUT))
        told: dict[str, dict[str, int | str]] = about["files"]
        known = about["kind"] == _KIND and all(
            isinstance(each["bytes"], int) and isinstance(each["sha256"], str) for each in told.values()
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupError(source, f"{_ABOUT} cannot be read: {error}") from error
    if not known:
        raise BackupError(source, f"{_ABOUT} is not that of a library")
    names = [entry.filename for entry in entries[1:]]
    if sorted(names) != sorted(told):
        raise BackupError(source, "it does not hold just the files that it says it holds")
    for entry in entries[1:]:
        _refuse_entry(entry, int(told[entry.filename]["bytes"]), source)
    return told


def _refuse_entry(entry: zipfile.ZipInfo, size: int, source: Path) -> None:
    path = PurePosixPath(entry.filename)
    inside = (
        not path.is_absolute() and ".." not in path.parts and "\\" not in entry.filename and ":" not in path.parts[0]
    )
    ours = path.parts[0] in (*_PARTS, *_FOLDERS, "states")
    mode = entry.external_attr >> 16
    plain = not entry.is_dir() and (not stat.S_IFMT(mode) or stat.S_ISREG(mode))
    if not (inside and ours and plain):
        raise BackupError(source, f"{entry.filename!r} is no file of a library; it is not unpacked")
    if entry.file_size != size or entry.file_size > _STORED_TWICE * max(entry.compress_size, 1024):
        raise BackupError(source, f"{entry.filename} would unpack to another size than it says, or to far too much")


def _unpack(archive: zipfile.ZipFile, name: str, told: dict[str, int | str], folder: Path, source: Path) -> None:
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, left = hashlib.sha256(), int(told["bytes"])
    with archive.open(name) as packed, target.open("xb") as out:
        while piece := packed.read(min(_PIECE, left + 1)):
            left -= len(piece)
            if left < 0:
                raise BackupError(source, f"{name} is longer than it says")
            digest.update(piece)
            out.write(piece)
        out.flush()
        os.fsync(out.fileno())
    if left or digest.hexdigest() != told["sha256"]:
        raise BackupError(source, f"{name} is damaged: its bytes are not those that were backed up")
    if PurePosixPath(name).parts[0] in ("custody", "tokens.json"):
        target.chmod(0o600)


def _files(library: Path) -> Iterator[tuple[str, Path]]:
    for part in _PARTS:
        if (library / part).is_file():
            yield part, library / part
    number = (library / "CURRENT").read_text(encoding="ascii").strip()
    for folder in (f"states/{number}", *_FOLDERS):
        for path in sorted((library / folder).rglob("*")):
            if path.is_file() and not path.is_symlink() and path.name.split(".")[0] not in _OTHERS:
                yield path.relative_to(library).as_posix(), path


@contextmanager
def _held(library: Library) -> Iterator[None]:
    """Keeps others from changing a library meanwhile."""
    with (library.path / "LOCK").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise LibraryBusyError(library.path) from error
        yield


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
