"""A library on a server keeps extensions of the typology, is recoded by queues, and is asked how far coders agree."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rdflib import RDF

from learntogether_kg import bundles, ontology, publishing, reviews
from learntogether_kg.library import Library
from learntogether_kg.live import LiveLibrary
from learntogether_kg.migration import in_library, report
from learntogether_kg.namespaces import LT, ONTOLOGY_GRAPH
from learntogether_kg.recurrence.request import Counted, Request
from tests.stores import served
from tests.test_cli import ltkg
from tests.test_live import server
from tests.test_migration import AFTER, MOVED, VERSION, fill

FILES = [file for file in bundles.bundled_files("teaching") if "typ:supervision ;" in file.read_text("utf-8")][:4]
TABLES = (Request(by=("type",)), Request(by=("pattern",)), Request(by=("type", "influence")))


@pytest.fixture(autouse=True)
def vetted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reasoner is asked about this extension by one test only."""
    with ontology.extended([MOVED.resolve()]):
        monkeypatch.setenv("LTKG_VETTED", ontology.fingerprint())


def rows(library: Library | LiveLibrary) -> list[object]:
    counted = Counted.of(in_library.newest(library))
    return [[row for row in counted.answer(each).answer.rows if row[len(each.by)]] for each in TABLES]


def weighed(library: Library | LiveLibrary) -> dict[str, object]:
    """The impact of the moved sub-pattern, all but the name of the library."""
    return report.document(in_library.weigh_version(library, str(MOVED))) | {"library": ""}


@pytest.mark.parametrize("kind", ["oxigraph", "virtuoso"])
def test_a_live_library_is_recoded_as_a_folder_is(kind: str, tmp_path: Path) -> None:
    folder = reviews.init(tmp_path / "folder")
    reviews.submit(folder, FILES)
    with server(kind, tmp_path / "server") as store:
        live = LiveLibrary(store)
        reviews.submit(live, FILES)
        assert weighed(live) == weighed(folder)
        assert weighed(live)["classifications"]
        queues = in_library.queue_recoding(live, str(MOVED), tmp_path / "queue")
        for queue in queues:
            fill(queue, lambda _: "as proposed")
        for library in (live, folder):
            assert len(reviews.submit(library, queues, extensions=[MOVED]).replaced) == len(queues)
        assert live.state() == 2, "the extension and what it recodes came by one change"
        for study in live.studies():
            assert set(store.graph(study)) == set(folder.current().store.graph(study))
        assert rows(live) == rows(folder)
        assert weighed(live)["classifications"] == []
        assert reviews.submit(live, queues).state == 2, "the library knows the extension by now, and all is decided"
        reviews.withdraw(live, [str(live.studies()[0])], "to try it")
        assert [each.read_bytes() for each in live.newest().extensions()] == [MOVED.read_bytes()]
        assert (VERSION, RDF.type, LT.TypologyVersion) in store.graph(ONTOLOGY_GRAPH)
        release = publishing.publish(publishing.copied(live, tmp_path / "releases"), "first")
        assert [each.read_bytes() for each in release.extensions()] == [MOVED.read_bytes()]
        assert (AFTER, RDF.type, LT.Pattern) in release.store.graph(ONTOLOGY_GRAPH)
    assert ontology.extensions_in_use() == ()


def test_the_command_line_recodes_a_live_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(tmp_path, {}) as store:
        address = store.endpoint
        monkeypatch.setenv("LTKG_UPDATE", store.update_endpoint)
        reviews.submit(LiveLibrary(store), FILES[:2])
        run = ltkg("typology", "impact", MOVED, "--library", address, "--format", "json")
        assert run.returncode == 0, run.stderr
        assert json.loads(run.stdout)["library"] == f"state 1 of {address}"
        run = ltkg("typology", "queue", MOVED, tmp_path / "queue", "--library", address)
        assert run.returncode == 0, run.stderr
        queues = sorted((tmp_path / "queue").glob("*.xlsx"))
        for queue in queues:
            fill(queue, lambda _: "as proposed")
        refused = ltkg("submit", *queues, "--library", address)
        assert (refused.returncode, "add --extension" in refused.stderr) == (2, True)
        run = ltkg("submit", *queues, "--library", address, "--extension", MOVED)
        assert run.returncode == 0, run.stderr
        assert f"{len(queues)} replaced" in run.stdout
        source = ltkg("submit", FILES[0], "--library", address)
        assert (source.returncode, "would undo that" in source.stderr) == (2, True)
        run = ltkg("template", tmp_path / "one.xlsx", "--library", address)
        assert run.returncode == 0, run.stderr


def test_an_extension_that_is_not_ready_does_not_reach_a_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    poor = tmp_path / "poor.ttl"
    lines = MOVED.read_text(encoding="utf-8").splitlines(keepends=True)
    poor.write_text("".join(line for line in lines if "skos:example" not in line), encoding="utf-8")
    with served(tmp_path, {}) as store:
        monkeypatch.setenv("LTKG_UPDATE", store.update_endpoint)
        run = ltkg("submit", FILES[0], "--library", store.endpoint, "--extension", poor)
        assert (run.returncode, "it needs an example" in run.stderr) == (1, True)
        assert LiveLibrary(store).state() == 0


def test_agreement_in_a_live_library_is_that_in_a_folder(tmp_path: Path) -> None:
    folder = reviews.init(tmp_path / "folder")
    reviews.submit(folder, FILES)
    with served(tmp_path, {}) as store:
        reviews.submit(LiveLibrary(store), FILES)
        asked = ("agree", "--format", "json", "--resamples", "50", "--coder", "teaching-a", "--coder", "teaching-b")
        runs = [ltkg(*asked, "--library", place) for place in (store.endpoint, folder.path)]
        assert [run.returncode for run in runs] == [0, 0], runs[0].stderr
        there, here = (json.loads(run.stdout) for run in runs)
        assert there == here
        assert {each["code"] for each in there["coders"]} == {"teaching-a", "teaching-b"}
        assert (len(there["reviews"]), there["items"] > len(FILES)) == (len(FILES), True)
        part = ltkg(*asked, "--review", there["reviews"][0], "--library", store.endpoint)
        assert json.loads(part.stdout)["reviews"] == there["reviews"][:1]
        unknown = ltkg(*asked, "--review", "No such review", "--library", store.endpoint)
        assert (unknown.returncode, len(unknown.stderr.strip().splitlines())) == (2, 1)
