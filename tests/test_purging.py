"""A purged review is in no byte of its library, and the library goes on to work."""

from __future__ import annotations

import io
import json
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rdflib import Graph, Literal, URIRef
from starlette.testclient import TestClient

from api.main import create_app
from api.settings import Settings
from learntogether_kg import publishing, purging, reviews, withheld
from learntogether_kg.custody import Record, custody_graph
from learntogether_kg.errors import (
    DisclosureError,
    LibraryBusyError,
    PurgedReleaseError,
    UnfinishedPurgeError,
    UnknownReviewError,
)
from learntogether_kg.ingest.files import read_file
from learntogether_kg.library import Library
from learntogether_kg.namespaces import DCT, LT, REVIEW
from learntogether_kg.recurrence.request import Counted, Request
from tests.api.conftest import record as small_record
from tests.test_cli import ltkg, one_line

ROOT = Path(__file__).parent.parent
SYNTHETIC = sorted((ROOT / "learntogether_kg" / "teaching").glob("review-0[1-6].ttl"))
TITLE = "Unmistakeable-Title"


def record_of(path: Path, **source: str) -> Record:
    """A review of the teaching library with a source record of its own."""
    draft = read_file(path)
    about = Graph()
    for name, value in source.items():
        about.add((URIRef(f"{draft.study}/source"), DCT[name], Literal(value)))
    source_map = json.dumps({"file": path.name, "cells": [{"node": f"{draft.study}/finding/1", "cell": "A1"}]})
    return Record(draft.study, draft.graph, custody_graph(draft.study, about, source_map), path.name)


RECORDS = [record_of(path, title=TITLE if not number else f"Title {number}", publisher="Board")
           for number, path in enumerate(SYNTHETIC)]  # fmt: skip
VICTIM, *OTHERS = RECORDS
LABEL = str(VICTIM.graph.value(VICTIM.study, LT.publicLabel))


def texts_of(record: Record) -> set[bytes]:
    """The texts that stand in this review and in none of the others."""
    others = {str(value) for other in RECORDS if other is not record for value in other.graph.objects()}
    own = {str(value) for value in record.graph.objects() if isinstance(value, Literal) and len(value) > 20}
    return {text.encode() for text in own - others}


SECRETS = {str(VICTIM.study).encode(), VICTIM.study.rpartition("/")[2].encode(), TITLE.encode(), *texts_of(VICTIM)}
"""What must be nowhere: IRI, title and texts. Each is also looked for in pieces, since a store may fold text."""


def readable(path: Path) -> Iterator[bytes]:
    """Yields a file's bytes, and those within it that are compressed, as they read when unpacked."""
    data = path.read_bytes()
    yield data
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        for column in table.columns:
            for chunk in column.chunks:
                words = chunk.dictionary if isinstance(chunk, pa.DictionaryArray) else chunk
                yield "\n".join(str(word) for word in words.to_pylist()).encode()
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                unpacked = archive.read(name)
                yield unpacked
                yield unpacked.replace(b"\0", b"")  # numpy keeps text as four bytes a character


def found_in(folder: Path, secrets: set[bytes] = SECRETS) -> dict[str, set[bytes]]:
    """Returns the files below a folder that hold a secret, names of files included."""
    held: dict[str, set[bytes]] = {}
    for path in folder.rglob("*"):
        name = str(path.relative_to(folder))
        told = [name.encode(), *(readable(path) if path.is_file() else ())]
        if hits := {secret for secret in secrets for part in told if secret in part}:
            held[name] = hits
    return held


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Three releases: before the review came, with it, and after it was withdrawn."""
    library = Library.init(tmp_path_factory.mktemp("purge") / "library")
    library.commit(OTHERS[:2], note="first")
    library.publish("before")
    library.commit([VICTIM, *OTHERS[2:]], note=f"with {LABEL}")
    library.publish("with")
    Counted.of(library.release("with")).answer(Request(pairs=True, permutations=20))  # makes a file in chance/
    library.commit([], withdraw=[VICTIM.study], note=f"{LABEL} must go")
    library.publish("without")
    library.commit([VICTIM], note="back")
    return library


@pytest.fixture
def library(built: Library, tmp_path: Path) -> Library:
    return Library.open(shutil.copytree(built.path, tmp_path / "library"))


def purge(library: Library, name: str = LABEL) -> purging.Purge:
    return reviews.purge(library, reviews.plan_purge(library, name))


def test_the_search_finds_what_is_there(library: Library) -> None:
    held = found_in(library.path)
    assert any(name.startswith("states/") and name.endswith((".sst", ".log")) for name in held), held.keys()
    assert any(name.startswith("releases/with/store/") for name in held)
    assert "releases/with/coding/coding-table.parquet" in held
    assert "custody/audit.jsonl" in held
    assert any(TITLE.encode() in hits for name, hits in held.items() if name.startswith("custody/store/"))
    assert set().union(*held.values()) == SECRETS
    # After a plain removal the bytes stay: that is why the releases that do not hold the review are built anew too.
    assert any(name.startswith("releases/without/store/") for name in held)


def test_no_byte_of_it_is_left(library: Library) -> None:
    done = purge(library)
    assert found_in(library.path) == {}
    assert done.plan.rebuilt == {"with": "with-rebuilt"}
    assert set(done.plan.others) == {"before", "without"}
    assert not (library.path / "purging").exists()
    assert not (library.path / "next").exists()


def test_everything_else_is_left(library: Library) -> None:
    kept = {each.study for each in OTHERS}
    graphs = {study: set(library.current().store.graph(study)) for study in kept}
    custody = {name: count for name, count in _custody_sizes(library).items() if not name.startswith(VICTIM.study)}
    before = {each.manifest.release: each.manifest for each in library.releases()}
    state = library.current().manifest.state
    purge(library)
    assert set(library.current().studies()) == kept
    assert {study: set(library.current().store.graph(study)) for study in kept} == graphs
    assert library.current().manifest.state == state + 1
    assert _custody_sizes(library) == custody
    for snapshot in (library.current(), *library.releases()):
        assert snapshot.is_whole()
        assert snapshot.altered_files() == []
        assert snapshot.manifest.studies == len(snapshot.studies())
        assert snapshot.coding().num_rows > 0
        assert VICTIM.study not in snapshot.coding()["review"].to_pylist()
    assert [each.manifest.release for each in library.releases()] == ["before", "with-rebuilt", "without"]
    assert set(library.release("with-rebuilt").studies()) == kept
    for name in ("before", "without"):
        there = library.release(name).manifest
        told = before[name]
        assert (there.state, there.made, there.quads, there.studies) == (
            told.state,
            told.made,
            told.quads,
            told.studies,
        )


def _custody_sizes(library: Library) -> dict[str, int]:
    with library.change() as custody:
        store = custody._store
        return {str(name): len(store.graph(name)) for name in store.graph_names()}


def test_the_rebuilt_release_answers_as_one_that_never_held_it(library: Library, tmp_path: Path) -> None:
    purge(library)
    never = Library.init(tmp_path / "never")
    never.commit(OTHERS)
    never.publish("never")
    request = Request(("pattern",), coder="agreed")
    rebuilt, other = (Counted.of(each.release(name)).answer(request) for each, name in
                      ((library, "with-rebuilt"), (never, "never")))  # fmt: skip
    assert rebuilt.answer.rows == other.answer.rows


def test_the_log_says_that_there_was_a_purge_and_not_of_what(library: Library) -> None:
    purge(library)
    lines = [json.loads(line) for line in (library.path / "custody" / "audit.jsonl").read_text().splitlines()]
    assert lines[-1]["action"] == "purge"
    assert (lines[-1]["studies"], lines[-1]["note"]) == ([], "")
    told = [(line["action"], line["note"]) for line in lines]
    assert ("submit", "first") in told
    assert "withdraw" not in {action for action, _ in told}
    assert LABEL not in json.dumps(lines)
    assert sum(len(line["studies"]) for line in lines) == len(OTHERS)


def test_it_may_be_submitted_and_published_again(library: Library) -> None:
    purge(library)
    assert library.publish("next").studies() == sorted(each.study for each in OTHERS)
    assert library.commit([VICTIM]).added == (VICTIM.study,)
    purge(library)
    assert found_in(library.path) == {}
    assert library.publish().studies() == sorted(each.study for each in OTHERS)


def test_a_release_that_was_rebuilt_is_rebuilt_again_under_a_name_that_is_free(library: Library) -> None:
    purge(library)
    label = str(OTHERS[0].graph.value(OTHERS[0].study, LT.publicLabel))
    plan = reviews.plan_purge(library, label)
    assert plan.rebuilt["with-rebuilt"] == "with-rebuilt-2"
    reviews.purge(library, plan)
    assert library.purged() == ["before", "with", "with-rebuilt", "without"]
    assert library.successor("with-rebuilt") == "with-rebuilt-2"


def test_a_withdrawn_review_is_purged_by_label_or_by_iri(library: Library) -> None:
    library.commit([], withdraw=[VICTIM.study])
    plan = reviews.plan_purge(library, LABEL)
    assert (plan.in_state, dict(plan.rebuilt)) == (False, {"with": "with-rebuilt"})
    purge(library)
    assert found_in(library.path) == {}


def test_a_review_that_only_custody_remembers_is_purged_by_its_iri(tmp_path: Path) -> None:
    library = Library.init(tmp_path / "library")
    library.commit([VICTIM, OTHERS[0]])
    library.commit([], withdraw=[VICTIM.study])
    with pytest.raises(UnknownReviewError):
        reviews.plan_purge(library, LABEL)
    assert found_in(library.path / "states") != {}
    purge(library, str(VICTIM.study))
    assert found_in(library.path) == {}
    with pytest.raises(UnknownReviewError):
        reviews.plan_purge(library, str(VICTIM.study))


def test_what_other_studies_say_of_it_is_gone_too(tmp_path: Path) -> None:
    library = Library.init(tmp_path / "library")
    other = OTHERS[0]
    graph = Graph()
    graph += other.graph
    graph.add((other.study, DCT.relation, VICTIM.study))
    graph.add((other.study, DCT.relation, URIRef(f"{VICTIM.study}/finding/F1")))
    graph.add((other.study, DCT.relation, URIRef(f"{VICTIM.study}0")))
    library.commit([VICTIM, Record(other.study, graph, other.custody)])
    done = purge(library)
    assert done.statements == 2
    # An IRI that only begins alike is another review's.
    kept = (other.study, DCT.relation, URIRef(f"{VICTIM.study}0"))
    assert set(library.current().store.graph(other.study)) == {*other.graph, kept}


KILLED = """
import os, signal, sys
from pathlib import Path
from learntogether_kg import purging, reviews
from learntogether_kg.library import Library

owner_path, name = sys.argv[2].rsplit(".", 1)
left = int(sys.argv[3])
owner = purging
for part in filter(None, owner_path.split(".")):
    owner = getattr(owner, part)
real = getattr(owner, name)

def die(*args, **named):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*args, **named)

library = Library.open(Path(sys.argv[1]))
plan = reviews.plan_purge(library, sys.argv[4])
setattr(owner, name, die)
reviews.purge(library, plan)
"""
MOMENTS = [
    *((".replace_text", number) for number in range(6)),
    (".bring_to_disk", 1),
    *((".sync", number) for number in range(1, 8)),
    ("_Run._put_in_place", 0),
    ("_Run._put_in_place", 2),
    ("shutil.rmtree", 3),
    ("Library.make_current", 0),
    ("Custody.purge", 0),
    ("Custody._end_purge", 0),
]


@pytest.mark.parametrize(("moment", "number"), MOMENTS, ids=str)
def test_a_kill_at_any_point_leaves_it_everywhere_or_to_a_rerun(library: Library, moment: str, number: int) -> None:
    outside = {name for name in found_in(library.path) if not name.startswith("custody/store/")}
    code = ["-c", KILLED, str(library.path), moment, str(number), LABEL]
    killed = subprocess.run([sys.executable, *code], check=False, cwd=ROOT)
    assert killed.returncode == -signal.SIGKILL
    begun = library.purge_begun() is not None
    held = found_in(library.path)
    if not begun:
        # Nothing has happened, or everything.
        assert {name for name in held if not name.startswith("custody/store/")} in (outside, set())
        assert bool(held) == (VICTIM.study in library.current().studies())
    else:
        with pytest.raises(UnfinishedPurgeError, match="ltkg purge"):
            library.publish("between")
        with pytest.raises(UnfinishedPurgeError):
            reviews.plan_purge(library, "another")
    if begun or held:
        purge(library)
    library.commit([])  # any change clears away what is left lying
    assert found_in(library.path) == {}
    assert [each.manifest.release for each in library.releases()] == ["before", "with-rebuilt", "without"]
    assert all(each.is_whole() and not each.altered_files() for each in library.releases())
    assert set(library.current().studies()) == {each.study for each in OTHERS}
    assert not (library.path / "purging").exists()
    entries = {f"{each.study}/custody/{2 if each in OTHERS[:2] else 3}" for each in OTHERS}
    assert _custody_sizes(library).keys() == entries


def test_where_it_was_pinned_it_is_gone(library: Library) -> None:
    client = TestClient(create_app(Settings(library=library.path)))
    name = VICTIM.study.rpartition("/")[2]
    assert client.get(f"/reviews/{name}?release=with").status_code == 200
    purge(library)
    answer = client.get("/reviews.json?release=with")
    assert answer.status_code == 410
    assert "'with-rebuilt'" in answer.json()["detail"]
    assert len(client.get("/reviews.json?release=with-rebuilt").json()["rows"]) == len(OTHERS)
    assert client.get("/reviews.json?release=before").status_code == 200
    assert client.get(f"/reviews/{name}").status_code == 404
    listed = {row["release"]: row["purged"] for row in client.get("/releases.json").json()["rows"]}
    assert listed == {"before": False, "with-rebuilt": False, "without": False, "with": True}
    with pytest.raises(PurgedReleaseError, match="with-rebuilt"):
        library.release("with")


def test_a_restricted_release_is_not_rebuilt_and_the_next_one_is_held_against_it(teaching_copy: Path) -> None:
    library = Library.open(teaching_copy)
    publishing.publish(library, "guarded", "dfe-one-way")
    study = next(iter(library.current().studies()))
    secrets = {str(study).encode(), study.rpartition("/")[2].encode()}
    done = purge(library, str(study))
    assert done.plan.dropped == ("guarded",)
    assert found_in(library.path, secrets) == {}
    assert library.successor("guarded") == ""
    with pytest.raises(PurgedReleaseError, match="ltkg releases"):
        library.release("guarded")
    (known,) = withheld.read(library.path)
    assert (known.release, known.gone, len(known.worlds.population.names)) == ("guarded", 1, 39)
    with pytest.raises(DisclosureError, match="differs from release guarded by fewer than 6 reviews"):
        publishing.publish(library, "too-near", "dfe-one-way")
    publishing.publish(library, "open")
    second = library.current().studies()[0]
    purge(library, str(second))
    (known,) = withheld.read(library.path)
    assert (known.gone, len(known.worlds.population.names)) == (2, 38)
    assert found_in(library.path, {str(second).encode()}) == {}


def test_it_asks_first(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    where = ("--library", library.path)
    refused = ltkg("purge", LABEL, *where)
    assert refused.returncode == 2
    assert "cannot be undone" in refused.stderr
    assert "--yes" in refused.stderr
    answers = io.StringIO("n\n")
    monkeypatch.setattr(answers, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys, "stdin", answers)
    refused = ltkg("purge", LABEL, *where)
    assert refused.returncode == 2
    assert "nothing was purged" in refused.stderr
    assert VICTIM.study in library.current().studies()
    done = ltkg("purge", LABEL, *where, "--yes")
    assert done.returncode == 0, done.stderr
    assert "with as with-rebuilt" in done.stderr
    for words in ("3 release(s), custody", "Not reached: backups", "Restart every server"):
        assert words in done.stdout
    assert found_in(library.path) == {}
    assert "Release with was purged; without what was purged it is with-rebuilt" in ltkg("releases", *where).stdout


@pytest.mark.parametrize(
    ("name", "where", "code", "words"),
    [
        ("Nobody", None, 2, "No reviews are named 'Nobody'"),
        (str(REVIEW["0000000000000000"]), None, 2, "ltkg list"),
        (LABEL, "http://localhost:9/query", 2, "a purge is of a folder's library"),
        (LABEL, "nowhere", 3, "there is none here"),
    ],
)
def test_what_cannot_be_purged_is_told_in_one_sentence(
    library: Library, name: str, where: str | None, code: int, words: str
) -> None:
    run = ltkg("purge", name, "--yes", "--library", where or library.path)
    assert run.returncode == code
    assert one_line(run.stderr)
    assert words in run.stderr
    assert run.stdout == ""


def test_a_label_of_two_reviews_is_told_with_both(tmp_path: Path) -> None:
    library = Library.init(tmp_path / "library")
    library.commit([small_record("a", "Twin", "One."), small_record("b", "Twin", "Two.")])
    run = ltkg("purge", "Twin", "--yes", "--library", library.path)
    assert run.returncode == 2
    assert re.search(r"2 reviews are named 'Twin'.*review/a, .*review/b", run.stderr)


def test_a_library_in_use_is_left_alone(library: Library) -> None:
    plan = reviews.plan_purge(library, LABEL)
    with library.change():
        with pytest.raises(LibraryBusyError):
            reviews.purge(library, plan)
        run = ltkg("purge", LABEL, "--yes", "--library", library.path)
        assert run.returncode == 3
        assert one_line(run.stderr)
    assert VICTIM.study in library.current().studies()
    assert library.purge_begun() is None
