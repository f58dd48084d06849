"""The coding table is the same from a folder, from a server and from deltas; a release holds it with its dictionary."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rdflib import RDF, Graph, Literal, URIRef

from learntogether_kg import coding_table, resources
from learntogether_kg.custody import Record
from learntogether_kg.errors import StoreUnavailableError
from learntogether_kg.library import Library
from learntogether_kg.namespaces import CL, LT, REVIEW
from learntogether_kg.recurrence.dimensions import dimensions
from learntogether_kg.store.oxigraph import OxigraphStore
from tests.stores import RdflibStore, fill, read_fixture, served

SMALL = "synthetic-small"


def rows(table: pa.Table) -> list[tuple[object, ...]]:
    return sorted(map(tuple, (row.values() for row in table.to_pylist())), key=str)


def review(token: str, year: int) -> Record:
    """A made-up review of one coded finding."""
    name = REVIEW[token]
    graph = Graph(identifier=name)
    finding, coding, coder = URIRef(f"{name}/F1"), URIRef(f"{name}/K1"), URIRef(f"{name}/coder")
    for subject, predicate, value in (
        (name, RDF.type, LT.Review),
        (name, LT.publicLabel, Literal(f"Synthetic review, {token}")),
        (name, LT.publicationYear, Literal(year)),
        (finding, RDF.type, LT.Finding),
        (finding, LT.inReview, name),
        (coding, RDF.type, LT.Classification),
        (coding, LT.inReview, name),
        (coding, LT.classifies, finding),
        (coding, LT.codedBy, coder),
        (coding, LT.pattern, CL["no-type-fits"]),
    ):
        graph.add((subject, predicate, value))
    return Record(name, graph, Graph(), f"{token}.xlsx")


def read_current(library: Library) -> pa.Table:
    return coding_table.read(library.current().path / coding_table.FOLDER)


def test_a_server_and_a_folder_give_the_same_table(teaching_library: Library, tmp_path: Path) -> None:
    release = teaching_library.release()
    graphs = {name: release.store.graph(name) for name in release.store.graph_names()[:12]}
    with served(tmp_path, graphs) as server:
        of_server = coding_table.extract(server)
    studies = [str(name) for name in graphs]
    whole = [row for row in rows(release.coding()) if row[1] in studies]
    assert rows(of_server) == whole
    assert len(whole) > 500


def test_another_engine_gives_the_same_table(tmp_path: Path) -> None:
    store, dataset = RdflibStore(), read_fixture(SMALL)
    fill(store, dataset)
    embedded = OxigraphStore.in_memory([(name, store.graph(name)) for name in store.graph_names()])
    assert rows(coding_table.extract(store)) == rows(coding_table.extract(embedded))


def test_the_table_of_a_state_is_that_of_its_triples_after_every_change(tmp_path: Path) -> None:
    library = Library.init(tmp_path / "library")
    a, b, c = (review(token, 2015) for token in ("a", "b", "c"))
    for records, withdrawn in (([a, b], []), ([c], []), ([review("b", 2016)], []), ([], [a.study]), ([a], [c.study])):
        library.commit(records, withdraw=withdrawn)
        assert rows(read_current(library)) == rows(coding_table.extract(library.current().store))
    years = {row["review"]: row["value"] for row in read_current(library).to_pylist() if row["record"] == "fact"}
    assert years == {str(a.study): "2015", str(b.study): "2016"}


def test_a_submit_adds_its_own_rows_and_leaves_the_others_alone(tmp_path: Path) -> None:
    library = Library.init(tmp_path / "library")
    library.commit([review("a", 2015)])
    before = {
        path.name: path.stat().st_ino for path in (library.current().path / coding_table.FOLDER).glob("*.parquet")
    }
    library.commit([review("b", 2015)])
    after = {path.name: path.stat().st_ino for path in (library.current().path / coding_table.FOLDER).glob("*.parquet")}
    assert before.items() <= after.items(), "the files of the state before are the very same"
    (new,) = set(after) - set(before)
    added = pq.read_table(library.current().path / coding_table.FOLDER / new)
    assert {row["review"] for row in added.to_pylist()} == {str(REVIEW["b"])}


def test_many_parts_become_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coding_table, "_MOST_PARTS", 3)
    library = Library.init(tmp_path / "library")
    for number in range(5):
        library.commit([review(f"r{number}", 2015)])
        assert rows(read_current(library)) == rows(coding_table.extract(library.current().store))
        assert len(list((library.current().path / coding_table.FOLDER).glob("*.parquet"))) <= 3


def test_a_library_that_has_no_table_yet_gets_one(tmp_path: Path) -> None:
    library = Library.init(tmp_path / "library")
    library.commit([review("a", 2015)])
    folder = library.current().path / coding_table.FOLDER
    for file in folder.iterdir():
        file.unlink()
    assert rows(library.current().coding()) == rows(coding_table.extract(library.current().store))
    library.commit([review("b", 2015)])
    assert rows(read_current(library)) == rows(coding_table.extract(library.current().store))


def test_a_table_that_another_query_made_is_made_anew(tmp_path: Path) -> None:
    library = Library.init(tmp_path / "library")
    library.commit([review("a", 2015)])
    told = library.current().path / coding_table.FOLDER / "parts.json"
    told.write_text(json.dumps({"query": "older", "parts": []}), encoding="utf-8")
    assert rows(library.current().coding()) == rows(coding_table.extract(library.current().store))


def test_a_damaged_part_is_told(tmp_path: Path) -> None:
    library = Library.init(tmp_path / "library")
    library.commit([review("a", 2015)])
    part = max((library.current().path / coding_table.FOLDER).glob("*.parquet"))
    part.unlink()
    part.write_bytes(b"no table")
    with pytest.raises(StoreUnavailableError, match="cannot be read"):
        library.current().coding()


def test_a_synthesis_is_in_no_row(teaching_library: Library) -> None:
    studies = set(map(str, teaching_library.release().studies()))
    held = set(teaching_library.release().coding()["review"].to_pylist())
    assert studies - held == {study for study in studies if "/synthesis/" in study}


def test_a_release_holds_the_table_as_one_file_with_its_dictionary(teaching_library: Library) -> None:
    release = teaching_library.release()
    folder = release.path / coding_table.FOLDER
    table = pq.read_table(folder / coding_table.RELEASED)
    assert table.column_names == list(coding_table.COLUMNS)
    assert rows(table) == rows(coding_table.extract(release.store))
    dictionary = json.loads((folder / "data-dictionary.json").read_text(encoding="utf-8"))
    assert [each["name"] for each in dictionary] == table.column_names
    assert all(each["meaning"] for each in dictionary)
    told = (folder / "data-dictionary.md").read_text(encoding="utf-8")
    assert all(f"| {name} |" in told for name in table.column_names)
    assert all(reader in told for reader in ("pandas", "R:", "Stata", "DuckDB"))


def test_a_released_table_that_was_altered_is_noticed(tmp_path: Path) -> None:
    library = Library.init(tmp_path / "library")
    library.commit([review("a", 2015)])
    release = library.publish("one")
    assert release.altered_files() == []
    with (release.path / coding_table.FOLDER / coding_table.RELEASED).open("ab") as table:
        table.write(b"!")
    assert release.altered_files() == [coding_table.RELEASED]


def test_every_fact_of_a_dimension_is_in_the_query_that_defines_the_table() -> None:
    query = (resources.folder("queries") / "internal" / "coding-table.rq").read_text(encoding="utf-8")
    for dimension in dimensions().values():
        if dimension.of in ("review", "item"):
            for fact in dimension.facts.values() or [dimension.fact]:
                assert f'"{fact}"' in query, f"no row of the coding table has the fact {fact}"
