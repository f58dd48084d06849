"""A library on a SPARQL 1.1 server: submit, withdraw, ask and publish, each by one update."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from learntogether_kg import queries, reviews
from learntogether_kg.errors import StoreUnavailableError
from learntogether_kg.library import Library
from learntogether_kg.live import LiveLibrary
from learntogether_kg.recurrence.request import Counted, Request
from learntogether_kg.store.sparql import SparqlStore
from tests.stores import served, virtuoso
from tests.test_cli import ltkg

FILES = [file for file in reviews.bundled_files("sample") if file.suffix == ".xlsx"][:3]


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
    release = reviews.publish_live(live, tmp_path / "releases", "first")
    assert release.studies() == live.studies()
    withdrawn = live.studies()[0]
    reviews.withdraw(live, [str(withdrawn)], "to try it")
    assert live.state() == 2
    second = reviews.publish_live(live, tmp_path / "releases", "second")
    assert withdrawn not in second.studies()
    assert withdrawn in Library.open(tmp_path / "releases").release("first").studies()


def test_a_change_is_done_as_a_whole_or_not_at_all(live: LiveLibrary) -> None:
    reviews.submit(live, FILES[:1])
    before = (live.state(), live.studies())
    with pytest.raises(StoreUnavailableError):
        live.store.change({}, live.studies(), ["LOAD <file:///nowhere>"])
    assert (live.state(), live.studies()) == before


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
            store.change({}, before, ["this is no update"])
        assert live.studies() == before
        reviews.withdraw(live, [str(before[0])], "to try it")
        release = reviews.publish_live(live, tmp_path / "releases", "first")
        assert (live.state(), release.studies()) == (3, before[1:])


def test_the_command_line_asks_a_live_library_as_it_asks_a_folder(live: LiveLibrary, tmp_path: Path) -> None:
    reviews.submit(live, FILES)
    reviews.submit(folder := reviews.init(tmp_path / "folder"), FILES)
    reviews.publish(folder, "one")
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
