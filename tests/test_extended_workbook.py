"""A reviewer who codes for a library with an extension: the workbook offers its terms, and the check knows them."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from learntogether_kg import ontology, reviews
from learntogether_kg.ingest.template import write_template
from learntogether_kg.library import Library
from learntogether_kg.typology.extension import blank_extension
from tests.test_cli import ltkg
from tests.workbooks import CELLS

TERM = "T2 › Supervision › Example of a sub-pattern"
VERSION = "My typology, first version"


@pytest.fixture
def extension(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "mine.ttl"
    file.write_text(blank_extension(), encoding="utf-8")
    with ontology.extended([file]):
        monkeypatch.setenv("LTKG_VETTED", ontology.fingerprint())
    return file


@pytest.fixture
def library(extension: Path, tmp_path: Path) -> Library:
    return reviews.init(tmp_path / "library", [extension])


def offered(workbook: Path) -> set[str]:
    """Every text of the hidden lists that drop-downs take their choices from."""
    book = openpyxl.load_workbook(workbook)
    hidden = (sheet for sheet in book if sheet.sheet_state != "visible")
    return {str(cell) for sheet in hidden for row in sheet.iter_rows(values_only=True) for cell in row if cell}


def coded(file: Path, extension: Path) -> Path:
    """The synthetic workbook with a finding coded as the extension's term, under the extension's version."""
    cells = {sheet: [dict(row) for row in rows] for sheet, rows in CELLS.items()}
    cells["Coders"][0]["typology version"] = VERSION
    cells["Findings"][1]["primary pattern"] = TERM
    with ontology.extended([extension]):
        write_template(file, "full", cells)
    return file


def places(tmp_path: Path, extension: Path) -> dict[str, list[object]]:
    return {"library": ["--library", tmp_path / "library"], "extension": ["--extension", extension]}


@pytest.mark.parametrize("place", ["library", "extension"])
def test_a_workbook_offers_the_terms_and_the_version_of_an_extension(
    library: Library, extension: Path, tmp_path: Path, place: str
) -> None:
    assert library.path == tmp_path / "library"
    run = ltkg("template", tmp_path / "one.xlsx", *places(tmp_path, extension)[place])
    assert run.returncode == 0, run.stderr
    assert {TERM, VERSION} <= offered(tmp_path / "one.xlsx")
    assert ltkg("template", tmp_path / "plain.xlsx").returncode == 0
    assert not {TERM, VERSION} & offered(tmp_path / "plain.xlsx")


def test_so_does_a_second_coder_s_workbook(library: Library, extension: Path, tmp_path: Path) -> None:
    file = coded(tmp_path / "review.xlsx", extension)
    run = ltkg("template", tmp_path / "b.xlsx", "--from", file, "--coder", "C", "--library", library.path)
    assert run.returncode == 0, run.stderr
    assert {TERM, VERSION} <= offered(tmp_path / "b.xlsx")


@pytest.mark.parametrize("place", ["library", "extension"])
def test_a_check_knows_the_terms_of_an_extension(library: Library, extension: Path, tmp_path: Path, place: str) -> None:
    file = coded(tmp_path / "review.xlsx", extension)
    run = ltkg("validate", file, *places(tmp_path, extension)[place])
    assert run.returncode == 0, run.stdout + run.stderr
    without = ltkg("validate", file)
    assert (without.returncode, TERM in without.stdout) == (1, True)
    assert ltkg("submit", file, "--library", library.path).returncode == 0, "what it passed can be submitted"


def test_many_files_are_checked_with_the_terms_in_every_process(
    library: Library, extension: Path, tmp_path: Path
) -> None:
    files = [coded(tmp_path / f"review-{number}.xlsx", extension) for number in range(11)]
    run = ltkg("validate", *files, "--library", library.path)
    assert run.returncode == 0, run.stdout + run.stderr


def test_an_extension_that_is_not_ready_is_refused_here_too(tmp_path: Path) -> None:
    poor = tmp_path / "poor.ttl"
    poor.write_text("".join(line for line in blank_extension().splitlines(True) if "skos:example" not in line), "utf-8")
    run = ltkg("template", tmp_path / "one.xlsx", "--extension", poor)
    assert (run.returncode, "it needs an example" in run.stderr) == (1, True)
    assert not (tmp_path / "one.xlsx").exists()
