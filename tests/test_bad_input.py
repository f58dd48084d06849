"""Whatever is given as a review ends in one clear line and exit 2, within five seconds and 300 MB.

One process loads the program once, as a person's shell would each time; each file is then checked in a child of its own
under limits that the system enforces, so that a file that breaks them ends its child and not the machine.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from learntogether_kg.errors import UnreadableFileError
from learntogether_kg.ingest.files import read_file
from tests.bad_files import BAD, SPECIAL, TURTLE, workbook
from tests.workbooks import write

ALL = BAD | SPECIAL
SECONDS = 5
MEGABYTES = 300

RUN = """
import json, os, resource, sys, tempfile
from learntogether_kg import cli
seconds, megabytes, *paths = sys.argv[1:]
for path in paths:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            resource.setrlimit(resource.RLIMIT_CPU, (int(seconds),) * 2)
            resource.setrlimit(resource.RLIMIT_DATA, (int(megabytes) * 2**20,) * 2)
            sys.argv = ["ltkg", "validate", path]
            try:
                cli.main()
                code = 0
            except SystemExit as stopped:
                code = stopped.code
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        _, status, used = os.wait4(child, 0)
        out.seek(0)
        err.seek(0)
        print(json.dumps({
            "path": path, "code": os.waitstatus_to_exitcode(status), "out": out.read().decode(),
            "err": err.read().decode(), "megabytes": used.ru_maxrss // 1024, "seconds": used.ru_utime + used.ru_stime,
        }), flush=True)
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What became of each file, by its name."""
    folder = tmp_path_factory.mktemp("bad")
    for name, (_, make, _) in ALL.items():
        make(folder / name)
    command = [sys.executable, "-c", RUN, str(SECONDS), str(MEGABYTES), *(str(folder / name) for name in ALL)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    found = {Path(run["path"]).name: run for run in map(json.loads, lines)}
    worst = max(found.values(), key=lambda run: run["megabytes"])
    slowest = max(found.values(), key=lambda run: run["seconds"])
    print(f"most memory {worst['megabytes']} MB ({Path(worst['path']).name}), "
          f"most time {slowest['seconds']:.1f} s ({Path(slowest['path']).name})")  # fmt: skip
    return found


@pytest.mark.parametrize("name", ALL)
def test_it_ends_in_one_clear_line_and_exit_2(runs: dict[str, dict[str, Any]], name: str) -> None:
    run = runs[name]
    assert run["code"] == 2, run
    assert run["out"] == ""
    line = run["err"].strip()
    assert len(line.splitlines()) == 1, line
    assert line.startswith("error: ")
    assert name in line
    assert len(line.replace(run["path"], "")) < 400
    assert re.search(ALL[name][2], line), line


def test_none_takes_more_than_its_memory(runs: dict[str, dict[str, Any]]) -> None:
    assert {name: run["megabytes"] for name, run in runs.items() if run["megabytes"] > MEGABYTES} == {}


def test_a_decimal_stays_as_short_as_it_was_written(tmp_path: Path) -> None:
    written = '"1E999999999"^^<http://www.w3.org/2001/XMLSchema#decimal>'
    path = tmp_path / "x.ttl"
    path.write_text(TURTLE.replace('"x"', written))
    assert "1E999999999" in {str(value) for value in read_file(path).graph.objects()}


def test_a_file_made_of_the_right_parts_is_not_refused(tmp_path: Path) -> None:
    (tmp_path / "x.xlsx").write_bytes(workbook())
    assert read_file(tmp_path / "x.xlsx")


def test_bytes_at_hand_read_as_the_file_they_came_from(tmp_path: Path) -> None:
    path = write(tmp_path / "x.xlsx")
    assert set(read_file(Path("nowhere/x.xlsx"), path.read_bytes()).graph) == set(read_file(path).graph)
    (tmp_path / "x.ttl").write_text(TURTLE)
    assert set(read_file(Path("nowhere/x.ttl"), TURTLE.encode()).graph) == set(read_file(tmp_path / "x.ttl").graph)


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    (tmp_path / "x.ttl").write_text(TURTLE, encoding="utf-8-sig")
    assert read_file(tmp_path / "x.ttl")


def test_what_is_wrong_is_never_told_over_several_lines(tmp_path: Path) -> None:
    (tmp_path / "x.ttl").write_text("<urn:a> <urn:b> 'line\nline' .")
    with pytest.raises(UnreadableFileError) as refused:
        read_file(tmp_path / "x.ttl")
    assert "\n" not in str(refused.value)
