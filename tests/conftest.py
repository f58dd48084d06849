"""What several test modules need."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from learntogether_kg import bundles, ontology
from learntogether_kg.library import Library

os.environ.pop("COLUMNS", None)  # workers of pytest-xdist have it at 80, too narrow for a table
# Whether the ontology is consistent is for one test to say; all others build libraries with it as it stands.
os.environ["LTKG_VETTED"] = ontology.fingerprint()


@pytest.fixture(scope="session")
def vetted_ontology() -> None:
    """For tests that need an ontology known to be consistent: another test fails where this one is not."""
    if ontology.shipped_fingerprint() != ontology.fingerprint():
        pytest.skip("nobody vetted the ontology as it stands: see test_reasoning.py, or run `make vetted`")


@pytest.fixture(scope="session")
def sample_library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The library of the bundled sample, published once. Nothing may change it."""
    path = tmp_path_factory.mktemp("sample") / "library"
    bundles.build_bundled("sample", path)
    return Library.open(path)


@pytest.fixture(scope="session")
def teaching_library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The teaching library, checked and built once for all workers, since that takes some seconds; read only."""
    shared = tmp_path_factory.getbasetemp()
    shared = shared.parent if "PYTEST_XDIST_WORKER" in os.environ else shared
    with (shared / "teaching.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "teaching-built").exists():
            bundles.build_bundled("teaching", shared / "teaching")
            (shared / "teaching-built").touch()
    return Library.open(shared / "teaching")


@pytest.fixture
def teaching_copy(teaching_library: Library, tmp_path: Path) -> Path:
    """A teaching library of one's own, at ./teaching of the test's folder."""
    return shutil.copytree(teaching_library.path, tmp_path / "teaching")


@pytest.fixture
def print_measure(record_property: Callable[[str, object], None]) -> Callable[[str, list[str]], None]:
    """Returns what prints a measurement at the end of the run, whichever worker took it: a title, then lines."""
    return lambda title, lines: record_property("measure", "\n".join([f"{title}: {lines[0]}", *lines[1:]]))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints what tests have measured."""
    outcomes = ("passed", "failed")
    reports = (report for outcome in outcomes for report in terminalreporter.stats.get(outcome, ()))
    measures = sorted({str(text) for report in reports for name, text in report.user_properties if name == "measure"})
    if measures:
        terminalreporter.section("measured")
        for text in measures:
            terminalreporter.write_line(text)
