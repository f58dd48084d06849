"""Projects of other programs become draft reviews."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import openpyxl
import pytest
from pyrefiqda import RefiProject
from rdflib import RDF, Graph, Literal
from rdflib.compare import isomorphic

from learntogether_kg import publishing, reviews
from learntogether_kg.agreement.comparison import compare
from learntogether_kg.exchange import import_project, prepare_mapping
from learntogether_kg.ingest.files import read_file
from learntogether_kg.ingest.layout import sheets
from learntogether_kg.ingest.refi.mapping import column_of
from learntogether_kg.ingest.refi.reading import read_project
from learntogether_kg.namespaces import LT
from learntogether_kg.second_coding import read_files
from learntogether_kg.validation.report import Stage
from tests.ingest import qda_projects
from tests.ingest.mappings import ANSWERS, fill, filled, table
from tests.ingest.qda_projects import CODINGS, STYLES, USERS, guid, write
from tests.test_cli import ltkg

PROGRAMS = sorted(STYLES)

SAID = {
    # whose, what, coded as, first or further, influence: worked out by hand from CODINGS and ANSWERS
    ("Ann Example", "Forms left no room for unease.", "assessment-forms", True, "unsafe"),
    ("Ann Example", "nobody knew who would lead", "clear-roles", True, "unsafe"),
    ("Ann Example", "nobody knew who would lead", "supervision", False, "unsafe"),
    ("Ben Example", "Forms left no room for unease.", "supervision", True, "not-stated"),
    ("Ben Example", "the plan was never looked at again", "human-judgement-and-reasoning", True, "not-stated"),
}


def draft(folder: Path, program: str) -> tuple[Path, Path]:
    """Returns the mapping and the draft of a project."""
    project = write(folder, program)
    mapping = filled(project, folder / f"{program}-mapping.xlsx")
    import_project(project, folder / f"{program}.xlsx", mapping, force=True)
    return mapping, folder / f"{program}.xlsx"


def said(graph: Graph, names: dict[str, str]) -> set[tuple[str, str, str, bool, str]]:
    """Returns what coders say of passages, by the names that their codes stand for."""
    found = set()
    for node in graph.subjects(RDF.type, LT.Classification):
        item = graph.value(node, LT.classifies)
        coder = str(graph.value(graph.value(node, LT.codedBy), LT.coderCode))
        pattern, influence = graph.value(node, LT.pattern), graph.value(node, LT.influence)
        found.add(
            (
                names.get(coder, coder),
                str(graph.value(item, LT.statement)),
                str(pattern).rpartition("#")[2],
                graph.value(node, LT.primary) == Literal(True),
                str(influence).rpartition("#")[2],
            )
        )
    return found


def names(mapping: Path) -> dict[str, str]:
    return {row["coder"]: row["name"] for row in table(mapping, "Coders")}


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_synthetic_projects_are_as_the_schema_has_them(tmp_path: Path, program: str) -> None:
    # An independent reader, made from the schema, takes no element that the schema has not.
    project = RefiProject.load(write(tmp_path, program), str(tmp_path / "there"))
    assert len(project.users.user) >= len(USERS)
    assert len(project.code_book.codes.code) == 2


@pytest.mark.parametrize("program", PROGRAMS)
def test_what_every_program_writes_is_read_as_the_same_coding(tmp_path: Path, program: str) -> None:
    project = read_project(write(tmp_path, program))
    read = [
        (project.users[each.user], each.span.source, each.text, project.paths()[each.code].rpartition(" › ")[2])
        for each in project.codings
    ]
    wanted = [
        (coder, guid(source).upper(), passage, code) for coder, source, passage, codes in CODINGS for code in codes
    ]
    assert sorted(read) == sorted(wanted)
    assert set(project.users.values()) == set(USERS)


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_program_gives_the_same_review(tmp_path: Path, program: str) -> None:
    mapping, workbook = draft(tmp_path, program)
    graph = read_file(workbook).graph
    assert said(graph, names(mapping)) == SAID
    assert {str(text) for text in graph.objects(None, LT.statement)} == {one[1] for one in SAID} | {
        "The board should settle who leads."
    }
    assert len(set(graph.subjects(RDF.type, LT.Finding))) == 2  # one for the passage that two people coded
    assert len(set(graph.subjects(RDF.type, LT.ContributoryFactor))) == 1
    assert len(set(graph.subjects(RDF.type, LT.Recommendation))) == 1


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_draft_passes_the_check_for_a_draft(tmp_path: Path, program: str) -> None:
    _, workbook = draft(tmp_path, program)
    report = reviews.check(workbook, Stage.DRAFT)
    assert report.conforms, [(str(each.cell), each.message) for each in report.told()]


def test_what_a_program_writes_besides_is_counted(tmp_path: Path) -> None:
    found = {}
    for program in PROGRAMS:
        project = write(tmp_path, program)
        mapping = filled(project, tmp_path / f"{program}-mapping.xlsx")
        found[program] = import_project(project, tmp_path / f"{program}.xlsx", mapping)
    ignored = {"codings whose code is ignored": 1}
    layouts = {"layouts of texts (their words are taken)": 2}
    assert found == {
        "NVivo": ignored
        | layouts
        | {
            "cases": 1,
            "links": 1,
            "memos and notes": 1,
            "passages that were assigned to a case": 1,
            "sets and groups": 1,
            "variables": 1,
        },
        "ATLAS.ti": ignored
        | layouts
        | {
            # four passages by Ann, one of them with three codes in one selection, and two by Ben
            "maps and networks": 1,
            "memos of passages": 6,
            "sets and groups": 1,
            "users who coded no passage": 1,
        },
        "MAXQDA": ignored
        | {
            "films": 1,
            "pages of PDFs as they look (their texts are taken)": 1,
            "parts of films": 1,
            "parts of pictures": 1,
            "passages marked on a page of a PDF and not in its text": 1,
            "passages with a memo and no code": 1,
            "pictures": 1,
            "sets and groups": 1,
        },
        "QualCoder": ignored | {"cases": 1, "memos and notes": 1},
    }


def test_no_name_of_a_coder_or_a_source_enters_what_is_read_as_the_review(tmp_path: Path) -> None:
    _, workbook = draft(tmp_path, "NVivo")
    read = read_file(workbook)
    text = (read.graph + read.custody).serialize(format="nt")
    assert not [name for name in ("Ann", "Ben", "talk", "report ") if name in text]
    parts = zipfile.ZipFile(workbook)
    whole = b"".join(parts.read(name) for name in parts.namelist())
    assert b"Example" not in whole  # nor the file: their key is the mapping
    assert all(re.fullmatch(r"coder-[0-9a-f]{6}", row["coder"]) for row in table(workbook, "Coders") if row["coder"])


def test_passages_stay_in_the_file_and_no_library_ever_has_them(tmp_path: Path) -> None:
    _, workbook = draft(tmp_path, "NVivo")
    kept = table(workbook, "Notes on passages", first=2)
    assert {(row["source"], row["passage"]) for row in kept} == {
        (source, passage) for _, source, passage, codes in CODINGS if codes != ("Rubbish",)
    }
    # A reviewer puts words of their own in the place of each, and the library knows nothing of the words before.
    book = openpyxl.load_workbook(workbook)
    for sheet in ("Findings", "Factors", "Recommendations"):
        for number, row in enumerate(book[sheet].iter_rows(min_row=3, min_col=2, max_col=2)):
            if row[0].value:
                row[0].value = f"Said anew, {sheet} {number}"
    book.save(workbook)
    library = reviews.init(tmp_path / "library")
    reviews.submit(library, [workbook])
    publishing.publish(library, "first")
    files = [path for path in (tmp_path / "library").rglob("*") if path.is_file()]
    dump = tmp_path / "dump.nq"
    library.release("first").store.dump(dump)
    held = dump.read_text(encoding="utf-8") + "".join(path.read_bytes().decode("latin-1") for path in files)
    assert "Said anew" in held
    words = [passage for _, _, passage, _ in CODINGS] + [*USERS, "Notes on passages"]
    assert not [word for word in words if word in held or word.encode().decode("latin-1") in held]


def test_a_passage_that_names_somebody_is_found_at_publication(tmp_path: Path) -> None:
    parts = qda_projects.parts("QualCoder")
    text = next(name for name in parts if name.endswith(f"{guid('talk')}.txt"))
    named = "Mr Jonathan Fairweather forgot us"  # made up
    assert len(named) < len("the plan was never looked at again")
    padded = named.ljust(len("the plan was never looked at again"), ".")
    parts[text] = parts[text].replace(b"the plan was never looked at again", padded.encode())
    project = tmp_path / "p.qdpx"
    project.write_bytes(qda_projects.archive(parts))
    mapping = filled(project, tmp_path / "m.xlsx")
    import_project(project, tmp_path / "d.xlsx", mapping)
    told = {str(each.cell): each.message for each in reviews.check(tmp_path / "d.xlsx").told()}
    assert "Jonathan Fairweather" in told["Factors!B3"]


def test_a_second_run_gives_the_same_review(tmp_path: Path) -> None:
    mapping, workbook = draft(tmp_path, "ATLAS.ti")
    first, before = read_file(workbook).graph, workbook.read_bytes()
    import_project(tmp_path / "ATLAS.ti.qdpx", workbook, mapping, force=True)
    assert isomorphic(read_file(workbook).graph, first)
    assert workbook.read_bytes() == before
    (study,) = first.subjects(RDF.type, LT.Review)
    assert str(study) == next(
        row["value"] for row in table(mapping, "Draft", first=2) if row["field"].startswith("review")
    )


def test_a_mapping_keeps_its_answers_and_gets_what_is_new(tmp_path: Path) -> None:
    project = write(tmp_path, "MAXQDA")
    mapping = filled(project, tmp_path / "m.xlsx")
    before = {name: table(mapping, name) for name in ("Codes", "Coders", "Sources")}
    parts = qda_projects.parts("MAXQDA")
    parts["project.qde"] = parts["project.qde"].replace(
        b"</Codes>", f'<Code guid="{guid("New")}" isCodable="true" name="New"/></Codes>'.encode()
    )
    parts["project.qde"] = parts["project.qde"].replace(
        guid("Rubbish").upper().encode() + b'"/></Coding>', guid("New").encode() + b'"/></Coding>'
    )
    project.write_bytes(qda_projects.archive(parts))
    added = prepare_mapping(project, mapping)
    assert (added["Codes"], added["Coders"], added["Sources"], added["open"]) == (1, 0, 0, 1)
    after = {name: table(mapping, name) for name in ("Codes", "Coders", "Sources")}
    assert after["Codes"][-1]["code"] == "New"
    drop = lambda rows: [{**row, "passages": "", "coders": ""} for row in rows]  # noqa: E731
    assert drop(after["Codes"][:-1]) == drop(before["Codes"])
    assert (after["Coders"], after["Sources"]) == (before["Coders"], before["Sources"])


def test_codes_of_ours_are_known_and_names_are_only_guessed(tmp_path: Path) -> None:
    parts = qda_projects.parts("QualCoder")
    supervision = b"1C8C9076-3CAC-5FC0-9961-DA1F7176D2B6"  # see test_codebook
    parts["project.qde"] = (
        parts["project.qde"].replace(guid("Thinking").encode(), supervision).replace(b'"Roles"', b'"clear roles"')
    )
    project = tmp_path / "p.qdpx"
    project.write_bytes(qda_projects.archive(parts))
    prepare_mapping(project, tmp_path / "m.xlsx")
    rows = {row["code"].rpartition(" › ")[2]: row for row in table(tmp_path / "m.xlsx", "Codes")}
    assert (rows["Thinking"]["becomes"], rows["Thinking"]["pattern"]) == ("pattern", "T2 › Supervision")
    assert (rows["clear roles"]["becomes"], rows["clear roles"]["pattern"]) == ("", "T4 › Clear roles")
    assert "guess" in rows["clear roles"]["note"]
    assert (rows["Paper"]["becomes"], rows["Paper"]["pattern"], rows["Paper"]["note"]) == ("", "", "")
    assert (rows["Thinking"]["passages"], rows["Thinking"]["coders"]) == ("2", "2")


def test_a_project_of_several_reviews_becomes_a_draft_for_each(tmp_path: Path) -> None:
    project = write(tmp_path, "NVivo")
    mapping = filled(project, tmp_path / "m.xlsx")
    fill(mapping, "Sources", {"talk": {"take": "no"}})
    left = import_project(project, tmp_path / "d.xlsx", mapping)
    assert left["codings in sources that are not taken"] == 1
    assert {one[1] for one in said(read_file(tmp_path / "d.xlsx").graph, names(mapping))} == {
        one[1] for one in SAID
    } - {"the plan was never looked at again"}


def test_the_coders_of_a_draft_are_compared_like_all_others(tmp_path: Path) -> None:
    _, workbook = draft(tmp_path, "NVivo")
    coded = read_files([workbook])
    assert len(coded.codings) == 2
    assert compare(coded) is not None


def test_a_field_goes_to_passages_within_its_own_where_none_is_the_same(tmp_path: Path) -> None:
    parts = qda_projects.parts("QualCoder")
    text = qda_projects.REPORT
    start = text.index("nobody knew")
    wide = f'startPosition="{text.index("Supervision")}" endPosition="{text.index("The board")}"'
    narrow = f'startPosition="{start}" endPosition="{start + len("nobody knew who would lead")}"'
    lines = parts["project.qde"].decode()
    pieces = lines.split("<PlainTextSelection ")
    found = [i for i, piece in enumerate(pieces) if guid("Bad") in piece and narrow in piece]
    assert len(found) == 1
    pieces[found[0]] = pieces[found[0]].replace(narrow, wide)
    parts["project.qde"] = "<PlainTextSelection ".join(pieces).encode()
    project = tmp_path / "p.qdpx"
    project.write_bytes(qda_projects.archive(parts))
    mapping = filled(project, tmp_path / "m.xlsx")
    import_project(project, tmp_path / "d.xlsx", mapping)
    assert said(read_file(tmp_path / "d.xlsx").graph, names(mapping)) == SAID


def test_a_project_that_does_not_say_who_coded_has_one_coder(tmp_path: Path) -> None:
    parts = qda_projects.parts("QualCoder")
    description = re.sub(rb' creatingUser="[^"]*"', b"", parts["project.qde"])
    description = re.sub(rb"(?s)<Users>.*</Users>", b"", description)
    # and writes its text into the description, and identifiers in braces, as the schema allows
    description = re.sub(rb'(guid|GUID)="([^"]*)"', rb'\1="{\2}"', description)
    parts["project.qde"] = description
    project = tmp_path / "p.qdpx"
    project.write_bytes(qda_projects.archive(parts))
    mapping = filled(project, tmp_path / "m.xlsx")
    import_project(project, tmp_path / "d.xlsx", mapping)
    assert len({one[0] for one in said(read_file(tmp_path / "d.xlsx").graph, {})}) == 1


def test_every_field_that_a_code_can_become_is_a_column_of_the_workbook() -> None:
    offered = sheets("mapping")[0].by_header["field"].choices
    assert offered
    for field in offered:
        assert column_of(field).predicate is not None


def test_the_commands_say_what_they_did_and_what_is_left(tmp_path: Path) -> None:
    project, mapping, workbook = write(tmp_path, "NVivo"), tmp_path / "m.xlsx", tmp_path / "d.xlsx"
    run = ltkg("convert", project, "--mapping", mapping)
    assert (run.returncode, "7 code(s) are open" in run.stdout) == (0, True)
    run = ltkg("convert", project, workbook, "--mapping", mapping)
    assert run.returncode == 2
    assert "7 code(s) are left open: 'Themes › Paper (1 passages)'" in run.stderr
    assert not workbook.exists()
    fill(mapping, "Codes", ANSWERS)
    run = ltkg("convert", project, workbook, "--mapping", mapping)
    assert run.returncode == 0, run.stderr
    assert "1  variables" in run.stderr
    run = ltkg("convert", project, workbook, "--mapping", mapping)
    assert run.returncode == 2
    assert "--force" in run.stderr
    assert ltkg("convert", project, workbook, "--mapping", mapping, "--force").returncode == 0
    run = ltkg("convert", workbook, tmp_path / "back.qdpx")
    assert run.returncode == 0, run.stderr
    assert "Not carried over:" in run.stderr
