"""How long it takes to check a review, a workbook and many files, and how much memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pyshacl
from rdflib import Graph

from learntogether_kg.ingest.draft import Draft
from learntogether_kg.ingest.files import read_file
from learntogether_kg.ingest.template import write_template
from learntogether_kg.ontology import load_shapes
from learntogether_kg.synthetic.files import write
from learntogether_kg.validation.engine import Engine, validate
from learntogether_kg.validation.report import ValidationReport
from learntogether_kg.validation.shacl import background, describing
from learntogether_kg.validation.text import format_text
from tests.benchmarks.measurement import Measurement, fastest, least_processor_time, ltkg, once, peak_memory
from tests.workbooks import CELLS

SEED = 4


def measure(quick: bool) -> Iterator[Measurement]:
    """Yields the figures that issue "Validation" promises."""
    with tempfile.TemporaryDirectory() as folder:
        path = workbook(Path(folder) / "review.xlsx", findings=2 if quick else 28)
        yield from of_one_review(path, quick)
        yield from of_one_workbook(path)
        yield from of_many_files(Path(folder), 12 if quick else 1000)
        yield from of_memory(Path(folder), (12, 24) if quick else (50, 500))


def workbook(path: Path, findings: int) -> Path:
    """Writes a synthetic review at full depth, each row of the tests' workbook as often as it takes."""
    cells = dict(CELLS)
    first = cells["Findings"][1]
    cells["Findings"] = [*CELLS["Findings"], *({**first, "id": f"F{n}"} for n in range(3, findings + 1))]
    cells["Factors"] = [
        *CELLS["Factors"],
        *(
            {"id": f"C{n}", "statement": f"Synthetic factor {n}", "influence": "Unsafe", "agency": "Police"}
            for n in range(10, 10 + findings)
        ),
    ]
    cells["Episodes"] = [
        *CELLS["Episodes"],
        *({"id": f"E{n}", "what": f"Synthetic episode {n}", "order": str(n)} for n in range(2, findings)),
    ]
    write_template(path, "full", cells=cells)
    return path


def of_one_review(path: Path, quick: bool) -> Iterator[Measurement]:
    """Parsing apart, engines warm, reports equal."""
    draft = read_file(path)
    fast, reference = check(draft, Engine.FAST), check(draft, Engine.REFERENCE)
    if set(fast.results) != set(reference.results):
        raise RuntimeError("the engines do not say the same, so there is nothing to compare")
    times = 1 if quick else 3
    as_it_comes = once(lambda: plain_pyshacl(draft.graph))
    prepared = fastest(lambda: check(draft, Engine.REFERENCE), times)
    ours = fastest(lambda: check(draft, Engine.FAST), 5 * times)
    size = f"one review of {len(draft.graph)} triples"
    yield Measurement(f"{size}, {len(fast.results)} results: pySHACL as it comes", as_it_comes, "ms")
    yield Measurement(f"{size}: pySHACL with its queries parsed once (--engine reference)", prepared, "ms")
    yield Measurement(f"{size}: pyshifty (--engine fast)", ours, "ms", at_most=60)
    busy = least_processor_time(lambda: check(draft, Engine.FAST), 5 * times)
    yield Measurement(f"{size}: the same in processor time of all threads", busy, "ms")
    yield Measurement("times faster than pySHACL as it comes", as_it_comes / ours, "×", at_least=25)
    yield Measurement("times faster than pySHACL with its queries parsed once", prepared / ours, "×")


def check(draft: Draft, engine: Engine) -> ValidationReport:
    return validate(draft.graph, draft.source_map, draft.file.name, engine=engine)


def plain_pyshacl(review: Graph) -> None:
    """Runs pySHACL as its documentation says, with nothing of ours around it."""
    data = Graph()
    for triple in (*background(), *review, *describing(review)):
        data.add(triple)
    pyshacl.validate(data, shacl_graph=load_shapes(), inference="none", inplace=True)


def of_one_workbook(path: Path) -> Iterator[Measurement]:
    """From the file to the text of the report, in a process that is warm, and in one that has yet to start."""
    yield Measurement("a workbook read", fastest(lambda: read_file(path)), "ms")
    whole = fastest(lambda: format_text(check(read_file(path), Engine.FAST)))
    yield Measurement("a workbook read, checked and reported", whole, "ms", at_most=500)
    cold = fastest(lambda: ltkg("validate", path), 3)
    yield Measurement("the same by `ltkg validate`, its start included", cold, "ms")


def of_many_files(folder: Path, number: int) -> Iterator[Measurement]:
    """As many processes as there are cores."""
    files = reviews(folder / "many", number)
    seconds = once(lambda: ltkg("validate", *files)) / 1000
    yield Measurement(f"{number} reviews by `ltkg validate`", seconds, "s", at_most=60 if number == 1000 else None)


def of_memory(folder: Path, numbers: tuple[int, int]) -> Iterator[Measurement]:
    """All processes together."""
    peaks = []
    for number in numbers:
        peak = peak_memory("validate", *reviews(folder / f"some-{number}", number))
        if peak is None:
            return
        peaks.append(peak)
        yield Measurement(f"most memory while {number} reviews are checked", peak, "MB")
    few, many = numbers
    yield Measurement(f"memory for {many} files over that for {few}", peaks[1] / peaks[0], "×", at_most=1.1)


def reviews(folder: Path, number: int) -> list[Path]:
    """Writes synthetic reviews as Turtle."""
    for _ in write(number, SEED, folder):
        pass
    return sorted(folder.glob("*.ttl"))
