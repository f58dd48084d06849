"""What the README says is so."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer

from learntogether_kg.agreement.answers import overview
from learntogether_kg.agreement.comparison import compare
from learntogether_kg.cli import app
from learntogether_kg.practice.score import REVIEW
from learntogether_kg.second_coding import read_files
from tests.planting import write_clean
from tests.test_cli import ltkg

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"<!-- try -->\n```sh\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.splitlines()[0])
def test_each_example_runs(
    block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    if "--teaching" in block:
        request.getfixturevalue("teaching_copy")  # built once for all tests, since that takes most of a minute
    (tmp_path / "learntogether_kg").symlink_to(ROOT / "learntogether_kg")
    monkeypatch.chdir(tmp_path)
    for line in block.splitlines():
        command, *arguments = shlex.split(line)
        assert command == "ltkg"
        run = ltkg(*arguments)
        assert run.returncode == 0, f"{line}\n{run.stderr}"
        assert run.stdout, line


def test_a_check_says_what_the_readme_says_it_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (shown,) = re.findall(r"<!-- says -->\n```text\n(.*?)```", README, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    run = ltkg("validate", write_clean(Path("review.xlsx"), {"Findings/F1/influence": "Unsaef"}))
    assert run.returncode == 1
    assert run.stdout.strip() == shown.strip()


def test_the_agreement_that_the_readme_tells_is_that_of_the_practice_set() -> None:
    (told,) = re.findall(r"<!-- agreement -->(.*?) Agreement says", README, re.DOTALL)
    rows = {(row[0], row[1]): row for row in overview(compare(read_files([REVIEW]))).rows}
    columns = list(overview(compare(read_files([REVIEW]))).columns)
    by_type, by_sub_pattern = rows["type", "all coders"], rows["sub-pattern", "all coders"]
    figures = [by_type[columns.index(name)] for name in ("observed agreement", "Cohen's kappa", "alpha, MASI")]
    assert re.findall(r"\d\.\d\d \(.*?\)", told) == [*figures, by_sub_pattern[columns.index("Cohen's kappa")]]
    assert "13 of 20 statements" in README  # F2, F4, F8, F12, F14, F19 and F20 are under different types


def test_there_are_examples() -> None:
    assert len(BLOCKS) >= 4


def test_every_command_is_in_the_readme() -> None:
    command = typer.main.get_command(app)
    names = getattr(command, "commands")  # noqa: B009  # a group has them, its base class has not
    assert len(names) > 10
    assert [name for name in names if f"ltkg {name}" not in README] == []


def test_every_file_and_picture_it_points_to_is_there() -> None:
    targets = re.findall(r"\]\((?!http)([^)#]+)\)", README)
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []
