"""What the README says is so."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer

from learntogether_kg.cli import app
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
