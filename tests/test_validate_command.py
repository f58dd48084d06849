"""`ltkg validate` as a process of its own: many files, one file that is being written, and Ctrl+C."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from learntogether_kg import pool

BASE = Path(__file__).parent / "shapes" / "base.ttl"
LTKG = [sys.executable, "-m", "learntogether_kg.cli"]
MANY = pool.FEW + 2


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    found = [tmp_path / f"review-{number:02}.ttl" for number in range(MANY)]
    for path in found:
        shutil.copy(BASE, path)
    return found


def ltkg(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*LTKG, *map(str, arguments)], capture_output=True, text=True, timeout=300, check=False)


def break_a_rule(path: Path) -> None:
    """Makes the period end before it starts, which is a violation; its episode then lies outside, which is an info."""
    text = path.read_text(encoding="utf-8")
    assert "lt:periodEndYear 2012" in text
    path.write_text(text.replace("lt:periodEndYear 2012", "lt:periodEndYear 1999"), encoding="utf-8")


def test_many_files_are_reported_in_their_order(files: list[Path]) -> None:
    break_a_rule(files[3])
    done = ltkg("validate", *files)
    told = [line for line in done.stdout.splitlines() if line and not line.startswith(" ") and "conform" in line]
    assert told == [
        f"{path} does not conform: 1 violation, 1 info" if path == files[3] else f"{path} conforms" for path in files
    ]
    assert (done.returncode, done.stderr) == (1, "")


def test_file_that_cannot_be_read_does_not_keep_the_others_from_being_checked(files: list[Path]) -> None:
    files[5].write_text("this is no Turtle", encoding="utf-8")
    break_a_rule(files[-1])
    done = ltkg("validate", *files)
    assert done.returncode == 2
    assert [
        line.split()[0] for line in done.stdout.splitlines() if line and not line.startswith(" ") and "conform" in line
    ] == [str(path) for path in files if path != files[5]]
    assert done.stderr.startswith(f"error: {files[5]}, line 1: it is not turtle")
    assert done.stderr.count("error:") == 1


def test_both_engines_can_be_chosen(files: list[Path]) -> None:
    break_a_rule(files[0])
    fast, reference = (ltkg("validate", "--engine", each, files[0]) for each in ("fast", "reference"))
    assert "ReviewShape-periodOrder" in fast.stdout
    assert (fast.stdout, fast.returncode) == (reference.stdout, reference.returncode)


def hear_interrupts() -> None:
    """Undoes that a shell without job control has its background processes ignore SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_interrupting_many_files_leaves_no_traceback(tmp_path: Path, files: list[Path]) -> None:
    process = subprocess.Popen(
        [*LTKG, "validate", *map(str, files * 30)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=hear_interrupts,  # noqa: PLW1509  # no other thread of a test holds a lock
    )
    assert process.stdout
    process.stdout.readline()
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in said


@pytest.fixture
def watched(files: list[Path]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*LTKG, "validate", "--watch", str(files[0])],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=hear_interrupts,  # noqa: PLW1509  # no other thread of a test holds a lock
    )
    yield process
    process.kill()
    process.communicate()


def next_line_with(process: subprocess.Popen[str], text: str) -> str:
    assert process.stdout
    for line in process.stdout:
        if text in line:
            return line
    raise AssertionError(f"it ended without saying {text!r}")


def test_watched_file_is_reported_on_whenever_it_is_saved(
    watched: subprocess.Popen[str], files: list[Path], tmp_path: Path
) -> None:
    file = files[0]
    next_line_with(watched, "review-00.ttl conforms")
    next_line_with(watched, "stop with Ctrl+C")

    break_a_rule(file)  # written in place
    next_line_with(watched, "ReviewShape-periodOrder")
    next_line_with(watched, "stop with Ctrl+C")

    other = tmp_path / "saved-by-rename.tmp"
    shutil.copy(BASE, other)
    other.replace(file)
    assert "error" not in next_line_with(watched, "review-00.ttl")
    next_line_with(watched, "stop with Ctrl+C")

    text = BASE.read_text(encoding="utf-8")
    file.write_text(text[: len(text) // 2], encoding="utf-8")  # and left like that
    assert next_line_with(watched, "review-00.ttl").startswith("error: ")

    file.unlink()
    assert "there is no such file" in next_line_with(watched, "error: ")
    file.write_text(text, encoding="utf-8")
    next_line_with(watched, "review-00.ttl conforms")

    watched.send_signal(signal.SIGINT)
    rest, _ = watched.communicate(timeout=60)
    assert watched.returncode == 0
    assert "Traceback" not in rest


def test_only_one_file_can_be_watched(files: list[Path]) -> None:
    done = ltkg("validate", "--watch", *files[:2])
    assert (done.returncode, done.stderr) == (2, "error: --watch follows one file; name one\n")
    missing = ltkg("validate", "--watch", "nowhere.ttl")
    assert (missing.returncode, missing.stderr) == (2, "error: nowhere.ttl: there is no such file\n")


def test_a_check_loads_nothing_that_only_statistics_or_the_reference_need() -> None:
    slow = ("numba", "scipy", "openpyxl", "altair", "pyshacl", "owlready2")
    script = f"import sys; from learntogether_kg import cli; print([name for name in {slow} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
