"""A library on a SPARQL 1.1 server: submit, withdraw, ask and publish, each by one update."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rdflib import RDF, XSD, Graph, Literal, URIRef

from learntogether_kg import bundles, publishing, queries, reviews
from learntogether_kg.custody import Record
from learntogether_kg.errors import QueryTimeError, StateChangedError, StoreUnavailableError
from learntogether_kg.library import Library
from learntogether_kg.live import LiveLibrary
from learntogether_kg.namespaces import CATALOGUE, INCOMING, LT, REVIEW
from learntogether_kg.recurrence.request import Counted, Request
from learntogether_kg.store.endpoint import Question
from learntogether_kg.store.graph_store import moment, staged
from learntogether_kg.store.remote import reply
from learntogether_kg.store.sparql import SparqlStore
from tests.stores import served, virtuoso
from tests.test_cli import ltkg

FILES = [file for file in bundles.bundled_files("sample") if file.suffix == ".xlsx"][:3]
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . FILTER(STR(?c) < STR(?f) && STR(?f) < STR(?i)) }"


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LiveLibrary]:
    """An empty live library on the server that the oxigraph wheel ships."""
    with served(tmp_path, {}) as store:
        yield LiveLibrary(store)


def test_a_live_library_answers_as_a_folder_does(live: LiveLibrary, tmp_path: Path) -> None:
    folder = reviews.init(tmp_path / "folder")
    reviews.submit(folder, FILES)
    first = reviews.submit(live, FILES[:2])
    second = reviews.submit(live, FILES)
    assert (len(first.added), len(second.added), len(second.unchanged)) == (2, 1, 2)
    assert (first.state, second.state, live.state()) == (1, 2, 2)
    assert reviews.submit(live, FILES).state == 2, "where nothing changes, no state is made"
    local = folder.current().store
    for name in ("reviews", "recurring-patterns", "types-reported"):
        assert queries.ask(live.store, name).rows == queries.ask(local, name).rows
    request = Request(by=("type",), codes="any")
    there, here = Counted.of(live.newest()), Counted.of(folder.current())
    assert there.answer(request).answer.rows == here.answer(request).answer.rows


def test_what_identifies_a_report_is_not_sent(live: LiveLibrary) -> None:
    reviews.submit(live, FILES)
    sent = {str(p) for (p,) in live.store.select("SELECT DISTINCT ?p { GRAPH ?g { ?s ?p ?o } FILTER(?g = ?s) }")}
    assert sent
    assert not any("identityKey" in each or "sourceMap" in each for each in sent)


def test_a_release_of_a_live_library_is_made_in_a_folder(live: LiveLibrary, tmp_path: Path) -> None:
    reviews.submit(live, FILES)
    release = publishing.publish(publishing.copied(live, tmp_path / "releases"), "first")
    assert release.studies() == live.studies()
    withdrawn = live.studies()[0]
    reviews.withdraw(live, [str(withdrawn)], "to try it")
    assert live.state() == 2
    second = publishing.publish(publishing.copied(live, tmp_path / "releases"), "second")
    assert withdrawn not in second.studies()
    assert withdrawn in Library.open(tmp_path / "releases").release("first").studies()


def test_a_change_is_done_as_a_whole_or_not_at_all(live: LiveLibrary) -> None:
    reviews.submit(live, FILES[:1])
    before = (live.state(), live.studies())
    with pytest.raises(StoreUnavailableError):
        live.store.change({}, live.studies(), then=["LOAD <file:///nowhere>"])
    assert (live.state(), live.studies()) == before


@contextmanager
def server(kind: str, folder: Path) -> Iterator[SparqlStore]:
    folder.mkdir()
    with served(folder, {}) if kind == "oxigraph" else virtuoso(folder) as store:
        yield store


@pytest.mark.parametrize("way", ["graph store", "update"])
@pytest.mark.parametrize("kind", ["oxigraph", "virtuoso"])
def test_a_reader_never_sees_half_of_a_change(kind: str, way: str, tmp_path: Path) -> None:
    """A review is replaced again and again by one of another length, under the eyes of readers."""
    versions = [_findings(20), _findings(600)]
    seen: set[tuple[int, ...]] = set()
    halves: list[object] = []
    with server(kind, tmp_path / "server") as store:
        chosen = None if way == "graph store" else "none"
        live = LiveLibrary(SparqlStore(store.endpoint, store.update_endpoint, graph_store=chosen))
        assert (live.store.graph_store() is not None) == (way == "graph store")
        live.commit([versions[1]])
        done = threading.Event()

        def read() -> None:
            while not done.is_set():
                try:
                    state = live.newest()
                    ((own, everywhere),) = state.store.select(TOGETHER.format(versions[0].study))
                except StateChangedError:
                    continue
                told = state.number, int(str(own)), int(str(everywhere))
                seen.add(told)
                if told[1:] != ((600, 600) if state.number % 2 else (20, 20)):
                    halves.append(told)

        readers = [threading.Thread(target=read) for _ in range(2)]
        for reader in readers:
            reader.start()
        for number in range(10):
            live.commit([versions[number % 2]])
        done.set()
        for reader in readers:
            reader.join()
        assert halves == []
        assert len(seen) > 3, "readers saw several states"
        assert not [name for name in store.graph_names() if name.startswith(INCOMING)]


TOGETHER = """
PREFIX lt: <https://w3id.org/learntogether/ontology#>
SELECT ?own (COUNT(DISTINCT ?finding) AS ?all) {{
  {{ SELECT (COUNT(?f) AS ?own) {{ GRAPH <{0}> {{ ?f a lt:Finding }} }} }}
  ?finding a lt:Finding
}} GROUP BY ?own
"""


def test_oxigraph_shows_no_half_even_to_one_query(live: LiveLibrary) -> None:
    """So there the number of the state, too, is of the same moment as the rest."""
    versions, done = [_findings(20), _findings(600)], threading.Event()
    live.commit([versions[1]])
    seen: set[tuple[int, ...]] = set()

    def read() -> None:
        while not done.is_set():
            rows = live.store.select(AT_ONCE.format(versions[0].study))
            seen.update(tuple(int(str(term)) for term in row) for row in rows)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(6):
        live.commit([versions[number % 2]])
    done.set()
    reader.join()
    assert seen <= {(state, 600 if state % 2 else 20) for state in range(1, 8)}
    assert len(seen) > 1


AT_ONCE = """
PREFIX lt: <https://w3id.org/learntogether/ontology#>
SELECT ?state (COUNT(?f) AS ?own) {{
  GRAPH <https://w3id.org/learntogether/id/catalogue> {{ ?catalogue lt:stateNumber ?state }}
  GRAPH <{0}> {{ ?f a lt:Finding }}
}} GROUP BY ?state
"""


def test_a_change_that_was_broken_off_half_way_is_told_and_mended_by_the_next(live: LiveLibrary) -> None:
    live.commit([_findings(5)])
    two = f"INSERT DATA {{ GRAPH <{CATALOGUE}> {{ <{CATALOGUE}> <{LT.stateNumber}> 2 }} }}"
    live.store.update(two)
    with pytest.raises(StateChangedError):
        live.state()
    changed = live.commit([_findings(6)])
    assert (changed.state, live.state()) == (3, 3)


def _findings(count: int) -> Record:
    study, graph = REVIEW["0123456789abcdef"], Graph()
    graph.add((study, RDF.type, LT.Review))
    for number in range(count):
        finding = URIRef(f"{study}/F{number}")
        graph.add((finding, RDF.type, LT.Finding))
        graph.add((finding, LT.inReview, study))
        graph.add((finding, LT.statement, Literal(f'a "text" with\nlines \\ and ü, number {number} of {count}')))
    return Record(study, graph, Graph())


@pytest.mark.parametrize("kind", ["oxigraph", "virtuoso"])
def test_what_came_by_the_graph_store_is_what_was_sent(kind: str, tmp_path: Path) -> None:
    sent = _findings(5)
    sent.graph.add((sent.study, LT.publicLabel, Literal("Probe", lang="en")))
    sent.graph.add((sent.study, LT.publicationYear, Literal("2014", datatype=XSD.gYear)))
    with server(kind, tmp_path / "server") as store:
        assert store.graph_store() is not None
        LiveLibrary(store).commit([sent])
        assert set(store.graph(sent.study)) == set(sent.graph)


def test_a_change_that_fails_leaves_nothing_on_its_way(live: LiveLibrary) -> None:
    live.commit([_findings(5)])
    with pytest.raises(StoreUnavailableError):
        live.store.change({REVIEW["x"]: _findings(3).graph}, then=["LOAD <file:///nowhere>"])
    assert (live.state(), len(live.studies())) == (1, 1)
    assert not [name for name in live.store.graph_names() if name.startswith(INCOMING)]


def test_what_a_killed_change_left_is_cleared_away_after_a_day_and_not_before(live: LiveLibrary) -> None:
    graphs = live.store.graph_store()
    assert graphs is not None
    for name, made in (("old", "2020-01-01T00:00:00+00:00"), ("young", datetime.now(UTC).isoformat())):
        graphs.put(INCOMING[name], staged(INCOMING[name], _findings(2).graph, moment(made)))
    live.commit([_findings(5)])
    assert [name for name in live.store.graph_names() if name.startswith(INCOMING)] == [INCOMING.young]
    assert live.studies() == [_findings(1).study], "what is on its way is no study"


def test_a_graph_store_that_is_not_there_is_told_with_what_to_do(live: LiveLibrary) -> None:
    store = live.store
    wrong = SparqlStore(store.endpoint, store.update_endpoint, graph_store=store.endpoint.replace("query", "nothing"))
    with pytest.raises(StoreUnavailableError, match="LTKG_GRAPH_STORE=none"):
        LiveLibrary(wrong).commit([_findings(5)])
    assert live.state() == 0
    unknown = SparqlStore(store.endpoint, store.update_endpoint, graph_store="none")
    assert LiveLibrary(unknown).commit([_findings(5)]).state == 1


def test_virtuoso_keeps_counts_and_gives_a_library_back(tmp_path: Path) -> None:
    """Not all named queries: it cannot compile some of them, as the README says."""
    folder = reviews.init(tmp_path / "folder")
    reviews.submit(folder, FILES)
    (tmp_path / "server").mkdir()
    with virtuoso(tmp_path / "server") as store:
        live = LiveLibrary(store)
        assert (reviews.submit(live, FILES[:2]).state, reviews.submit(live, FILES).state) == (1, 2)
        assert reviews.submit(live, FILES).state == 2, "where nothing changes, no state is made"
        for study in live.studies():
            assert set(store.graph(study)) == set(folder.current().store.graph(study))
        assert queries.ask(store, "reviews").rows == queries.ask(folder.current().store, "reviews").rows
        request = Request(by=("type",), codes="any")
        here = Counted.of(folder.current()).answer(request).answer.rows
        assert Counted.of(live.newest()).answer(request).answer.rows == here
        before = live.studies()
        with pytest.raises(StoreUnavailableError):
            store.change({}, before, then=["this is no update"])
        assert live.studies() == before
        reviews.withdraw(live, [str(before[0])], "to try it")
        release = publishing.publish(publishing.copied(live, tmp_path / "releases"), "first")
        assert (live.state(), release.studies()) == (3, before[1:])


def test_the_command_line_asks_a_live_library_as_it_asks_a_folder(live: LiveLibrary, tmp_path: Path) -> None:
    reviews.submit(live, FILES)
    reviews.submit(folder := reviews.init(tmp_path / "folder"), FILES)
    publishing.publish(folder, "one")
    for words in (("list",), ("ask", "recurring-patterns"), ("recur", "--by", "type"), ("recur", "--pairs")):
        there, here = (ltkg(*words, "--library", place) for place in (live.store.endpoint, folder.path))
        assert there.returncode == here.returncode == 0, there.stderr
        assert there.stdout.replace("state-1", "one") == here.stdout
    counted = json.loads(ltkg("recur", "--by", "type", "--format", "json", "--library", live.store.endpoint).stdout)
    assert counted["release"] == "state-1"
    refused = ltkg("recur", "--by", "type", "--profile", "dfe", "--library", live.store.endpoint)
    assert (refused.returncode, "publish --to DIR --profile dfe" in refused.stderr) == (2, True)
    passed = ltkg("ask", "reviews", "--release", "state-0", "--library", live.store.endpoint)
    assert (passed.returncode, "at state 1 now" in passed.stderr) == (3, True)


NOWHERE = "http://127.0.0.1:9/query"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("serve",), 3, "cannot be reached"),
        (("ask", "reviews"), 3, "cannot be reached"),
        (("recur", "--by", "type"), 3, "cannot be reached"),
        (("list",), 3, "cannot be reached"),
        (("submit", str(FILES[0])), 3, "cannot be reached"),
        (("publish", "--to", "folder"), 3, "cannot be reached"),
        (("releases",), 2, "publish --to DIR"),
        (("token", "list"), 2, "publish --to DIR"),
        (("demo",), 2, "in a folder"),
        (("init",), 2, "ltkg submit"),
    ],
)
def test_a_server_that_is_down_or_the_wrong_kind_of_library_is_one_line(
    words: tuple[str, ...], code: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = ltkg(*words, "--library", NOWHERE)
    assert (run.returncode, run.stdout) == (code, "")
    assert said in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "http:").exists()


def test_a_server_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError):
        reviews.submit(LiveLibrary(SparqlStore("http://127.0.0.1:9/query")), FILES[:1])


def test_sparql_over_a_whole_server_is_not_served_unasked(live: LiveLibrary) -> None:
    run = ltkg("serve", "--sparql", "--library", live.store.endpoint)
    assert run.returncode == 2
    assert "--sparql-whole-server" in run.stderr.replace("\n", " ")


@pytest.mark.parametrize("kind", ["oxigraph", "virtuoso"])
def test_a_query_past_its_limit_is_told_and_virtuoso_stops_it_itself(kind: str, tmp_path: Path) -> None:
    with server(kind, tmp_path / "server") as store:
        LiveLibrary(store).commit([_findings(600)])
        question = Question(ENDLESS, (), (), ("json",), (), 100, 1_000_000, "")
        with pytest.raises(QueryTimeError):
            reply(store, question, {}, 1)
        if kind == "virtuoso":
            assert store.kind().timeout
            with pytest.raises(QueryTimeError) as said:  # far from our own limit: it is the server that has stopped
                store.stream(ENDLESS, "application/sparql-results+json", 1)
            assert said.value.__cause__ is None
