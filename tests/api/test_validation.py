"""An upload is checked and forgotten; whatever is uploaded, the answer is a report or a problem, never a fault."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import multiprocessing
import os
import re
import tempfile
import threading
from collections.abc import Callable, Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from fastapi import Request
from rdflib import RDF, SH, Graph
from starlette.exceptions import HTTPException
from starlette.testclient import TestClient

from api import processes, uploads
from api.checking import Checker, Job
from api.main import create_app
from api.settings import Settings
from api.uploads import Receiver
from api.validation import UNKEPT
from api.worker import Limits
from learntogether_kg.ingest.layout import sheets
from learntogether_kg.ingest.marking import SUMMARY
from learntogether_kg.ingest.template import DEPTHS
from learntogether_kg.library import Library
from learntogether_kg.reports import MEDIA_TYPES, ReportFormat
from learntogether_kg.second_coding import write_blind
from learntogether_kg.validation.report import Stage
from learntogether_kg.validation.triples import read_report
from tests.bad_files import BAD, TURTLE, workbook
from tests.codebooks import fill
from tests.planting import write_clean
from tests.test_cli import ltkg
from tests.workbooks import write

HERE = "http://127.0.0.1:8000"
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
SECRET = "Robin Fictional"


@pytest.fixture(scope="module")
def client(sample_library: Library) -> Iterator[TestClient]:
    """A server asked from its own machine, its processes running as long as it does."""
    app = create_app(Settings(library=sample_library.path, checks_at_once=1, check_seconds=60))
    with TestClient(app, base_url=HERE, client=("127.0.0.1", 5000)) as running:
        yield running


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> Path:
    changes = {"Findings/F1/influence": "Unsaef", "Review/label": ""}
    return write_clean(tmp_path_factory.mktemp("upload") / "wrong.xlsx", changes)


def post(client: TestClient, path: Path, accept: str = "application/json", **fields: str) -> Any:
    files = {"file": (path.name, path.read_bytes())}
    return client.post("/validate", files=files, data=fields, headers={"Accept": accept})


# What is answered


def test_an_upload_is_told_what_the_command_line_tells(client: TestClient, wrong: Path) -> None:
    told = post(client, wrong).json()
    (printed,) = json.loads(ltkg("validate", wrong, "--format", "json").stdout)
    assert told == printed | {"file": wrong.name}
    assert told["results"]


def test_a_coders_workbook_is_checked_and_marked_too(client: TestClient, tmp_path: Path) -> None:
    write_blind(write(tmp_path / "review.xlsx"), "C", tmp_path / "blind.xlsx")
    path = fill(tmp_path / "blind.xlsx", {"F1": {"primary": "T9", "influence": "Unsafe"}})
    (result,) = post(client, path).json()["results"]
    assert (result["cell"], result["rule"]) == ("Items!E3", "ClassificationShape-pattern")
    marked = post(client, path, MEDIA_TYPES[ReportFormat.XLSX].partition(";")[0])
    assert openpyxl.load_workbook(io.BytesIO(marked.content))["Items"]["E3"].comment


@pytest.mark.parametrize("by", ["Accept", "field"])
@pytest.mark.parametrize("form", list(ReportFormat))
def test_every_form_is_given_for_accept_and_for_a_field(
    client: TestClient, wrong: Path, form: ReportFormat, by: str
) -> None:
    if by == "Accept" and form is ReportFormat.HTML:
        return  # text/html is the page with the form
    media_type = MEDIA_TYPES[form]
    if by == "field":
        response = post(client, wrong, "text/html", format=form.value)
    else:
        response = post(client, wrong, media_type.partition(";")[0])
    assert response.status_code == 200
    assert response.headers["content-type"] == media_type
    attached = response.headers.get("content-disposition", "")
    assert attached.startswith("attachment; filename*=UTF-8''wrong-checked.") == (form.value not in ("json", "text"))
    match form:
        case ReportFormat.XLSX:
            assert SUMMARY in openpyxl.load_workbook(io.BytesIO(response.content)).sheetnames
        case ReportFormat.TURTLE:
            assert read_report(Graph().parse(data=response.text, format="turtle")).file == "wrong.xlsx"
        case ReportFormat.CSV:
            assert {row["cell"] for row in csv.DictReader(io.StringIO(response.text))} == {"Findings!D3", "Review!B3"}
        case _:
            assert "FindingShape-influence" in response.text


def test_the_page_shows_the_report_and_holds_it_as_files(client: TestClient, wrong: Path) -> None:
    response = post(client, wrong, BROWSER["Accept"], stage="draft", format="page")
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    for words in ("wrong.xlsx does not conform", "Sheet Findings", "D3", "Violation", "checked as a draft"):
        assert words in response.text
    downloads = dict(re.findall(r'href="data:([^;]+)[^"]*" download="([^"]+)"', response.text))
    assert set(downloads.values()) == {f"wrong-checked.{ending}" for ending in ("xlsx", "html", "csv", "ttl")}


def test_a_conforming_upload_is_told_so(client: TestClient, tmp_path: Path) -> None:
    response = post(client, write(tmp_path / "good.xlsx"), BROWSER["Accept"])
    assert "good.xlsx conforms" in response.text
    assert post(client, write(tmp_path / "good.xlsx")).json()["conforms"] is True


def test_the_stage_is_what_the_form_says(client: TestClient, wrong: Path) -> None:
    assert post(client, wrong).json()["stage"] == "publication"
    assert post(client, wrong, stage="draft").json()["stage"] == "draft"


def test_triples_are_checked_too_but_have_no_cells_to_mark(client: TestClient, tmp_path: Path) -> None:
    (tmp_path / "x.ttl").write_text(TURTLE)
    assert post(client, tmp_path / "x.ttl").json()["conforms"] is False
    refused = post(client, tmp_path / "x.ttl", format="xlsx")
    assert (refused.status_code, refused.headers["content-type"]) == (400, "application/problem+json")


# What is refused


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_a_problem_and_the_next_upload_is_checked(client: TestClient, tmp_path: Path, name: str) -> None:
    what, make, words = BAD[name]
    make(tmp_path / name)
    response = post(client, tmp_path / name)
    assert response.status_code in (400, 413, 422), (what, response.text)
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert len(problem["detail"].splitlines()) == 1
    assert re.search(words, problem["detail"]), problem
    assert str(tmp_path) not in response.text


def test_a_refusal_is_a_page_for_a_browser_with_the_form_again(client: TestClient, tmp_path: Path) -> None:
    (tmp_path / "picture.xlsx").write_bytes(b"\x89PNG\r\n\x1a\n")
    response = post(client, tmp_path / "picture.xlsx", BROWSER["Accept"])
    assert response.status_code == 400
    assert 'role="alert"' in response.text
    assert "picture.xlsx: it is not an Excel workbook (.xlsx): it is a picture" in response.text
    assert '<form class="upload"' in response.text


@pytest.mark.parametrize(
    ("sent", "status", "words"),
    [
        ({"content": b"", "headers": {"Content-Type": "application/json"}}, 415, "multipart/form-data"),
        ({"content": b"x", "headers": {"Content-Type": "multipart/form-data"}}, 422, "boundary"),
        ({"content": b"x", "headers": {"Content-Type": "multipart/form-data; boundary=b"}}, 422, "cannot be read"),
        ({"files": {"other": ("x.xlsx", b"x")}}, 422, "No file was chosen"),
        ({"files": {"file": ("", b"")}}, 422, "No file was chosen"),
        ({"files": [("file", ("a.xlsx", b"x")), ("file", ("b.xlsx", b"x"))]}, 422, "Too many files"),
        ({"data": {"file": "text"}, "files": {"other": ("x", b"x")}}, 422, "No file was chosen"),
        ({"files": {"file": ("x.pdf", b"x")}}, 400, "give one of .xlsx"),
        ({"files": {"file": ("x.xlsx", b"x")}, "data": {"stage": "someday"}}, 422, "not one of draft, publication"),
        ({"files": {"file": ("x.xlsx", b"x")}, "data": {"format": "pdf"}}, 422, "not one of page, text"),
        ({"files": {"file": ("x.xlsx", b"x")}, "data": {"stage": "x" * 5000}}, 422, "cannot be read"),
    ],
)
def test_what_is_no_form_with_one_file_is_told(
    client: TestClient, sent: dict[str, Any], status: int, words: str
) -> None:
    response = client.post("/validate", **sent)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert words in response.json()["detail"]


def test_too_large_an_upload_is_read_to_its_end_and_kept_nowhere(client: TestClient) -> None:
    response = client.post("/validate", files={"file": ("x.xlsx", bytes(uploads.MAX_BYTES + 200_000))})
    assert response.status_code == 413
    assert "20 MB" in response.json()["detail"]


def test_a_declared_length_beyond_all_measure_is_refused_unread(client: TestClient) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=b", "Content-Length": str(10**12)}
    assert client.post("/validate", content=b"", headers=headers).status_code == 413


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_only_get_head_and_post_are_answered(client: TestClient, method: str) -> None:
    response = client.request(method, "/validate")
    assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD, POST")


@pytest.mark.parametrize("name", ["../../etc/passwd.xlsx", "C:\\cases\\Smith\\x.xlsx", "<script>.xlsx", "\u202ex.xlsx"])
def test_a_name_is_shown_without_folders_and_escaped(client: TestClient, name: str) -> None:
    response = client.post("/validate", files={"file": (name, b"x")}, headers=BROWSER)
    assert response.status_code == 400
    for hidden in ("/etc/", "Smith", "<script>", "\u202e"):
        assert hidden not in response.text


# Nothing is kept


def test_nothing_goes_to_disk(client: TestClient, wrong: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's own spool must not roll over; the process that checks may not write a byte to any file at all."""
    spooled = []
    original = tempfile.SpooledTemporaryFile.rollover
    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "rollover", lambda self: spooled.append(original(self)))
    large = tmp_path / "large.ttl"
    large.write_text(TURTLE + "#" * 3_000_000)
    assert post(client, large).status_code == 200
    assert post(client, wrong, MEDIA_TYPES[ReportFormat.XLSX]).status_code == 200
    assert spooled == []


def test_no_answer_may_be_cached(client: TestClient, wrong: Path) -> None:
    pages = (client.get("/validate"), client.get("/template.xlsx"))
    for response in (*pages, post(client, wrong), client.post("/validate")):
        assert response.headers["cache-control"] == UNKEPT["Cache-Control"] == "no-store"


def test_what_an_upload_says_is_in_no_log(
    client: TestClient, tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    path = write(tmp_path / "x.xlsx", {("Findings", 0, "influence"): SECRET, ("People", 0, "id"): f"<{SECRET}>"})
    assert SECRET in post(client, path).text
    out, err = capfd.readouterr()
    assert SECRET not in out + err + caplog.text


# The processes behind it

AtWork = Callable[[], list[BaseProcess]]


def job(data: bytes = TURTLE.encode(), name: str = "x.ttl") -> Job:
    return Job(name, data, Stage.DRAFT, (ReportFormat.JSON,))


@pytest.fixture
def at_work() -> AtWork:
    """Returns a function that tells which processes were started since."""
    before = {process.pid for process in multiprocessing.active_children()}
    return lambda: [process for process in multiprocessing.active_children() if process.pid not in before]


@pytest.fixture
def checker() -> Iterator[Checker]:
    made = Checker(Limits(seconds=30, megabytes=1024), 1)
    yield made
    made.stop()


@pytest.mark.parametrize(
    ("limits", "given", "words"),
    [
        (Limits(seconds=0.02, megabytes=1024), workbook(), "took too long"),
        (Limits(seconds=30, megabytes=1), workbook({"xl/a.bin": os.urandom(19_000_000)}), "more memory"),
    ],
    ids=["time", "memory"],
)
def test_a_check_beyond_its_limits_is_ended_and_the_process_goes_on(
    limits: Limits, given: bytes, words: str, at_work: AtWork
) -> None:
    checker = Checker(limits, 1)
    try:
        with pytest.raises(HTTPException) as refused:
            checker.check(job(given, "x.xlsx"))
        assert refused.value.status_code == 422
        assert words in refused.value.detail
        assert [process.is_alive() for process in at_work()] == [True]
    finally:
        checker.stop()


def test_a_lost_process_is_started_anew(at_work: AtWork, checker: Checker) -> None:
    assert checker.check(job())["verdict"]
    (first,) = at_work()
    first.kill()
    first.join()
    assert checker.check(job())["verdict"]
    assert [process.pid for process in at_work()] not in ([], [first.pid])


def test_each_check_is_done_in_a_process_that_ends_with_it(at_work: AtWork, checker: Checker) -> None:
    checker.check(job())
    (process,) = at_work()
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if children.exists():
        assert children.read_text().strip() == ""


def test_one_check_too_many_is_told_when_to_try_again(checker: Checker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_PATIENCE_SECONDS", 0.01)
    worker = checker._processes._free.get()
    with pytest.raises(HTTPException) as refused:
        checker.check(job())
    assert (refused.value.status_code, refused.value.headers) == (503, {"Retry-After": str(processes.RETRY_AFTER)})
    checker._processes._free.put(worker)
    assert checker.check(job())["verdict"]


def test_checks_at_the_same_time_do_not_mix(client: TestClient, wrong: Path, tmp_path: Path) -> None:
    good = write(tmp_path / "good.xlsx")
    found: dict[int, bool] = {}

    def ask(number: int) -> None:
        found[number] = post(client, good if number % 2 else wrong).json()["conforms"]

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: bool(number % 2) for number in range(4)}


def test_one_upload_too_many_at_once_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    receiver = Receiver(open_to_all=True)
    monkeypatch.setattr(uploads, "_AT_ONCE", 0)
    with pytest.raises(HTTPException) as refused:
        asyncio.run(receiver.receive(request({"content-type": "multipart/form-data; boundary=b"})))
    assert refused.value.status_code == 503


# Who may upload


def request(headers: dict[str, str], client: str = "127.0.0.1", host: str = "127.0.0.1:8000") -> Request:
    raw = [(b"host", host.encode()), *((name.encode(), value.encode()) for name, value in headers.items())]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/validate",
        "query_string": b"",
        "scheme": "http",
        "server": ("127.0.0.1", 8000),
        "client": (client, 5000),
        "headers": raw,
    }
    return Request(scope)


@pytest.mark.parametrize(
    ("asked", "admitted"),
    [
        (request({}), True),
        (request({}, client="::1", host="[::1]:8000"), True),
        (request({}, host="localhost:8000"), True),
        (request({}, client="192.0.2.7"), False),
        (request({}, host="library.example.org"), False),
        (request({"x-forwarded-for": "192.0.2.7"}), False),
        (request({"forwarded": "for=192.0.2.7"}), False),
    ],
)
def test_only_this_machine_may_upload_unless_the_operator_lets_others(asked: Request, admitted: bool) -> None:
    assert Receiver(open_to_all=False).admits(asked) is admitted
    assert Receiver(open_to_all=True).admits(asked)


def test_others_are_told_how_to_check_at_home(sample_library: Library) -> None:
    elsewhere = TestClient(create_app(Settings(library=sample_library.path)), client=("192.0.2.7", 5000))
    page = elsewhere.get("/validate").text
    assert "ltkg validate" in page
    assert '<form class="upload"' not in page
    response = elsewhere.post("/validate", files={"file": ("x.xlsx", b"x")})
    assert response.status_code == 403
    assert "ltkg validate" in response.json()["detail"]


def test_where_others_may_upload_the_page_says_that_the_file_leaves_their_machine(sample_library: Library) -> None:
    app = create_app(Settings(library=sample_library.path, uploads=True))
    page = TestClient(app, client=("192.0.2.7", 5000)).get("/validate").text
    assert "The file leaves your machine" in page
    assert '<form class="upload"' in page


def test_another_sites_page_cannot_send_a_form(client: TestClient, wrong: Path) -> None:
    files = {"file": ("x.xlsx", wrong.read_bytes())}
    assert client.post("/validate", files=files, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert client.post("/validate", files=files, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200


# The page and the workbook


def test_the_form_is_labelled_and_leads_nowhere_else(client: TestClient) -> None:
    page = client.get("/validate").text
    fields = set(re.findall(r'<(?:input|select)[^>]* id="([^"]+)"', page))
    assert fields == set(re.findall(r'<label for="([^"]+)"', page))
    assert set(re.findall(r'action="([^"]+)"', page)) == {"/validate", "/template.xlsx"}
    assert 'aria-current="true">Check a review' in page


@pytest.mark.parametrize("depth", ["findings", "evidence", "full"])
def test_a_workbook_has_the_depth_asked_for_and_an_id_of_its_own(client: TestClient, depth: str) -> None:
    first, second = (client.get("/template.xlsx", params={"depth": depth}) for _ in range(2))
    assert first.headers["content-type"] == MEDIA_TYPES[ReportFormat.XLSX]
    books = [openpyxl.load_workbook(io.BytesIO(response.content)) for response in (first, second)]
    shown = {sheet.name for sheet in sheets() if DEPTHS.index(sheet.depth) <= DEPTHS.index(depth)}
    assert {page.title for page in books[0] if page.sheet_state == "visible"} == shown | {"Guide"}
    assert books[0]["Review"]["B2"].value != books[1]["Review"]["B2"].value


def test_a_depth_that_is_not_known_is_told(client: TestClient) -> None:
    response = client.get("/template.xlsx?depth=deepest")
    assert (response.status_code, response.headers["content-type"]) == (422, "application/problem+json")


def test_the_api_describes_upload_and_workbook(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    post_ = paths["/validate"]["post"]
    fields = post_["requestBody"]["content"]["multipart/form-data"]["schema"]["properties"]
    assert set(fields) == {"file", "stage", "format"}
    answers = post_["responses"]["200"]["content"]
    assert answers["application/json"]["example"]["results"]
    assert set(answers) >= {"text/html", "text/csv", "text/turtle", MEDIA_TYPES[ReportFormat.XLSX]}
    assert {"400", "403", "413", "415", "422", "503"} <= set(post_["responses"])
    assert "get" in paths["/template.xlsx"]


def test_the_report_says_conforms_as_shacl_does(client: TestClient, wrong: Path) -> None:
    graph = Graph().parse(data=post(client, wrong, "text/turtle").text, format="turtle")
    assert len(set(graph.subjects(RDF.type, SH.ValidationReport))) == 1
