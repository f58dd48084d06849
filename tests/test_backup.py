"""A library goes into one file and comes back byte for byte; what is no backup is refused; damage is told."""

from __future__ import annotations

import hashlib
import json
import shutil
import stat
import zipfile
from pathlib import Path

import pytest

from learntogether_kg import backup
from learntogether_kg.errors import BackupError
from learntogether_kg.library import Library
from tests.test_cli import ltkg, one_line


@pytest.fixture
def library(sample_library: Library, tmp_path: Path) -> Library:
    return Library(shutil.copytree(sample_library.path, tmp_path / "library"))


def contents(folder: Path) -> dict[str, str]:
    kept = (path for path in folder.rglob("*") if path.is_file() and path.name.split(".")[0] not in ("LOCK", "LOG"))
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in kept}


def archive(path: Path, files: dict[str, bytes], entries: dict[str, bytes] | None = None) -> Path:
    told = {name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in files.items()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("backup.json", json.dumps({"kind": "learntogether-kg library", "files": told}))
        for name, data in (entries if entries is not None else files).items():
            made.writestr(name, data)
    return path


def test_a_library_comes_back_byte_for_byte_and_is_whole(library: Library, tmp_path: Path) -> None:
    before, file = contents(library.path), tmp_path / "kept.zip"
    assert ltkg("backup", file, "--library", library.path).returncode == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    back = ltkg("restore", file, "--library", tmp_path / "back")
    assert back.returncode == 0, back.stderr
    assert contents(tmp_path / "back") == before
    assert any(name.startswith("custody/") for name in before)
    checked = ltkg("verify", "--library", tmp_path / "back")
    assert (checked.returncode, checked.stdout.count("whole")) == (0, 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["back", "kept.zip", "library"]


def test_nothing_is_overwritten(library: Library, tmp_path: Path) -> None:
    (file := tmp_path / "kept.zip").write_text("mine")
    refused = ltkg("backup", file, "--library", library.path)
    assert (refused.returncode, file.read_text(), one_line(refused.stderr)) == (3, "mine", True)
    backup.write(library, good := tmp_path / "good.zip")
    before = contents(library.path)
    again = ltkg("restore", good, "--library", library.path)
    assert (again.returncode, "nothing is overwritten" in again.stderr) == (3, True)
    assert contents(library.path) == before


BAD = b"bytes"


@pytest.mark.parametrize(
    "name", ["../outside", "/etc/outside", "releases/../../outside", "C:/outside", "elsewhere/file", "states\\..\\x"]
)
def test_a_path_that_leads_out_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="no file of a library"):
        backup.restore(archive(tmp_path / "bad.zip", {"CURRENT": b"1\n", name: BAD}), tmp_path / "inner" / "back")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["bad.zip", "inner"]


def test_a_link_a_bomb_a_changed_a_missing_and_a_further_file_are_refused(library: Library, tmp_path: Path) -> None:
    zeros = b"\0" * 20_000_000
    link = zipfile.ZipInfo("states/1/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    linked = tmp_path / "link.zip"
    with zipfile.ZipFile(linked, "w") as made:
        told = {"states/1/link": {"bytes": 4, "sha256": hashlib.sha256(b"/etc").hexdigest()}}
        made.writestr("backup.json", json.dumps({"kind": "learntogether-kg library", "files": told}))
        made.writestr(link, b"/etc")
    bad = [
        linked,
        archive(tmp_path / "bomb.zip", {"CURRENT": b"1\n", "states/1/x": zeros}),
        archive(tmp_path / "changed.zip", {"CURRENT": b"1\n"}, {"CURRENT": b"2\n"}),
        archive(tmp_path / "missing.zip", {"CURRENT": b"1\n", "tokens.json": BAD}, {"CURRENT": b"1\n"}),
        archive(tmp_path / "further.zip", {"CURRENT": b"1\n"}, {"CURRENT": b"1\n", "tokens.json": BAD}),
    ]
    backup.write(library, whole := tmp_path / "whole.zip")
    (cut := tmp_path / "cut.zip").write_bytes(whole.read_bytes()[:-5000])
    (other := tmp_path / "other.zip").write_bytes(b"no archive")
    for file in (*bad, cut, other, tmp_path / "none.zip"):
        run = ltkg("restore", file, "--library", tmp_path / "back")
        assert (run.returncode, one_line(run.stderr)) == (3, True), (file, run)
        assert not (tmp_path / "back").exists()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_damaged_release_is_named_and_the_rest_is_looked_at(library: Library) -> None:
    release = library.release()
    victim = release.path / "coding" / "coding-table.parquet"
    victim.write_bytes(victim.read_bytes()[:-1])
    run = ltkg("verify", "--library", library.path)
    assert run.returncode == 3
    assert f"release {release.path.name}: not as published: coding-table.parquet" in run.stdout
    assert "state" in run.stdout
    assert "whole" in run.stdout


def test_a_library_that_is_being_changed_is_not_backed_up(library: Library, tmp_path: Path) -> None:
    with library.change():
        run = ltkg("backup", tmp_path / "kept.zip", "--library", library.path)
    assert (run.returncode, "another process" in run.stderr) == (3, True)
    assert not (tmp_path / "kept.zip").exists()
