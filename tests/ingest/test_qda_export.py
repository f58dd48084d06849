"""A review goes to other programs as a project, and comes back."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from pyrefiqda import RefiProject
from rdflib import RDF, Graph, Literal, URIRef

from learntogether_kg import ontology
from learntogether_kg.errors import UnreadableFileError
from learntogether_kg.exchange import export_project, import_project, prepare_mapping
from learntogether_kg.ingest.files import read_file
from learntogether_kg.ingest.refi.reading import read_project
from learntogether_kg.ingest.refi.writing import write_project
from learntogether_kg.namespaces import CL, LT, TYP
from learntogether_kg.reviews import convert
from learntogether_kg.second_coding import write_blind
from tests.ingest.qda_projects import CODINGS, USERS, guid
from tests.ingest.test_qda_import import PROGRAMS, draft, said
from tests.workbooks import CELLS
from tests.workbooks import write as write_review


def back(folder: Path, project: Path) -> Graph:
    """Returns the review that a project of ours becomes with nothing answered by hand."""
    mapping = folder / "back-mapping.xlsx"
    assert prepare_mapping(project, mapping)["open"] == 0
    import_project(project, folder / "back.xlsx", mapping)
    return read_file(folder / "back.xlsx").graph


@pytest.mark.parametrize("program", PROGRAMS)
def test_coding_comes_back_with_its_codes_passages_and_coders(tmp_path: Path, program: str) -> None:
    _, workbook = draft(tmp_path, program)
    left = export_project(workbook, tmp_path / "out.qdpx")
    before, after = read_file(workbook).graph, back(tmp_path, tmp_path / "out.qdpx")
    assert said(after, {}) == said(before, {})
    for kind in (LT.Finding, LT.ContributoryFactor):
        texts = [
            {str(graph.value(n, LT.statement)) for n in graph.subjects(RDF.type, kind)} for graph in (before, after)
        ]
        assert texts[0] == texts[1] != set()
    assert left["recommendation: statement"] == 1


@pytest.mark.parametrize("program", PROGRAMS)
def test_with_its_mapping_a_project_gets_its_own_codes_and_names_back(tmp_path: Path, program: str) -> None:
    mapping, workbook = draft(tmp_path, program)
    export_project(workbook, tmp_path / "out.qdpx", mapping)
    RefiProject.load(tmp_path / "out.qdpx", str(tmp_path / "there"))
    project = read_project(tmp_path / "out.qdpx")
    names = {guid(name).upper(): name for name in ("Paper", "Roles", "Thinking", "Plans", "Bad")}
    told = {(project.users[each.user], each.text, names.get(each.code, "ours")) for each in project.codings}
    wanted = {
        (coder, passage, code) for coder, _, passage, codes in CODINGS for code in codes if code in names.values()
    }
    assert {one for one in told if one[2] != "ours"} == wanted
    assert {guid(user).upper() for user in USERS} == set(project.users)
    import_project(tmp_path / "out.qdpx", tmp_path / "again.xlsx", prepared(tmp_path / "out.qdpx", mapping))
    assert said(read_file(tmp_path / "again.xlsx").graph, {}) == said(read_file(workbook).graph, {})


def prepared(project: Path, mapping: Path) -> Path:
    """Returns the mapping with the codes of ours added, all of which are known."""
    assert prepare_mapping(project, mapping)["open"] == 0
    return mapping


@pytest.mark.parametrize("program", PROGRAMS)
def test_other_programs_can_read_what_we_write(tmp_path: Path, program: str) -> None:
    _, workbook = draft(tmp_path, program)
    export_project(workbook, tmp_path / "out.qdpx")
    project = RefiProject.load(tmp_path / "out.qdpx", str(tmp_path / "there"))
    codes: list[str] = []
    waiting = list(project.code_book.codes.code)
    while waiting:
        code = waiting.pop()
        codes.append(code.guid)
        waiting.extend(code.code)
    assert len(set(codes)) == len(codes) > len(ontology.concepts(TYP.scheme))
    users = {user.guid for user in project.users.user}
    found = set()
    for source in project.sources.text_source:
        path = RefiProject.resolve_source_path(source.plain_text_path, tmp_path / "there")
        path = path.parent.parent / "Sources" / path.name
        text = path.read_bytes().decode("utf-8")
        for selection in source.plain_text_selection:
            found.add(text[selection.start_position : selection.end_position])
            for coding in selection.coding:
                assert coding.code_ref.target_guid in codes
                assert coding.creating_user in users
    assert found == {one[1] for one in said(read_file(workbook).graph, {})}


def test_what_a_project_cannot_hold_is_counted(tmp_path: Path) -> None:
    left = export_project(write_review(tmp_path / "r.xlsx"), tmp_path / "r.qdpx")
    assert left["finding: stated as"] == len(CELLS["Findings"])
    assert left["key practice episode: description"] == len(CELLS["Episodes"])
    assert left["question to the board: statement"] == len(CELLS["Board questions"])
    coded = {row["item"] for row in CELLS["Second coding"]}
    assert left["contributory factor: not coded"] == sum(row["id"] not in coded for row in CELLS["Factors"])
    assert left["source record: title"] == 1
    assert not [name for name in left if name.startswith("classification: pattern")]


def test_nothing_that_a_review_says_is_lost_in_silence(tmp_path: Path) -> None:
    # Take any statement away that the export does not count: what comes out must then be another file.
    review = write_review(tmp_path / "r.xlsx")
    whole = read_file(review)
    # An influence is said of an item and of each of its codes: once is enough. The others follow from what is carried.
    no = Literal(False)  # of a code is said by its place behind the first
    # A coder's code is in the coder's IRI too.
    known = (LT.influence, LT.coderCode, RDF.type, LT.inReview, LT.localId, LT.earliest, LT.latest)
    coded_items = set(whole.graph.objects(None, LT.classifies))
    uncoded = {item for item in whole.graph.subjects(RDF.type, LT.ContributoryFactor) if item not in coded_items}
    assert write_project(whole)[1]["contributory factor: not coded"] == len(uncoded)  # their texts with them
    said_of_graph = [
        triple
        for triple in whole.graph
        if triple[1] not in known
        and triple[1:] != (LT.primary, no)
        and not (triple[0] in uncoded and triple[1] == LT.statement)
    ]
    file, left = write_project(whole)
    silent = []
    for triple in said_of_graph:
        graph = Graph() + whole.graph
        graph.remove(triple)
        after, left_after = write_project(replace(whole, graph=graph))
        if after == file and left_after == left:
            silent.append(triple)
    assert said_of_graph
    assert not silent


def test_influences_that_differ_by_pattern_are_counted(tmp_path: Path) -> None:
    whole = read_file(write_review(tmp_path / "r.xlsx"))
    assert not [name for name in write_project(whole)[1] if "differ by pattern" in name]
    first, second = (f"{whole.study}/F1-A-{each}" for each in ("primary", "second"))
    assert (URIRef(first), LT.influence, CL.unsafe) in whole.graph
    whole.graph.set((URIRef(second), LT.influence, CL.neutral))
    assert write_project(whole)[1]["classification: influences that differ by pattern"] == 1


def test_a_reviewers_own_words_go_beside_the_passage(tmp_path: Path) -> None:
    _, workbook = draft(tmp_path, "NVivo")
    book = openpyxl.load_workbook(workbook)
    for row in book["Factors"].iter_rows(min_row=3, max_row=3, min_col=2, max_col=2):
        row[0].value = "Plans were not reviewed"
    book.save(workbook)
    export_project(workbook, tmp_path / "out.qdpx")
    project = RefiProject.load(tmp_path / "out.qdpx", str(tmp_path / "there"))
    selections = [each for source in project.sources.text_source for each in source.plain_text_selection]
    assert [each.description for each in selections if each.description] == ["Plans were not reviewed"]
    passages = {each.text for each in read_project(tmp_path / "out.qdpx").codings}
    assert "the plan was never looked at again" in passages
    assert "Plans were not reviewed" not in passages


def test_statements_stand_for_passages_where_there_are_none(tmp_path: Path) -> None:
    _, workbook = draft(tmp_path, "NVivo")
    graph = tmp_path / "r.ttl"
    convert(workbook, graph)
    export_project(graph, tmp_path / "out.qdpx")  # triples have no passages: statements stand for them
    project = read_project(tmp_path / "out.qdpx")
    assert [source.name for source in project.sources.values()] == ["Statements of Draft review"]
    assert said(back(tmp_path, tmp_path / "out.qdpx"), {}) == said(read_file(workbook).graph, {})


def test_the_same_review_is_the_same_file(tmp_path: Path) -> None:
    _, workbook = draft(tmp_path, "MAXQDA")
    for name in ("a.qdpx", "b.qdpx"):
        export_project(workbook, tmp_path / name)
    assert (tmp_path / "a.qdpx").read_bytes() == (tmp_path / "b.qdpx").read_bytes()


def test_every_teaching_review_goes_out_and_comes_back(tmp_path: Path) -> None:
    teaching = sorted(Path(ontology.__file__).parent.glob("teaching/review-*.ttl"))[::10]
    assert len(teaching) >= 4
    for path in teaching:
        export_project(path, tmp_path / "out.qdpx")
        (tmp_path / "back-mapping.xlsx").unlink(missing_ok=True)
        (tmp_path / "back.xlsx").unlink(missing_ok=True)
        before, after = read_file(path).graph, back(tmp_path, tmp_path / "out.qdpx")
        assert coded(after) == coded(before), path


def coded(graph: Graph) -> set[tuple[str, str, str]]:
    """Returns who coded which words as what, first codes only."""
    found = set()
    for node in graph.subjects(LT.primary, Literal(True)):
        item, coder = graph.value(node, LT.classifies), graph.value(node, LT.codedBy)
        text = graph.value(item, LT.statement) or graph.value(item, LT.description)
        found.add(
            (str(graph.value(coder, LT.coderCode)), " ".join(str(text).split()), str(graph.value(node, LT.pattern)))
        )
    return found


def test_an_odd_sheet_of_passages_harms_nothing(tmp_path: Path) -> None:
    _, workbook = draft(tmp_path, "NVivo")
    book = openpyxl.load_workbook(workbook)
    for row in book["Notes on passages"].iter_rows(min_row=2):
        row[3].value = "../../etc/passwd"
    book.save(workbook)
    export_project(workbook, tmp_path / "out.qdpx")
    names = zipfile.ZipFile(io.BytesIO((tmp_path / "out.qdpx").read_bytes())).namelist()
    assert len(names) > 1
    assert not [name for name in names if ".." in name]


def test_one_coders_workbook_is_no_review_to_be_exported(tmp_path: Path) -> None:
    write_blind(write_review(tmp_path / "r.xlsx"), "C", tmp_path / "c.xlsx")
    with pytest.raises(UnreadableFileError, match="no review"):
        export_project(tmp_path / "c.xlsx", tmp_path / "c.qdpx")
    with pytest.raises(UnreadableFileError, match="cannot be written"):
        export_project(tmp_path / "r.xlsx", tmp_path / "no" / "c.qdpx")
