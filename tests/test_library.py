"""A library keeps what was acknowledged, whole, and nothing else."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from rdflib import RDF, Graph, Literal, URIRef

from learntogether_kg.custody import Record, custody_graph
from learntogether_kg.errors import (
    DuplicateReviewError,
    LibraryBusyError,
    LibraryError,
    LibraryMissingError,
    ReleaseExistsError,
    StoreUnavailableError,
    UnknownReleaseError,
)
from learntogether_kg.library import Library
from learntogether_kg.namespaces import CATALOGUE, DCT, LT, ONTOLOGY_GRAPH, REVIEW


def record(token: str, label: str = "Synthetic review", **source: str) -> Record:
    """A synthetic review of one triple or two, with a source record."""
    study = REVIEW[token]
    graph, about = Graph(), Graph()
    graph.add((study, RDF.type, LT.Review))
    graph.add((study, LT.publicLabel, Literal(label)))
    for name, value in source.items():
        about.add((URIRef(f"{study}/source"), DCT[name], Literal(value)))
    return Record(study, graph, custody_graph(study, about, "{}"), f"{token}.xlsx")


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library.init(tmp_path / "library")


def files_below(path: Path) -> list[Path]:
    return [file for file in path.rglob("*") if file.is_file()]


def test_a_new_library_holds_the_ontology_and_no_review(library: Library) -> None:
    state = library.current()
    assert state.manifest.state == 1
    assert state.studies() == []
    assert state.store.graph_names() == [CATALOGUE, ONTOLOGY_GRAPH]
    assert state.is_whole()


def test_init_a_second_time_changes_nothing(library: Library) -> None:
    library.commit([record("a")])
    assert Library.init(library.path).current().studies() == [REVIEW["a"]]


def test_init_refuses_a_folder_that_holds_something_else(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear all")
    with pytest.raises(LibraryError, match="something else"):
        Library.init(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_folder_without_a_library_is_named(tmp_path: Path) -> None:
    with pytest.raises(LibraryMissingError, match="ltkg init"):
        Library.open(tmp_path)


def test_a_commit_adds_replaces_and_leaves_alone(library: Library) -> None:
    first = library.commit([record("a"), record("b")])
    assert (first.added, first.replaced, first.unchanged) == ((REVIEW["a"], REVIEW["b"]), (), ())
    second = library.commit([record("a", "Another label"), record("b"), record("c")])
    assert (second.added, second.replaced, second.unchanged) == ((REVIEW["c"],), (REVIEW["a"],), (REVIEW["b"],))
    graph = library.current().store.graph(REVIEW["a"])
    assert set(graph.objects(REVIEW["a"], LT.publicLabel)) == {Literal("Another label")}


def test_committing_the_same_twice_makes_no_state(library: Library) -> None:
    first = library.commit([record("a", title="One")])
    again = library.commit([record("a", title="One")])
    assert again.state == first.state
    assert again.unchanged == (REVIEW["a"],)


def test_a_corrected_source_record_is_kept_though_the_review_is_the_same(library: Library) -> None:
    library.commit([record("a", title="One", publisher="P")])
    assert library.commit([record("a", title="Two", publisher="P")]).replaced == (REVIEW["a"],)
    library.commit([record("b", title="One", publisher="P")])
    with pytest.raises(DuplicateReviewError):
        library.commit([record("c", title="Two", publisher="P")])


def test_only_the_newest_state_is_kept(library: Library) -> None:
    for token in "abc":
        library.commit([record(token)])
    assert [path.name for path in (library.path / "states").iterdir()] == ["4"]


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ({"identifier": "NC-1"}, {"identifier": "nc-1"}, "identifier"),
        (
            {"publisher": "A Board", "title": "A Title"},
            {"publisher": "a  board", "title": "a title"},
            "publisher and title",
        ),
    ],
)
def test_one_report_under_two_ids_is_refused(
    library: Library, first: dict[str, str], second: dict[str, str], same: str
) -> None:
    library.commit([record("a", **first)])
    with pytest.raises(DuplicateReviewError, match=same) as refused:
        library.commit([record("b", **second)])
    assert refused.value.other == REVIEW["a"]
    assert library.current().studies() == [REVIEW["a"]]
    with pytest.raises(DuplicateReviewError):
        library.commit([record("x", identifier="new"), record("y", identifier="new")])


def test_two_boards_may_use_one_title(library: Library) -> None:
    library.commit([record("a", publisher="One", title="Child E"), record("b", publisher="Two", title="Child E")])
    assert len(library.current().studies()) == 2


def test_a_withdrawn_review_is_in_no_later_state_and_may_come_back(library: Library) -> None:
    library.commit([record("a", identifier="1"), record("b")])
    before = library.publish("before")
    library.commit([], withdraw=[REVIEW["a"]], note="asked for")
    assert library.current().studies() == [REVIEW["b"]]
    assert library.publish("after").studies() == [REVIEW["b"]]
    assert before.studies() == [REVIEW["a"], REVIEW["b"]]
    assert library.commit([record("a", identifier="1")]).added == (REVIEW["a"],)


def test_a_release_never_changes(library: Library) -> None:
    library.commit([record("a")])
    release = library.publish("first")
    library.commit([record("b")])
    assert library.release("first").studies() == [REVIEW["a"]]
    assert release.altered_files() == []
    with pytest.raises(ReleaseExistsError):
        library.publish("first")


def test_a_damaged_release_is_told(library: Library) -> None:
    library.commit([record("a")])
    release = library.publish("first")
    victim = release.path / "store" / next(iter(release.manifest.files))
    victim.unlink()  # a hard link: writing into it would damage the state too
    victim.write_bytes(b"x")
    assert release.altered_files() == [victim.name]


def test_publishing_an_unchanged_state_gives_the_release_there_is(library: Library) -> None:
    library.commit([record("a")])
    first = library.publish()
    assert library.publish().manifest.release == first.manifest.release
    library.commit([record("b")])
    assert library.publish().manifest.release == f"{first.manifest.release}-2"
    assert [release.manifest.studies for release in library.releases()] == [1, 2]


@pytest.mark.parametrize("name", ["../out", "a/b", "", ".hidden", "a b", "x" * 65])
def test_a_release_cannot_be_named_out_of_its_folder(library: Library, name: str) -> None:
    with pytest.raises(LibraryError, match="no name"):
        library.publish(name)


def test_an_unknown_release_is_named_with_those_there_are(library: Library) -> None:
    with pytest.raises(UnknownReleaseError, match="ltkg publish"):
        library.release()
    library.publish("one")
    with pytest.raises(UnknownReleaseError, match="it has one"):
        library.release("two")


def test_a_second_writer_is_turned_away(library: Library) -> None:
    with library.change(), pytest.raises(LibraryBusyError):
        library.commit([record("a")])


def test_a_broken_current_file_is_told_in_one_sentence(library: Library) -> None:
    (library.path / "CURRENT").write_text("?")
    with pytest.raises(StoreUnavailableError, match="CURRENT"):
        library.current()


def test_custody_is_in_no_state_and_no_release(library: Library) -> None:
    library.commit([record("a", title="Unmistakeable-Title", publisher="Unmistakeable-Board")])
    library.publish("first")
    for part in ("states", "releases"):
        assert not [file for file in files_below(library.path / part) if b"Unmistakeable" in file.read_bytes()]
    dump = library.path / "dump.nq"
    library.release("first").store.dump(dump)
    assert b"Unmistakeable" not in dump.read_bytes()


def test_custody_can_be_entered_by_its_owner_alone(library: Library) -> None:
    library.commit([record("a")])
    assert (library.path / "custody").stat().st_mode & 0o077 == 0


KILLED = """
import os, signal, sys
from pathlib import Path
from learntogether_kg import library as module
from learntogether_kg.library import Library
from tests.test_library import record

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

target, name = sys.argv[2].rsplit(".", 1)
owner = module
for part in filter(None, target.split(".")):
    owner = getattr(owner, part)
setattr(owner, name, die)
Library.open(Path(sys.argv[1])).commit([record("b", identifier="unacknowledged")])
"""


@pytest.mark.parametrize(
    "moment",
    ["OxigraphStore.replace_graph", "write_manifest", "Custody.put", "bring_to_disk", "replace_text"],
)
def test_a_kill_before_the_switch_leaves_the_library_as_it_was(library: Library, moment: str) -> None:
    library.commit([record("a")])
    before = library.current().manifest
    code = ["-c", KILLED, str(library.path), moment if "." in moment else f".{moment}"]
    killed = subprocess.run([sys.executable, *code], check=False, cwd=Path(__file__).parent.parent)
    assert killed.returncode == -signal.SIGKILL
    assert library.current().manifest == before
    assert library.current().studies() == [REVIEW["a"]]
    # The unacknowledged review is nowhere: its report may come under another id.
    assert library.commit([record("c", identifier="unacknowledged")]).added == (REVIEW["c"],)
    assert not (library.path / "next").exists()


def test_a_kill_after_the_switch_loses_nothing(library: Library) -> None:
    library.commit([record("a")])
    code = ["-c", KILLED, str(library.path), "Custody.log"]
    killed = subprocess.run([sys.executable, *code], check=False, cwd=Path(__file__).parent.parent)
    assert killed.returncode == -signal.SIGKILL
    assert library.current().studies() == [REVIEW["a"], REVIEW["b"]]
    assert library.commit([record("b", identifier="unacknowledged")]).unchanged == (REVIEW["b"],)
    assert [path.name for path in (library.path / "states").iterdir()] == ["3"]
