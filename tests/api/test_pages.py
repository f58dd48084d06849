"""The pages: safe, whole without a script, and plain about what their figures rest on."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

import pytest
from rdflib import RDF, Literal, URIRef
from starlette.testclient import TestClient

from api.main import create_app
from api.settings import Settings
from learntogether_kg import __version__, query_files
from learntogether_kg.custody import Record
from learntogether_kg.library import Library
from learntogether_kg.namespaces import CL, CODER, LT, TYP
from tests.api.conftest import MakeClient, record

PAGES = [
    "/",
    "/docs",
    "/queries",
    "/reviews",
    "/patterns",
    "/patterns/clear-roles",
    "/patterns/clear-roles/evidence",
    "/recurrence",
    "/recurrence?by=type&by=year&harm=neglect",
    "/recurrence?by=type&pairs=true",
    "/interactions",
    "/typology",
    "/typology/difference",
    "/typology/emerging",
    "/layers",
    "/layers/difference",
    "/ontology/typ:human-tool-operation",
    "/validate",
    "/nothing",
    *(f"/queries/{name}" for name in query_files.catalogue()),
]
WITH_FIGURES = [
    "/",
    "/recurrence",
    "/interactions",
    "/typology/emerging",
    "/layers",
    "/layers/difference",
    "/patterns/clear-roles/evidence",
    "/reviews",
    "/patterns",
    "/patterns/clear-roles",
    "/queries/recurring-patterns",
]
ADDRESSES = {"href", "src", "action", "formaction", "poster", "data", "srcset"}


class Page(HTMLParser):
    """The elements of a page, and whether they are nested as they must be."""

    VOID = frozenset({"meta", "link", "input", "br", "hr", "img"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def addresses(self) -> list[str]:
        return [value or "" for _, attrs in self.elements for name, value in attrs.items() if name in ADDRESSES]

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.elements if name == tag]


def page(client: TestClient, path: str) -> Page:
    return Page(client.get(path, headers={"Accept": "text/html"}).text)


def coded(token: str, kind: str) -> Record:
    """A made-up review whose finding one coder of a kind has coded."""
    made = record(token, f"Made up {token}", "Roles were unsure.")
    review, coder, scope, code = made.study, CODER[kind], URIRef(f"{made.study}/S1"), URIRef(f"{made.study}/K1")
    for triple in (
        (coder, RDF.type, LT.Coder),
        (coder, LT.coderCode, Literal(kind)),
        (coder, LT.coderKind, CL[kind]),
        (scope, RDF.type, LT.CodingScope),
        (scope, LT.inReview, review),
        (scope, LT.codedBy, coder),
        (code, RDF.type, LT.Classification),
        (code, LT.inReview, review),
        (code, LT.codedBy, coder),
        (code, LT.classifies, URIRef(f"{review}/F1")),
        (code, LT.pattern, TYP["clear-roles"]),
        (code, LT.primary, Literal(True)),
        (code, LT.influence, CL.unsafe),
    ):
        made.graph.add(triple)
    return made


@pytest.mark.parametrize("path", PAGES)
def test_no_page_reaches_beyond_this_server(client: TestClient, path: str) -> None:
    for address in page(client, path).addresses():
        assert re.match(r"/(?!/)|#", address), address


@pytest.mark.parametrize("path", PAGES)
def test_no_page_has_a_script_or_style_of_its_own(client: TestClient, path: str) -> None:
    shown = page(client, path)
    assert all(script.get("src") for script in shown.of("script"))
    assert shown.of("style") == []
    assert not [name for _, attrs in shown.elements for name in attrs if name.startswith("on") or name == "style"]
    assert bool(shown.of("script")) == (path == "/docs")


@pytest.mark.parametrize("path", [*PAGES, "/queries.json", "/reviews.csv", "/static/style.css", "/openapi.json"])
def test_every_response_tells_the_browser_to_load_nothing_else(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "http" not in policy
    assert ("script-src" in policy) == (path == "/docs")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_the_bundled_scripts_and_styles_are_served(client: TestClient) -> None:
    for path in ("/docs", "/"):
        for address in page(client, path).addresses():
            assert address.startswith("#") or client.get(address).status_code == 200, address


def test_no_style_sheet_of_ours_imports_anything(client: TestClient) -> None:
    text = client.get("/static/style.css").text
    assert not re.search(r"@import|url\(|@font-face|https?:", text)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_names_release_state_and_version(client: TestClient, sample_library: Library, path: str) -> None:
    made = sample_library.release().manifest
    footer = client.get(path, headers={"Accept": "text/html"}).text.partition("<footer>")[2]
    assert f"Release <strong>{made.release}</strong>" in footer
    assert f"state {made.state}" in footer
    assert f"version {__version__}" in footer
    assert "no figure is a prevalence" in footer


@pytest.mark.parametrize("path", PAGES)
def test_every_page_can_be_read_by_ear_and_by_keyboard(client: TestClient, path: str) -> None:
    shown = page(client, path)
    assert shown.of("html")[0]["lang"] == "en-GB"
    assert len(shown.of("h1")) == 1
    assert shown.of("a")[0] == {"class": "skip", "href": "#main"}
    assert all(heading.get("scope") in ("col", "row") for heading in shown.of("th"))
    assert len(shown.of("caption")) == len(shown.of("table"))
    fields = {field["id"] for tag in ("input", "select") for field in shown.of(tag)}
    assert fields == {label["for"] for label in shown.of("label")}
    ids = [attrs["id"] for _, attrs in shown.elements if "id" in attrs]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("path", WITH_FIGURES)
def test_figures_that_rest_on_machine_coding_say_so(client: TestClient, path: str) -> None:
    main = client.get(path).text.partition("<main")[2].partition("</main>")[0]
    assert "Coding here is by machine coders, checked by no person." in main
    assert "Reviews are chosen cases; no figure is a prevalence." in main


@pytest.mark.parametrize(
    ("kinds", "words"),
    [
        (["human"], None),
        (["machine"], "Coding here is by machine coders, checked by no person."),
        (["human", "machine"], "Some of the coding here is by machine coders, checked by no person."),
    ],
)
def test_the_notice_names_machine_coding_only_where_there_is_some(
    serve: MakeClient, kinds: list[str], words: str | None
) -> None:
    text = serve([coded(kind, kind) for kind in kinds]).get("/").text
    assert (words in text) if words else ("machine coders" not in text)


def test_the_rule_of_counting_is_on_the_page(client: TestClient) -> None:
    rows = client.get("/queries/recurring-patterns.json").json()["rows"]
    assert f"{rows[0]['rule']}." in client.get("/queries/recurring-patterns").text
    assert f"{rows[0]['rule']}." in client.get("/").text


def test_reviews_and_patterns_link_to_their_pages(client: TestClient) -> None:
    row = client.get("/queries/recurring-patterns.json").json()["rows"][0]
    addresses = page(client, "/queries/recurring-patterns").addresses()
    assert f"/patterns/{row['pattern']['iri'].rpartition('#')[2]}" in addresses
    for review in row["inReviews"]:
        assert f"/reviews/{review['iri'].rpartition('/')[2]}" in addresses


def test_a_form_shows_what_the_address_asks(client: TestClient) -> None:
    address = "/queries/agencies-by-pattern?pattern=Clear+roles&influence=&codes=any"
    chosen = [each["value"] for each in page(client, address).of("option") if "selected" in each]
    assert chosen == ["", "clear-roles", "", "any"]


def test_a_form_starts_with_the_defaults_of_the_query(client: TestClient) -> None:
    chosen = [each["value"] for each in page(client, "/queries/agencies-by-pattern").of("option") if "selected" in each]
    assert chosen == ["", "", "unsafe", "primary"]
    minimum = page(client, "/queries/recurring-patterns").of("input")[0]
    assert (minimum["type"], minimum["value"], "required" in minimum) == ("number", "2", True)


def test_every_value_that_a_form_offers_is_answered(client: TestClient) -> None:
    offered: dict[tuple[str, str], str] = {}
    for name in query_files.catalogue():
        field = ""
        for tag, attrs in page(client, f"/queries/{name}").elements:
            if tag == "select":
                field = attrs["name"] or ""
            elif tag == "option":
                offered.setdefault((field, attrs["value"] or ""), name)  # one query a value is enough
    assert offered
    for (field, value), name in offered.items():
        assert client.get(f"/queries/{name}.json", params={field: value}).status_code == 200, (name, field, value)


def test_patterns_of_one_name_can_be_told_apart_in_a_form(client: TestClient) -> None:
    text = client.get("/queries/pattern-reviews").text
    assert "Nature of the task (nature-of-the-task-incidents)" in text
    assert "Nature of the task (nature-of-the-task-longer-term)" in text


def test_the_links_to_data_ask_what_the_page_asks(client: TestClient) -> None:
    addresses = page(client, "/queries/recurring-patterns?minimum=3&codes=any").addresses()
    assert "/queries/recurring-patterns.json?minimum=3&codes=any" in addresses
    assert "/queries/recurring-patterns.csv?minimum=3&codes=any" in addresses


def test_the_query_itself_and_its_command_are_shown(client: TestClient) -> None:
    text = client.get("/queries/recurring-patterns?minimum=3").text
    assert "<code>ltkg ask recurring-patterns --param minimum=3</code>" in text
    assert "VALUES ?minimum { 2 }" in html.unescape(re.sub(r"<[^>]+>", "", text))


def test_text_from_a_review_is_never_markup(serve: MakeClient) -> None:
    evil = '<img src=x onerror=alert(1)> " onmouseover="x'
    client = serve([record("a", evil, evil)])
    for path in ("/reviews", "/reviews/a", "/queries/review-findings"):
        shown = page(client, path)
        assert shown.of("img") == []
        assert not [name for _, attrs in shown.elements for name in attrs if name.startswith("on")]


def test_an_empty_library_says_so_in_words(serve: MakeClient) -> None:
    client = serve([])
    assert "No pattern recurs in this release yet" in client.get("/").text
    assert "This release holds no review yet" in client.get("/reviews").text
    assert "Nothing was found" in client.get("/queries/recurring-patterns").text
    assert "No coder has found this pattern" in client.get("/patterns/clear-roles").text


def test_a_review_without_findings_and_a_made_up_one_say_so(serve: MakeClient) -> None:
    text = serve([record("a", "Made up")]).get("/reviews/a").text
    assert "No finding of this review was read" in text
    assert "no person, place or case in it is real" in text


def test_every_query_is_on_the_list(client: TestClient) -> None:
    text = client.get("/queries").text
    assert all(f'href="/queries/{name}"' in text for name in query_files.catalogue())


def test_figures_over_invented_reviews_say_so(client: TestClient, teaching_library: Library) -> None:
    words = "The reviews here are synthetic: invented, for teaching or testing."
    teaching = TestClient(create_app(Settings(library=teaching_library.path)))
    for path in ("/", "/patterns", "/queries/recurring-patterns", "/reviews"):
        assert words in teaching.get(path).text
        assert "synthetic" not in client.get(path).text.partition("<main")[2].partition("How the figures")[0]
