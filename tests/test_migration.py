"""A newer version of the typology: what it touches in the teaching library, and recoding by a named person.

``typology/moved.ttl`` moves one sub-pattern, supervision, from the second type to the first. What must follow is worked
out here from the teaching library's files by sets, without the program.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import openpyxl
import pytest
from rdflib import RDF, SKOS, Graph, Literal, URIRef

from learntogether_kg import bundles, ontology
from learntogether_kg.library import Library
from learntogether_kg.namespaces import CODER, LT, TYP
from learntogether_kg.typology.extension import blank_extension
from tests.test_cli import ltkg

MOVED = Path(__file__).parent / "typology" / "moved.ttl"
AFTER = URIRef("https://example.org/moved#supervision")
VERSION = URIRef("https://example.org/moved#version-2")
T1, T2 = TYP["human-tool-operation"], TYP["human-management-system-operation"]


@cache
def codings() -> tuple[tuple[str, str, str, URIRef, bool], ...]:
    """Every classification of the teaching reviews: review, classification, coder, pattern, primary."""
    found = []
    for file in bundles.bundled_files("teaching"):
        graph = Graph().parse(file)
        for node in graph.subjects(RDF.type, LT.Classification):
            review, pattern = graph.value(node, LT.inReview), graph.value(node, LT.pattern)
            coder = str(graph.value(graph.value(node, LT.codedBy), LT.coderCode))
            if review is not None and isinstance(pattern, URIRef):
                primary = bool(graph.value(node, LT.primary).toPython())
                found.append((str(review), str(node), coder, pattern, primary))
    return tuple(found)


def counted(move: bool) -> dict[URIRef, int]:
    """Reviews with a primary agreed code under each of the two types, with supervision under the one or the other."""
    model = ontology.load_ontology()
    found: dict[URIRef, set[str]] = {T1: set(), T2: set()}
    for review, _, coder, pattern, primary in codings():
        if primary and coder == "teaching-agreed":
            moves = move and pattern == TYP.supervision
            kinds = {T1} if moves else {pattern, *model.objects(pattern, SKOS.broader)}
            for kind in kinds & {T1, T2}:
                found[kind].add(review)
    return {kind: len(names) for kind, names in found.items()}


@pytest.fixture(autouse=True)
def vetted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reasoner is asked about this extension by one test only."""
    with ontology.extended([MOVED.resolve()]):
        monkeypatch.setenv("LTKG_VETTED", ontology.fingerprint())


def impact(library: Path) -> dict:
    run = ltkg("typology", "impact", MOVED, "--library", library, "--format", "json")
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def figures(library: Path, *by: str) -> dict[tuple[str, ...], int]:
    options = [option for name in by for option in ("--by", name)]
    run = ltkg("recur", *options, "--library", library, "--format", "json")
    assert run.returncode == 0, run.stderr
    rows = json.loads(run.stdout)["rows"]
    return {tuple(key(row[name]) for name in by): row["reviews"] for row in rows}


def key(value: object) -> str:
    """As an impact gives it: by IRI, and "Not known" by its key."""
    return str(value["iri"]) if isinstance(value, dict) and value.get("iri") else "not-known"


def fill(file: Path, decide: Callable[[int], str], coder: str = "human-9", date: str = "2026-11-25") -> int:
    """Decides rows of a queue; returns how many there are."""
    book = openpyxl.load_workbook(file)
    book["Queue"]["B4"], book["Queue"]["B5"] = coder, date
    page = book["Recoding"]
    headers = [cell.value for cell in page[1]]
    rows = range(3, page.max_row + 1)
    for number, row in enumerate(rows):
        if text := decide(number):
            page.cell(row, headers.index("decision") + 1, text)
    book.save(file)
    return len(rows)


def make_queue(library: Path, folder: Path) -> list[Path]:
    run = ltkg("typology", "queue", MOVED, folder, "--library", library)
    assert run.returncode == 0, run.stderr
    return sorted(folder.glob("*.xlsx"))


def submit(library: Path, *files: Path):
    return ltkg("submit", *files, "--library", library, "--extension", MOVED)


def publish(library: Path, name: str) -> Path:
    assert ltkg("publish", name, "--library", library).returncode == 0
    return library


def test_moving_one_sub_pattern_lists_exactly_the_reviews_that_use_it(teaching_library: Library) -> None:
    found = impact(teaching_library.path)
    using = [(review, node) for review, node, _, pattern, _ in codings() if pattern == TYP.supervision]
    assert len(using) > 20
    assert {(each["review"], each["iri"]) for each in found["classifications"]} == set(using)
    assert {each["iri"] for each in found["reviews"]} == {review for review, _ in using}
    assert all(each["mechanical"] and each["candidates"] == [str(AFTER)] for each in found["classifications"])


def test_it_says_what_the_types_will_count(teaching_library: Library) -> None:
    (table,) = [
        each for each in impact(teaching_library.path)["tables"] if each["by"] == ["type"] and not each["pairs"]
    ]
    told = {row["keys"][0]: (row["reviews"]["before"], row["reviews"]["after"]) for row in table["rows"]}
    before, after = counted(move=False), counted(move=True)
    assert before != after
    assert told == {str(kind): (before[kind], after[kind]) for kind in (T1, T2)}


def test_it_says_of_which_pattern_a_share_can_no_longer_be_told(teaching_library: Library) -> None:
    """Who looked for the old one and did not find it has said nothing of the new one."""
    found = {
        review for review, _, coder, each, _ in codings() if coder == "teaching-agreed" and each == TYP.supervision
    }
    asked = ltkg("recur", "--by", "pattern", "--library", teaching_library.path, "--format", "json")
    (row,) = (row for row in json.loads(asked.stdout)["rows"] if row["pattern"]["iri"] == str(TYP.supervision))
    assert row["looked"] > len(found)
    told = ltkg("typology", "impact", MOVED, "--library", teaching_library.path).stdout
    assert f"T2 › Supervision was looked for in {row['looked']} review(s)" in told
    assert f"that will be known of {len(found)}: the counts can be compared, a share cannot" in told


def test_it_changes_nothing(teaching_copy: Path, tmp_path: Path) -> None:
    before = Library.open(teaching_copy).current().manifest
    impact(teaching_copy)
    make_queue(teaching_copy, tmp_path / "queue")
    assert Library.open(teaching_copy).current().manifest == before


def test_applying_the_queue_makes_the_counts_what_it_predicted(teaching_copy: Path, tmp_path: Path) -> None:
    """As the command line tells it of a release; ``test_migration_counts.py`` holds every table to it."""
    predicted = impact(teaching_copy)
    tables = {tuple(table["by"]): table["rows"] for table in predicted["tables"] if not table["pairs"]}
    crossed = [by for by in tables if by in {("type",), ("pattern",), ("type", "harm"), ("pattern", "influence")}]
    assert len(crossed) == 4
    was = {by: figures(teaching_copy, *by) for by in crossed}
    files = make_queue(teaching_copy, tmp_path / "queue")
    assert len(files) == len(predicted["reviews"])
    for file in files:
        fill(file, lambda _: "as proposed")
    run = submit(teaching_copy, *files)
    assert run.returncode == 0, run.stderr
    publish(teaching_copy, "recoded")
    for by in crossed:
        expected = was[by] | {tuple(row["keys"]): row["reviews"]["after"] for row in tables[by]}
        now = figures(teaching_copy, *by)
        assert {key: value for key, value in now.items() if value} == {k: v for k, v in expected.items() if v}, by
    assert impact(teaching_copy)["classifications"] == []


def test_what_was_recoded_tells_from_what_by_whom_and_when(teaching_copy: Path, tmp_path: Path) -> None:
    file = make_queue(teaching_copy, tmp_path / "queue")[0]
    rows = fill(file, lambda number: "as proposed" if number == 0 else "")
    assert rows > 1
    before = Library.open(teaching_copy).release().manifest
    assert submit(teaching_copy, file).returncode == 0
    library = Library.open(teaching_copy)
    book = openpyxl.load_workbook(file)
    graph = library.current().store.graph(URIRef(book["Queue"]["B2"].value))
    (node,) = graph.subjects(LT.recodedFrom)
    earlier = URIRef(str(node).partition("--")[0])
    assert str(earlier) in {made for _, made, _, pattern, _ in codings() if pattern == TYP.supervision}
    assert (earlier, None, None) not in graph
    names = ("recodedFrom", "recodedFromVersion", "recodedFromDate", "pattern", "recodedBy")
    stated = library.release().store.graph(graph.identifier).value(earlier, LT.dateAsStated)
    assert stated is not None
    assert {name: graph.value(node, LT[name]) for name in names} == {
        "recodedFrom": TYP.supervision,
        "recodedFromVersion": TYP["version-2008"],
        "recodedFromDate": stated,
        "pattern": AFTER,
        "recodedBy": CODER["human-9"],
    }
    assert graph.value(node, LT.underTypology) == VERSION
    assert graph.value(node, LT.dateAsStated) == Literal("2026-11-25")
    assert graph.value(node, LT.codedBy) in {CODER[f"teaching-{each}"] for each in ("a", "b", "agreed")}
    assert library.release().manifest == before, "the release still has the earlier coding"
    assert (earlier, LT.pattern, TYP.supervision) in library.release().store.graph(URIRef(book["Queue"]["B2"].value))


def test_it_can_be_stopped_and_resumed(teaching_copy: Path, tmp_path: Path) -> None:
    """A partly filled queue submits what is decided; made again it holds the rest; the first may be submitted again."""
    total = len(impact(teaching_copy)["classifications"])
    first = make_queue(teaching_copy, tmp_path / "first")[0]
    rows = fill(first, lambda number: "as proposed" if number % 2 else "")
    assert submit(teaching_copy, first).returncode == 0
    rest = make_queue(teaching_copy, tmp_path / "rest")
    left = sum(fill(file, lambda _: "") for file in rest)
    assert left == total - rows // 2
    state = Library.open(teaching_copy).current().manifest.state
    again = submit(teaching_copy, first)
    assert (again.returncode, Library.open(teaching_copy).current().manifest.state) == (0, state)
    for file in rest:
        fill(file, lambda _: "as proposed")
    assert submit(teaching_copy, *rest).returncode == 0
    assert make_queue(teaching_copy, tmp_path / "none") == []


def test_a_library_keeps_its_extension(teaching_copy: Path, tmp_path: Path) -> None:
    file = make_queue(teaching_copy, tmp_path / "queue")[0]
    fill(file, lambda _: "as proposed")
    assert submit(teaching_copy, file).returncode == 0
    assert ltkg("withdraw", "Synthetic review 40", "--reason", "trial", "--library", teaching_copy).returncode == 0
    current = Library.open(publish(teaching_copy, "later")).release()
    assert [each.read_bytes() for each in current.extensions()] == [MOVED.read_bytes()]
    assert current.altered_files() == []
    assert (AFTER, RDF.type, LT.Pattern) in current.store.graph(URIRef("https://w3id.org/learntogether/ontology"))
    assert ontology.extensions_in_use() == ()


@pytest.mark.parametrize(
    ("decision", "coder", "date", "said"),
    [
        (
            "T2 › Supervision",
            "human-9",
            "2026-11-25",
            "Recoding!I3: 'T2 › Supervision' is no pattern of Made-up second",
        ),
        ("nonsense", "human-9", "2026-11-25", "Recoding!I3: 'nonsense' is no pattern"),
        ("as proposed", "", "2026-11-25", "Queue!B4: decisions need the code of the person"),
        ("as proposed", "human-9", "last spring", "Queue!B5: decisions need a date"),
    ],
)
def test_a_queue_that_is_filled_wrongly_is_refused_with_its_cell(
    teaching_copy: Path, tmp_path: Path, decision: str, coder: str, date: str, said: str
) -> None:
    before = Library.open(teaching_copy).current().manifest
    file = make_queue(teaching_copy, tmp_path / "queue")[0]
    fill(file, lambda number: decision if number == 0 else "", coder, date)
    run = submit(teaching_copy, file)
    assert (run.returncode, run.stderr.count("\n")) == (2, 1)
    assert said in run.stderr
    assert Library.open(teaching_copy).current().manifest == before


def test_without_its_extension_a_queue_is_refused(teaching_copy: Path, tmp_path: Path) -> None:
    file = make_queue(teaching_copy, tmp_path / "queue")[0]
    fill(file, lambda _: "as proposed")
    run = ltkg("submit", file, "--library", teaching_copy)
    assert (run.returncode, "add --extension" in run.stderr) == (2, True)


def test_the_first_file_of_a_review_does_not_undo_its_recoding(teaching_copy: Path, tmp_path: Path) -> None:
    file = make_queue(teaching_copy, tmp_path / "queue")[0]
    fill(file, lambda _: "as proposed")
    assert submit(teaching_copy, file).returncode == 0
    review = openpyxl.load_workbook(file)["Queue"]["B2"].value
    (source,) = [each for each in bundles.bundled_files("teaching") if review.rpartition("/")[2] in each.read_text()]
    run = ltkg("submit", source, "--library", teaching_copy)
    assert (run.returncode, "would undo that" in run.stderr) == (2, True)


BROKEN = {
    "shadows": (":supervision skos:prefLabel", "typ:supervision skos:prefLabel", "it restates <"),
    "cycles": ("skos:broader typ:human-tool-operation", "skos:broader :supervision", "stands above itself"),
    "dangles": ("skos:broader typ:human-tool-operation", "skos:broader :nowhere", "which no file describes"),
    "replaced by nothing": ("isReplacedBy :supervision", "isReplacedBy :nowhere", "which no file describes"),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_an_extension_that_does_not_fit_is_refused_and_nothing_is_stored(tmp_path: Path, broken: str) -> None:
    old, new, said = BROKEN[broken]
    text = MOVED.read_text(encoding="utf-8").replace(
        ":supervision a lt:Pattern, skos:Concept ;\n    skos", ":supervision skos"
    )
    text = text.replace(
        ":supervision skos:prefLabel", ":supervision a lt:Pattern, skos:Concept . :supervision skos:prefLabel"
    )
    assert old in text
    file = tmp_path / "broken.ttl"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    for command in (["init", "--extension", file], ["typology", "check", file]):
        run = ltkg(*command, *(["--library", tmp_path / "library"] if command[0] == "init" else []))
        assert run.returncode == 2, run.stdout
        assert said in run.stderr
        assert run.stderr.count("\n") == 1
    assert not (tmp_path / "library").exists()


@pytest.mark.parametrize("form", ["table", "html", "xlsx"])
def test_an_impact_is_told_in_every_form(teaching_library: Library, tmp_path: Path, form: str) -> None:
    out = tmp_path / f"impact.{form}"
    run = ltkg("typology", "impact", MOVED, "--library", teaching_library.path, "--format", form, "--out", out)
    assert run.returncode == 0, run.stderr
    if form == "xlsx":
        book = openpyxl.load_workbook(out)
        found = {row[0].value for row in book["To be confirmed"].iter_rows(min_row=2)}
    else:
        text = out.read_text(encoding="utf-8")
        found = {f"Synthetic review {number:02}" for number in range(1, 41) if f"Synthetic review {number:02}" in text}
    labels = {each["label"] for each in impact(teaching_library.path)["reviews"]}
    assert found == labels


def test_a_new_extension_is_one_that_can_be_used(tmp_path: Path) -> None:
    file = tmp_path / "mine.ttl"
    assert ltkg("typology", "new", file).returncode == 0
    run = ltkg("typology", "check", file)
    assert run.returncode == 0, run.stderr
    told = json.loads(ltkg("typology", "diff", "version-2008", file, "--format", "json").stdout)["changes"]
    assert [(each["kinds"], each["new"][0]["label"]) for each in told] == [(["added"], "Example of a sub-pattern")]
    assert "Example of a sub-pattern" in ltkg("typology", "list", file).stdout
    assert ltkg("typology", "new", file).returncode == 2


def test_what_is_known_is_listed() -> None:
    assert {line.split("  ")[0] for line in ltkg("typology", "list").stdout.splitlines()} == {
        "Typology of 2008",
        "Later wording of the six types (provisional)",
        "Factors influencing clinical practice",
    }


def test_a_library_takes_no_extension_with_a_queue_that_would_not_pass_the_check(
    teaching_copy: Path, tmp_path: Path
) -> None:
    file = make_queue(teaching_copy, tmp_path / "queue")[0]
    lines = MOVED.read_text(encoding="utf-8").splitlines(keepends=True)
    poor = tmp_path / "poor.ttl"
    poor.write_text("".join(line for line in lines if "skos:example" not in line), encoding="utf-8")
    before = Library.open(teaching_copy).current().manifest
    run = ltkg("submit", file, "--library", teaching_copy, "--extension", poor)
    assert run.returncode == 1
    assert f"<{AFTER}>: it needs an example" in run.stderr
    assert Library.open(teaching_copy).current().manifest == before


def test_a_draft_of_one_s_own_may_move_in_place(tmp_path: Path) -> None:
    """Two editions of one extension: its sub-pattern goes from under supervision to the first type."""
    first, second, library = tmp_path / "first.ttl", tmp_path / "second.ttl", tmp_path / "library"
    first.write_text(blank_extension(), encoding="utf-8")
    later = blank_extension().replace("skos:broader typ:supervision", "skos:broader typ:human-tool-operation")
    later = later.replace(
        ":example a lt:Pattern",
        ':version-2 a lt:TypologyVersion ; rdfs:label "Second"@en ; dct:replaces :version-1 .\n:example a lt:Pattern',
    )
    second.write_text(later, encoding="utf-8")
    source = next(file for file in bundles.bundled_files("teaching") if "typ:supervision ;" in file.read_text("utf-8"))
    coded = source.read_text(encoding="utf-8").replace(
        "typ:supervision ;", "<https://example.org/my-typology#example> ;"
    )
    coded = coded.replace(
        "lt:underTypology typ:version-2008", "lt:underTypology <https://example.org/my-typology#version-1>"
    )
    (tmp_path / "review.ttl").write_text(coded, encoding="utf-8")
    assert ltkg("init", "--library", library, "--extension", first).returncode == 0
    run = ltkg("submit", tmp_path / "review.ttl", "--library", library)
    assert run.returncode == 0, run.stdout + run.stderr
    told = ltkg("typology", "diff", first, second, "--format", "json").stdout
    assert [each["kinds"] for each in json.loads(told)["changes"]] == [["moved"]]
    run = ltkg("typology", "impact", second, "--library", library, "--format", "json")
    found = json.loads(run.stdout)
    assert len(found["classifications"]) == coded.count("lt:pattern <https://example.org/my-typology#example>")
    assert {tuple(each["kinds"]) for each in found["classifications"]} == {("moved",)}
    assert ltkg("typology", "queue", second, tmp_path / "queue", "--library", library).returncode == 0
    (file,) = (tmp_path / "queue").glob("*.xlsx")
    fill(file, lambda _: "as proposed")
    run = ltkg("submit", file, "--library", library, "--extension", second)
    assert run.returncode == 0, run.stdout + run.stderr
    assert publish(library, "moved")
    (table,) = [each for each in found["tables"] if each["by"] == ["type"] and not each["pairs"]]
    now = figures(library, "type")
    assert {row["keys"][0]: now[tuple(row["keys"])] for row in table["rows"]} == {
        row["keys"][0]: row["reviews"]["after"] for row in table["rows"]
    }


def test_a_version_that_names_no_successor_has_no_queue(teaching_library: Library, tmp_path: Path) -> None:
    run = ltkg("typology", "queue", "later-wording", tmp_path / "queue", "--library", teaching_library.path)
    assert (run.returncode, "declares no later lt:TypologyVersion" in run.stderr) == (2, True)
    assert not (tmp_path / "queue").exists()
