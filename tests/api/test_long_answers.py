"""Long answers come while they are worked out, under limits, and one that is cut can be told from a whole one."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api import served as module
from api.evaluation import Evaluator
from api.main import create_app
from api.settings import Settings
from api.worker import Limits
from learntogether_kg import parts, queries
from learntogether_kg.answers import Answer, Resource
from learntogether_kg.errors import TooLongError
from learntogether_kg.library import Library
from tests.api.conftest import MakeClient, record

REVIEWS, FINDINGS = 120, 20
LONG = "/queries/review-findings.csv"


@pytest.fixture
def long(serve: MakeClient) -> TestClient:
    """Serves more reviews than are asked for any page, and more rows than are sent at once."""
    statements = [f"Statement {number}." for number in range(FINDINGS)]
    return serve([record(f"r{number:03}", f"Made up {number:03}", *statements) for number in range(REVIEWS)])


def messages(client: TestClient, path: str, query: str = "") -> list[dict[str, Any]]:
    """Returns what the application sends, message by message, as the server would get it."""
    sent: list[dict[str, Any]] = []
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [],
        "server": ("test", 80),
        "scheme": "http",
        "root_path": "",
        "state": {},
    }

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(3600)
        raise AssertionError("nobody hangs up")

    async def send(message: Any) -> None:  # as ASGI has it
        sent.append(dict(message))

    asyncio.run(client.app(scope, receive, send))
    return sent


def test_a_whole_table_is_sent_while_it_is_worked_out(long: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[str] = []
    original = parts.Walk._ask
    monkeypatch.setattr(parts.Walk, "_ask", lambda self, *each: (events.append("asked"), original(self, *each))[1])
    sent = messages(long, LONG)
    assert [message["type"] for message in sent][:2] == ["http.response.start", "http.response.body"]
    assert len(sent) > 10, "in many pieces"
    assert sent[-1].get("more_body", False) is False
    table = b"".join(message.get("body", b"") for message in sent).decode()
    rows = list(csv.DictReader(io.StringIO(table)))
    assert len(rows) == REVIEWS * FINDINGS
    assert len({tuple(row.values()) for row in rows}) == len(rows)
    assert len(events) > 3


def test_a_table_that_is_cut_has_no_end_and_is_not_kept(long: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = long.get(LONG).text
    times = iter([0.0] * 6 + [1e9] * 1000)
    fresh = TestClient(create_app(long.app.state.settings))  # type: ignore[attr-defined]
    with monkeypatch.context() as patched:
        patched.setattr(parts, "monotonic", lambda: next(times))
        sent = messages(fresh, LONG)
    assert sent[0]["status"] == 200
    assert sent[-1]["more_body"] is True, "a whole answer has a last piece that says so"
    cut = b"".join(message.get("body", b"") for message in sent).decode()
    assert whole.startswith(cut)
    assert 1000 < cut.count("\n") < whole.count("\n")
    assert fresh.get(LONG).text == whole


def test_a_table_that_is_stopped_before_it_begins_is_a_problem(
    long: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter([0.0] + [1e9] * 1000)
    monkeypatch.setattr(parts, "monotonic", lambda: next(times))
    answer = long.get(LONG)
    assert answer.status_code == 504
    assert "takes longer than is allowed here" in answer.json()["detail"]
    assert answer.headers["cache-control"] == "no-store"


def test_a_part_is_the_same_whatever_was_asked_before(long: TestClient) -> None:
    address = "/queries/review-findings.json?limit=50"
    before = long.get(address)
    assert before.json()["total"] is None
    assert long.get(f"{address}&offset={REVIEWS * FINDINGS - 50}").json()["total"] == REVIEWS * FINDINGS
    fresh = TestClient(create_app(long.app.state.settings))  # type: ignore[attr-defined]
    fresh.get(f"{address}&offset={REVIEWS * FINDINGS - 50}")
    after = fresh.get(address)
    assert (after.json(), after.headers["etag"]) == (before.json(), before.headers["etag"])
    page = long.get("/queries/review-findings", headers={"Accept": "text/html"}).text
    assert "Rows 1 to 100 of more than 100" in page


def test_reading_on_from_part_to_part_gives_the_whole(long: TestClient) -> None:
    address, rows = "/queries/review-findings.json?limit=700", []
    while address:
        document = long.get(address).json()
        rows += [row["statement"] + row["review"]["label"] for row in document["rows"]]
        address = document["next"]
    assert len(rows) == len(set(rows)) == REVIEWS * FINDINGS == document["total"]


@pytest.fixture(scope="module")
def evaluator() -> Iterator[Evaluator]:
    made = Evaluator(Limits(20, 1024), 1)
    yield made
    made.stop()


def test_what_is_asked_elsewhere_is_answered_the_same(teaching_library: Library, evaluator: Evaluator) -> None:
    release = teaching_library.release()
    for name, arguments in (("mappings", {}), ("catalogue", {}), ("trade-offs", {"minimum": "2"})):
        assert evaluator.ask_named(release.path / "store", name, arguments) == queries.ask(
            release.store, name, arguments
        )


def test_a_question_that_takes_too_long_is_ended(teaching_library: Library) -> None:
    hurried = Evaluator(Limits(0.001, 1024), 1)
    try:
        with pytest.raises(TooLongError, match="artefacts-by-pattern takes longer"):
            hurried.ask_named(teaching_library.release().path / "store", "artefacts-by-pattern", {})
    finally:
        hurried.stop()


def test_a_large_release_is_asked_elsewhere_once(teaching_library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    release, asked = teaching_library.release(), []

    def elsewhere(store: Path, name: str, arguments: Mapping[str, str]) -> Answer:
        asked.append((store, name, dict(arguments)))
        return queries.ask(release.store, name, arguments)

    monkeypatch.setattr(module, "_SMALL", 1)
    served = module.Served.open(release, elsewhere)
    for minimum in ("1", "1", "2"):
        assert served.ask("guidance-felt-at-front-line", {"minimum": minimum}) == queries.ask(
            release.store, "guidance-felt-at-front-line", {"minimum": minimum}
        )
    assert served.ask("types-reported") == queries.ask(release.store, "types-reported")
    served.answer("reviews")
    assert asked == [(release.path / "store", "guidance-felt-at-front-line", {"minimum": each}) for each in ("1", "2")]


def test_an_answer_passes_whole_from_one_process_to_another() -> None:
    row = (Resource("A", "urn:a"), None, True, 3, 0.5, "text", (Resource("B", "urn:b"), "c"), ())
    answer = Answer("name", {"given": "é"}, tuple("abcdefgh"), (row,), ("a",))
    assert Answer.unpack(answer.packed()) == answer


def test_a_limit_of_the_server_is_a_setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LTKG_QUERY_SECONDS", "7")
    monkeypatch.setenv("LTKG_STREAM_SECONDS", "8")
    assert (Settings().query_seconds, Settings().stream_seconds) == (7, 8)
